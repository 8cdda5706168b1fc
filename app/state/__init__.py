"""What the widgets watch: the editor, its jobs, its files, its settings. QtCore only."""
