"""Pure functions on arrays: from the bytes of a photograph to what a model or a reader sees."""
