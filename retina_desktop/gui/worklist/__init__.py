"""The worklist page."""
