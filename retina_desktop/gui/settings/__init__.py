"""The settings: the clinic, users, one's own account, backups, the records' soundness."""
