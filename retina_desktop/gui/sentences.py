"""Errors in the window's own words: the backend's tell what to type on the command line."""

import re

from PySide6.QtCore import QCoreApplication

from retina_desktop.domain.errors import RetinaError

# What only somebody at a command line can do anything with.
_COMMANDS = re.compile(r"retina-desktop\s|(?<![\w-])--[a-z]|RETINA_USER\b")
_IN_BRACKETS = re.compile(r"\s*\([^()]*\)")
_CLAUSE = re.compile(r"[;:,]")

# By how the backend's sentence begins, wherever the window has a place for what is to be done.
_OWN_WORDS = {
    "There are no records in this data folder yet": (
        "There are no records in this data folder yet; set them up here."
    ),
    "The records' set-up was not finished": (
        "The records' set-up was not finished; set them up here again, as the same user and "
        "with the same password."
    ),
    "These records open without a password": (
        "These records open without a password; give yourself one first: Settings, My account."
    ),
    "Several people use these records": (
        "Several people use these records; type your name as well."
    ),
    "Name the administrator who gets the new password": (
        "There are several administrators; type the name of the one who gets the new password."
    ),
    "No folder for backups is set": (
        "No folder for backups is set; choose one: Settings, Backup."
    ),
    "The records' database is damaged and was not copied": (
        "The records' database is damaged and was not copied; the earlier backups are as they "
        "were: check the records in Settings, Records, and have the last good one restored."
    ),
    "The earlier backups are not in this folder": (
        "The earlier backups are not in this folder; connect the drive they are on, or choose "
        "another folder: Settings, Backup."
    ),
    "The photograph's DICOM header names another patient": (
        "The photograph's own header names another patient; it was not added. Choose that "
        "patient instead, or look at the two records."
    ),
    "Nothing says when this photograph was taken": (
        "Nothing says when this photograph was taken; enter the day of undated photographs."
    ),
    "The visit date in the table cannot be read": (
        "The visit's day in the table cannot be read without doubt; enter how the table writes "
        "days."
    ),
    "The birth date in the table cannot be read": (
        "The birth date in the table cannot be read without doubt; enter how the table writes "
        "days."
    ),
}
_INTERNAL = "Internal error: this was not done. See the program's log."
_NOTHING_LEFT = "This cannot be done here; ask who looks after the program."


def sentence_of(error: Exception) -> str:
    """Return what the user reads about `error`; never a command to be typed elsewhere."""
    if isinstance(error, RetinaError):
        return in_own_words(str(error))
    return QCoreApplication.translate("sentences", _INTERNAL)


def in_own_words(sentence: str) -> str:
    """Return a sentence of the backend without the commands that it may name."""
    if not _COMMANDS.search(sentence):
        return sentence
    for begins, words in _OWN_WORDS.items():
        if sentence.startswith(begins):
            return QCoreApplication.translate("sentences", words)
    return _without_commands(sentence)


def _without_commands(sentence: str) -> str:
    """Cut a sentence before the clause that names a command."""
    shorter = _IN_BRACKETS.sub(
        lambda found: "" if _COMMANDS.search(found[0]) else found[0], sentence
    )
    command = _COMMANDS.search(shorter)
    if command is None:
        return shorter
    ends = [found.start() for found in _CLAUSE.finditer(shorter, 0, command.start())]
    if not ends:
        return QCoreApplication.translate("sentences", _NOTHING_LEFT)
    return shorter[: ends[-1]].rstrip() + "."
