"""Whole tasks over files: plain functions over a runner (a session, or the engine process)."""
