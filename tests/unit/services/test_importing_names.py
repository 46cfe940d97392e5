from datetime import date
from pathlib import PurePosixPath as Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.transfer_errors import PatternError
from retina_desktop.services.importing_dates import DateFormat
from retina_desktop.services.importing_names import (
    EYE_WORDS,
    NamedFacts,
    NamePattern,
    eye_of_word,
)

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
DAY = date(2024, 3, 2)


@pytest.mark.parametrize(
    ("pattern", "path", "number", "eye", "day"),
    [
        ("{record_number}_{eye}_{date}.jpg", "P-1_OD_2024-03-02.JPG", "P-1", RIGHT, DAY),
        ("{record_number}_{eye}_{date}", "x/P_1_left_20240302.tiff", "P_1", LEFT, DAY),
        ("{record_number}/{date:D.M.YYYY}/{eye}*", "12/2.3.2024/r 001.png", "12", RIGHT, DAY),
        ("{date:YYMMDD}-{record_number}-{eye}", "240302-A 7-LE.jpg", "A 7", LEFT, DAY),
        ("{anything} {record_number} {eye}.jpg", "IMG 4711 OS.jpg", "4711", LEFT, None),
        ("{record_number}", "山田.jpg", "山田", None, None),
        ("{record_number}-{date}", "7-02.03.2024.jpg", "7", None, DAY),
    ],
)
def test_a_pattern_reads_names(pattern, path, number, eye, day):
    facts = NamePattern(pattern).read(Path(path))
    assert facts == NamedFacts(record_number=number, eye=eye, day=day)


def test_a_name_has_blanks_for_underscores():
    facts = NamePattern("{record_number}-{name}-{eye}").read(Path("7-Asha_Rao-OD.jpg"))
    assert facts.name == "Asha Rao"


@pytest.mark.parametrize(
    "path",
    ["P-1_OU_2024-03-02.jpg", "P-1_OD.jpg", "P-1_OD_2024-03-02.png", "_OD_2024-03-02.jpg"],
)
def test_what_does_not_fit_is_nothing(path):
    assert NamePattern("{record_number}_{eye}_{date}.jpg").read(Path(path)) is None


def test_a_name_that_can_be_read_in_two_ways_is_refused_rather_than_guessed():
    pattern = NamePattern("{record_number}_{name}_{eye}")
    assert pattern.read(Path("12_Rao_OS.dcm")).name == "Rao"
    with pytest.raises(PatternError, match="more than one way"):
        pattern.read(Path("P_12_Rao_OS.dcm"))


def test_a_day_that_does_not_exist_is_refused():
    with pytest.raises(PatternError, match="does not exist"):
        NamePattern("{record_number}_{date}").read(Path("1_2024-02-30.jpg"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{eye}_{date}.jpg",
        "{record_number}{name}",
        "{record_number}*",
        "{record_number}_{record_number}",
        "{record_number}_{colour}",
        "{record_number_{eye}",
        "record_number}",
        "{record_number}_{eye:XX}",
        "{record_number}_{date:DD.MM}",
        "{record_number}_{date:YYYY-YY-DD}",
    ],
)
def test_a_pattern_that_makes_no_sense_is_told(text):
    with pytest.raises(PatternError) as told:
        NamePattern(text)
    assert str(told.value).count(".") >= 1


@pytest.mark.parametrize("word", sorted(EYE_WORDS))
def test_eye_words_in_any_case(word):
    assert eye_of_word(f" {word.upper()} ") is eye_of_word(word.title()) is EYE_WORDS[word]
    assert eye_of_word(f"{word}{word}") is None


NUMBERS = st.text(st.sampled_from("ABCxyz0123456789 .éÖ山"), min_size=1, max_size=12).filter(
    lambda text: text.strip() == text
)


@given(
    NUMBERS,
    st.sampled_from(sorted(EYE_WORDS)),
    st.dates(min_value=date(1990, 1, 1), max_value=date(2099, 12, 31)),
    st.sampled_from(["YYYY-MM-DD", "YYYYMMDD", "DD.MM.YYYY", "MM/DD/YYYY", "D M YYYY"]),
)
@example("1", "r", date(2000, 1, 1), "YYYYMMDD")
def test_what_is_written_by_a_pattern_is_read_by_it(number, eye, day, spelling):
    assume("/" not in spelling)
    written = (
        spelling.replace("YYYY", f"{day.year}")
        .replace("MM", f"{day.month:02d}")
        .replace("DD", f"{day.day:02d}")
    )
    if spelling == "D M YYYY":
        written = f"{day.day} {day.month} {day.year}"
    pattern = NamePattern(f"{{record_number}}__{{eye}}__{{date:{spelling}}}.jpg")
    facts = pattern.read(Path(f"{number}__{eye}__{written}.jpg"))
    assert facts == NamedFacts(record_number=number, eye=EYE_WORDS[eye], day=day)


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_text_breaks_patterns(pattern, name):
    try:
        read = NamePattern(pattern)
        read.read(Path("a") / name.replace("\x00", ""))
        NamePattern("{record_number}_{eye}_{date}*").read(Path(name))
    except PatternError:
        pass


@given(st.text(max_size=20), st.text(max_size=12))
def test_no_text_breaks_days(spelling, text):
    try:
        day = DateFormat(spelling).read(text)
    except PatternError:
        return
    assert day is None or isinstance(day, date)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-02", DAY),
        ("20240302", DAY),
        ("2024/03/02", DAY),
        ("2.3.2024", DAY),
        ("02/03/2024", None),  # the second of March, or the third of February
        ("2024-03/02", None),
        ("٢٠٢٤-٠٣-٠٢", DAY),
        ("2023-02-29", None),
    ],
)
def test_only_days_that_cannot_be_misread_are_read_without_a_format(text, day):
    assert DateFormat().read(text) == day
