from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.reporting.typesetting.line_breaking import words_of


def parts(text):
    return [text[start:end] for start, end in words_of(text)]


def test_lines_end_after_blanks():
    assert parts("Refer  soon") == ["Refer  ", "soon"]


def test_a_fraction_is_not_torn():
    assert parts("VA 6/12") == ["VA ", "6/12"]


def test_a_long_address_may_be_broken_at_its_marks():
    assert parts("reports@aravali-eye.example") == ["reports@", "aravali-", "eye.", "example"]


def test_chinese_breaks_between_characters_but_not_before_a_full_stop():
    assert parts("眼科。好") == ["眼", "科。", "好"]


@given(st.text(max_size=60))
def test_the_parts_are_the_text(text):
    assert "".join(parts(text)) == text
