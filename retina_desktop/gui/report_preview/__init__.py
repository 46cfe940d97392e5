"""The report on the screen, on paper and as a file."""
