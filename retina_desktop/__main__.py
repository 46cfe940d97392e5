"""``python -m retina_desktop``."""
