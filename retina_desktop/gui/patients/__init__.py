"""The patients page."""
