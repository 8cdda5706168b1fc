"""What the person edits: values, verbs over them, undo, and the project file. No Qt, no torch."""
