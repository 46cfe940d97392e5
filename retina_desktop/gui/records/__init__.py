"""The records' shell in the window: set-up, login, lock, settings."""
