"""Revisions; each file is one step that was released and is never edited again."""
