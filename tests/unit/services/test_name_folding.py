"""Names across cases, accents and scripts."""

# ruff: noqa: RUF001 - letters of other scripts are what this is about

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.services.name_folding import (
    folded_name,
    folded_number,
    name_words,
    number_words,
    query_words,
    sound_of,
)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("IVANOV", "Иванов Пётр"),
        ("petr", "Иванов Пётр"),
        ("Иванов", "Ivanov"),
        ("इवानोव", "Ivanov"),
        ("jurgen", "Jürgen Groß"),
        ("GROSS", "Jürgen Groß"),
        ("obrien", "Seán O'Brien"),
        ("o’brien", "Sean OBrien"),
        ("al-hassan", "Al Hassan"),
        ("明", "王小明"),
        ("小明", "王小明"),
        ("xiaoming", "王小明"),
        ("min", "김민수"),
        ("أحمد", "احمد"),
        ("مُحَمَّد", "محمد"),
        ("Ωνάσης", "Ωνασησ"),
    ],
)
def test_every_typed_word_is_among_the_kept(typed, kept):
    words = name_words(kept)
    for word in query_words(typed):
        assert words & set(word.forms), (word.forms, words)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Muhammad", "محمد"), ("Mohammed", "محمد"), ("Sharma", "शर्मा"), ("Fatima", "فاطمة")],
)
def test_scripts_without_vowels_meet_in_the_sound(one, other):
    assert sound_of(one) == sound_of(other) != ""


def test_a_record_number_is_kept_from_each_of_its_parts_on():
    assert {"mrn20240012", "20240012", "0012", "12"} <= number_words("MRN-2024-0012")
    assert folded_number("MRN 2024-0012") == folded_number("mrn-2024-12")
    assert folded_number("P-10") != folded_number("P-1")
    (word,) = query_words("2024-0012")
    assert word.forms == ("20240012",)
    assert not word.forgiving


def test_vowel_signs_are_letters_and_accents_are_not():
    assert name_words("आशा") & name_words("अश") == frozenset()
    assert folded_name("Ásha  Rao") == "asha rao"


@given(st.text(max_size=60))
def test_whatever_is_typed_gives_words_that_can_be_kept(text):
    for word in (*name_words(text), *number_words(text)):
        assert word
        assert not any(c.isspace() for c in word)
        assert not word.startswith("#")
    for asked in query_words(text):
        assert all(asked.forms)


@given(st.text(alphabet=st.characters(categories=["L", "M", "N", "Zs"]), max_size=40))
def test_case_and_unicode_form_do_not_matter(text):
    words = name_words(text)
    assert name_words(unicodedata.normalize("NFD", text)) == words
    assert name_words(unicodedata.normalize("NFC", text)) == words
