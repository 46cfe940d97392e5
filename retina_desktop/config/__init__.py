"""Where the program's files are, and what the user has set."""
