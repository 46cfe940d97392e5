"""The clinic's settings and the users' drafts, on each kind of database."""

import pytest
from sqlalchemy import text

from retina_desktop.domain.record_errors import ConflictError
from tests.helpers.records import stamp


def test_a_setting_is_read_as_it_was_put(records):
    value = {"name": "Clínica Ñandú", "numbers": [1, 2.5, None, True]}
    stored = records.settings.put("clinic", value, expected_version=0, by=stamp(1))
    assert stored == (value, 1)
    read, version = records.settings.get("clinic")
    assert (read, version) == (value, 1)
    assert records.settings.get("another") is None


def test_the_second_of_two_writers_is_told(records):
    records.settings.put("lock", 10, expected_version=0, by=stamp(1))
    with pytest.raises(ConflictError) as told:
        records.settings.put("lock", 5, expected_version=0, by=stamp(2, user="tom"))
    assert (told.value.stored_version, told.value.changed_by) == (1, "anna")
    assert records.settings.put("lock", 5, expected_version=1, by=stamp(2)) == (5, 2)


def test_an_equal_value_changes_nothing_and_leaves_no_entry(records):
    records.settings.put("lock", 10, expected_version=0, by=stamp(1))
    head = records.audit.head()
    assert records.settings.put("lock", 10, expected_version=1, by=stamp(2)) == (10, 1)
    assert records.audit.head() == head


def test_every_change_is_in_the_trail_without_its_value(records):
    records.settings.put("clinic", {"name": "Secret"}, expected_version=0, by=stamp(1))
    entry = list(records.audit.entries())[-1]
    assert (entry.event.action, entry.event.details) == (
        "settings changed",
        {"setting": "clinic"},
    )


@pytest.mark.parametrize(
    ("column", "value"), [("value", "'11'"), ("version", "7"), ("name", "'unlock'")]
)
def test_verify_finds_a_setting_edited_behind_the_program(records, column, value):
    records.settings.put("lock", 10, expected_version=0, by=stamp(1))
    assert records.audit.verify().intact
    with records.database.write() as session:
        session.execute(text(f"UPDATE setting SET {column} = {value}"))
    (problem,) = records.audit.verify().problems
    assert (problem.fault, problem.record) == ("record altered", "setting:1")


def test_drafts_are_kept_by_user_and_form_newest_first(records):
    drafts = records.form_drafts
    drafts.save("anna", "examination.1", {"comment": "Mac"}, at=stamp(1).at)
    drafts.save("anna", "examination.1", {"comment": "Macula", "n": None}, at=stamp(2).at)
    drafts.save("anna", "patient.new", {"name": "Asha"}, at=stamp(3).at)
    drafts.save("tom", "patient.new", {}, at=stamp(4).at)
    kept = drafts.get("anna", "examination.1")
    assert (kept.content, kept.saved_at) == ({"comment": "Macula", "n": None}, stamp(2).at)
    assert [draft.form for draft in drafts.all("anna")] == ["patient.new", "examination.1"]
    drafts.discard("anna", "patient.new")
    drafts.discard("anna", "patient.new")
    assert drafts.get("anna", "patient.new") is None
    assert drafts.get("tom", "patient.new").content == {}


def test_drafts_leave_no_trace_in_the_trail(records):
    head = records.audit.head()
    records.form_drafts.save("anna", "patient.new", {"name": "Asha"}, at=stamp(1).at)
    assert records.audit.head() == head
    assert records.audit.verify().intact
