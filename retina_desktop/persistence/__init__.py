"""The records on disk: SQLite (encrypted by SQLCipher) or PostgreSQL, and the image store."""
