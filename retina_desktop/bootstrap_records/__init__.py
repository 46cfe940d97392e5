"""The records' composition root: set-up, opening, and the use cases over them."""
