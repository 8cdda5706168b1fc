"""The editor and the command line."""
