from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.reporting.typesetting.bidi import (
    embedding_levels,
    first_strong_is_right_to_left,
    has_right_to_left,
    visual_order,
)

MIXED = st.text(st.sampled_from("ab 1-,.()[]\u0301אבגدعم٣\u2068\u2069"), max_size=30)


def shown(text, *, right_to_left=False):
    levels = embedding_levels(text, right_to_left=right_to_left)
    return "".join(text[index] for index in visual_order(levels))


def test_latin_text_stays_as_it_is():
    assert embedding_levels("Asha Rao, 64", right_to_left=False) == [0] * 12


def test_hebrew_in_an_english_sentence_is_turned_and_nothing_else():
    assert shown("car אבג 12") == "car 12 גבא"  # the number follows the Hebrew it stands by


def test_an_isolated_value_leaves_the_number_after_it_in_place():
    assert shown("car \u2068אבג\u2069 12") == "car \u2068גבא\u2069 12"


def test_numbers_keep_their_order_within_arabic():
    assert shown("دع 123", right_to_left=True) == "123 عد"


def test_arabic_numerals_rules_w2_to_w5():
    # BidiCharacterTest.txt: 0627 0020 0031 002B 0032, right to left
    assert embedding_levels("\u0627 1+2", right_to_left=True) == [1, 1, 2, 1, 2]


def test_brackets_around_the_embedding_direction_take_it():
    # Rule N0: in a right-to-left paragraph brackets that hold Hebrew run right to left.
    assert embedding_levels("a (ב) c", right_to_left=True) == [2, 1, 1, 1, 1, 1, 2]


def test_marks_go_with_their_letter():
    assert embedding_levels("א\u05b0", right_to_left=False) == [1, 1]


def test_the_first_letter_outside_isolates_decides():
    assert first_strong_is_right_to_left("12 \u2068א\u2069 b") is False
    assert first_strong_is_right_to_left("(א) b") is True
    assert first_strong_is_right_to_left("12 \u2068א\u2069") is None


@given(MIXED, st.booleans())
def test_every_character_is_shown_once_and_levels_are_sane(text, right_to_left):
    levels = embedding_levels(text, right_to_left=right_to_left)
    assert sorted(visual_order(levels)) == list(range(len(text)))
    assert all(int(right_to_left) <= level <= 125 for level in levels)


@given(MIXED)
def test_text_without_right_to_left_letters_needs_no_turning(text):
    if not has_right_to_left(text):
        levels = embedding_levels(text, right_to_left=False)
        assert visual_order(levels) == list(range(len(text)))
