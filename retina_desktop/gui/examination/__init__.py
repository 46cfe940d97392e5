"""The examination page."""
