import unicodedata
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.eye_measurements import IntraocularPressure, VisualAcuity
from retina_desktop.domain.patients import PatientDetails, differences
from retina_desktop.domain.plain_text import clean_text
from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    PermissionDeniedError,
    RetinaError,
)
from retina_desktop.domain.users import Permission, Role, Stamp, User
from tests.helpers.records import make_details, stamp


def test_texts_are_kept_in_one_form():
    typed = make_details("  P-1 ", name=unicodedata.normalize("NFD", " Zoë Müller "))
    assert (typed.record_number, typed.name) == ("P-1", "Zoë Müller")
    assert typed == make_details(name="Zoë Müller")
    assert make_details(risk_factors=(" a ", "", "a", "b")).risk_factors == ("a", "b")
    joined = "क्\u200dष"  # a joiner is part of the spelling
    assert make_details(name=joined).name == joined


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": " "}, "record_number"),
        ({"number": "x" * 65}, "record_number"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"name": "Rao \u202eoaR"}, "name"),
        ({"contact": "a\x07"}, "contact"),
        ({"notes": "n" * 20_001}, "notes"),
        ({"birth_date": date(1700, 1, 1)}, "birth_date"),
        ({"risk_factors": tuple(map(str, range(51)))}, "risk_factors"),
    ],
)
def test_what_cannot_be_kept_is_told_by_field(changes, field):
    with pytest.raises(InvalidEntryError) as caught:
        make_details(**changes)
    assert caught.value.field == field
    assert isinstance(caught.value, RetinaError)
    assert str(caught.value).endswith((".", "in."))


@given(st.text(max_size=40))
def test_cleaning_twice_changes_nothing(typed):
    try:
        once = clean_text(typed, field="notes", limit=100)
    except InvalidEntryError:
        return
    assert clean_text(once, field="notes", limit=100) == once
    once.encode()


def test_age_and_future_birth():
    born = make_details(birth_date=date(2000, 2, 29))
    assert born.age_on(date(2026, 2, 28)) == 25
    assert born.age_on(date(2026, 3, 1)) == 26
    assert born.age_on(date(1999, 1, 1)) is None
    assert make_details().age_on(date(2026, 1, 1)) is None
    born.check_born_by(date(2000, 2, 29))
    with pytest.raises(InvalidEntryError):
        born.check_born_by(date(2000, 2, 28))


def test_differences_name_fields_in_order():
    old, new = make_details(contact="a"), make_details(contact="b", birth_date=date(1990, 1, 1))
    assert [(c.field, c.stored, c.yours) for c in differences(old, new)] == [
        ("birth_date", "", "1990-01-01"),
        ("contact", "a", "b"),
    ]
    assert differences(old, PatientDetails("P-1", "Asha Rao", contact="a")) == ()


@pytest.mark.parametrize(
    ("entry", "kept", "logmar"),
    [
        ("6/12", "6/12", 0.301),
        (" 20 / 40 ", "20/40", 0.301),
        ("6/9p", "6/9p", 0.176),
        ("6/12-2", "6/12-2", 0.301),
        ("0,5", "0.5", 0.301),
        ("1.0", "1.0", 0.0),
        ("2.0", "2.0", -0.301),
        ("LogMAR .3", "logMAR 0.30", 0.3),
        ("logmar -0.1", "logMAR -0.10", -0.1),
        ("nlp", "NLP", None),
        ("hm", "HM", None),
    ],
)
def test_acuities_are_kept_as_written(entry, kept, logmar):
    acuity = VisualAcuity(entry)
    assert acuity.entry == kept
    assert VisualAcuity(kept) == acuity
    assert acuity.logmar == (None if logmar is None else pytest.approx(logmar, abs=1e-3))


@pytest.mark.parametrize(
    "entry", ["", "6/0", "0/6", "0", "6/6000", "blind", "3.0", "logMAR 3", "6/12x", "-1", "1e1"]
)
def test_nonsense_is_no_acuity(entry):
    with pytest.raises(InvalidEntryError):
        VisualAcuity(entry)


@given(st.text(max_size=8))
def test_any_acuity_that_is_kept_is_kept_again(entry):
    try:
        acuity = VisualAcuity(entry)
    except InvalidEntryError:
        return
    assert VisualAcuity(acuity.entry) == acuity
    assert acuity.logmar is None or -0.41 <= acuity.logmar <= 2.01


@pytest.mark.parametrize("mmhg", [0, -1, 80.5, float("nan"), float("inf")])
def test_impossible_pressures_are_refused(mmhg):
    with pytest.raises(InvalidEntryError):
        IntraocularPressure(mmhg)
    assert IntraocularPressure(21).mmhg == 21.0


def test_roles_and_permissions():
    reader = User("anna.b", " Dr Anna B ", frozenset({Role.READER}))
    both = User("chief", "Chief", frozenset({Role.READER, Role.ADMINISTRATOR}))
    assert reader.shown_name == "Dr Anna B"
    assert reader.may(Permission.READ)
    assert not reader.may(Permission.ADMINISTER)
    assert all(both.may(permission) for permission in Permission)
    assert not User("a", "A", frozenset({Role.ADMINISTRATOR})).may(Permission.READ)
    gone = User("anna", "Anna", frozenset({Role.READER}), active=False)
    with pytest.raises(PermissionDeniedError, match="administrator"):
        gone.require(Permission.SEE_RECORDS)
    for name in ("", "Anna", "a b", "-a", "a" * 65, "ä"):
        with pytest.raises(InvalidEntryError):
            User(name, "A", frozenset({Role.READER}))
    with pytest.raises(InvalidEntryError):
        User("a", "A", frozenset())


def test_a_stamp_needs_an_aware_moment():
    with pytest.raises(ValueError, match="aware"):
        Stamp("anna", "desk-1", stamp().at.replace(tzinfo=None))
