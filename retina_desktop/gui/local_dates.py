"""Days as the window writes them: the month in letters, so that no country misreads them."""

from datetime import date

from PySide6.QtCore import QDate, QLocale


def day_in_words(day: date) -> str:
    """Return ``4 Mar 1961`` in the user's language."""
    return QLocale().toString(QDate(day.year, day.month, day.day), "d MMM yyyy")
