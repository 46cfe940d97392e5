"""The Training page: a model of one's own, trained by a process beside the window."""
