"""What the widgets watch: the editor, its jobs, its files, its settings. QtCore only."""

from app.state.singletons import protect_singletons

protect_singletons()
