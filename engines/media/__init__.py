"""Picture files: what they hold, read and written without loss. No other package touches an image library."""
