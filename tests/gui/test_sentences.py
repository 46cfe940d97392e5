"""No sentence in the window names a command of the command line."""

import ast
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retina_desktop
from retina_desktop.domain.record_errors import InvalidEntryError, RecordsUnavailableError
from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.sentences import in_own_words, sentence_of

PACKAGES = ("domain", "services", "persistence", "bootstrap_records", "imaging", "ml")
COMMAND = re.compile(r"retina-desktop|(?<!\S)\(?--[a-z]|RETINA_USER")
SENTENCE = re.compile(r"[A-Z{].{20,}\.", re.DOTALL)


def sentences_naming_commands():
    """Return every text of the backend that reads as a sentence and names a command."""
    found = set()
    for package in PACKAGES:
        for path in sorted((Path(retina_desktop.__file__).parent / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                text = _text_of(node)
                if SENTENCE.fullmatch(text) and COMMAND.search(text):
                    found.add(text)
    return sorted(found)


def _text_of(node):
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(v.value if isinstance(v, ast.Constant) else "x" for v in node.values)
    return ""


SENTENCES = sentences_naming_commands()


def test_there_are_such_sentences():
    assert len(SENTENCES) >= 8


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_sentence_of_the_backend_is_told_without_commands(sentence):
    shown = in_own_words(sentence)
    assert not COMMAND.search(shown), shown
    assert shown.endswith(".")
    assert len(shown) > 20
    assert ".." not in shown
    assert shown.count("(") == shown.count(")")


@pytest.mark.parametrize("state", list(RecordsState))
def test_states_of_the_records_are_told_for_the_window(state):
    shown = in_own_words(state.sentence)
    assert not COMMAND.search(shown)
    assert bool(shown) is bool(state.sentence)


def test_a_place_in_the_window_is_named():
    unfinished = sentence_of(RecordsUnavailableError(RecordsState.SET_UP_UNFINISHED.sentence))
    assert "set them up here again" in unfinished
    alone = next(s for s in SENTENCES if s.startswith("These records open without a password"))
    assert "Settings, My account" in sentence_of(InvalidEntryError("password", alone))


def test_what_names_no_command_stays_as_it_is():
    plain = "The password needs at least 8 characters - longer is better; use words."
    assert in_own_words(plain) == plain
    assert sentence_of(ZeroDivisionError("internals")).startswith("Internal error")


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_stands_around_it_no_command_is_left(before, after):
    shown = in_own_words(f"{before} retina-desktop verify --all{after}")
    assert "retina-desktop verify" not in shown
    assert "--all" not in shown
