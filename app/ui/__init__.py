"""The window. Binds to ``app.state`` and holds nothing that the document should hold."""
