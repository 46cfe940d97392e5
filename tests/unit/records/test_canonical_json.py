from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from retina_desktop.domain.canonical_json import canonical_json, digest_of
from retina_desktop.domain.patients import Sex


@dataclass(frozen=True)
class Old:
    name: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class New:
    name: str
    tags: tuple[str, ...] = ()
    note: str = ""
    more: dict[str, str] = field(default_factory=dict)


def test_a_field_added_later_leaves_old_hashes_as_they_were():
    assert digest_of(Old("é", ("a",))) == digest_of(New("é", ("a",)))
    assert digest_of(New("é", note="x")) != digest_of(New("é"))


def test_one_moment_has_one_form():
    moment = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
    elsewhere = moment.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert canonical_json(moment) == canonical_json(elsewhere)
    assert canonical_json(moment) == '"2026-03-01T12:00:00.000005+00:00"'
    with pytest.raises(ValueError, match="naive"):
        canonical_json(datetime(2026, 3, 1))  # noqa: DTZ001 - what is refused


def test_keys_are_sorted_and_text_is_kept():
    value = {"b": [1, 0.1, None, True], "a": (date(2026, 1, 2), Sex.FEMALE), "ä": "अ"}
    assert canonical_json(value) == '{"a":["2026-01-02","F"],"b":[1,0.1,null,true],"ä":"अ"}'


def test_a_frozen_set_has_an_order_of_its_own():
    assert canonical_json(frozenset({"b", "a"})) == '["a","b"]'
    assert canonical_json({"s": frozenset({Sex.MALE, Sex.FEMALE})}) == '{"s":["F","M"]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), b"bytes", {1, 2}, object()])
def test_what_has_no_canonical_form_is_refused(value):
    with pytest.raises((TypeError, ValueError)):
        canonical_json(value)
