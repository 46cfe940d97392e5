"""The screen on which photographs are opened, analysed and read."""
