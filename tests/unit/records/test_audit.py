from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.audit import (
    GENESIS,
    AuditAction,
    AuditEvent,
    AuditHead,
    ChainFault,
    RecordKind,
    RecordReference,
    chain,
    head_after,
    verify_chain,
)
from tests.helpers.records import stamp

KEY = b"k" * 32


def make_chain(length, *, key=KEY):
    head, entries = AuditHead(), []
    for number in range(length):
        event = AuditEvent(
            AuditAction.PATIENT_CHANGED,
            RecordReference(RecordKind.PATIENT, number % 3),
            {"fields": f"name {number}"},
            f"{number:064x}",
        )
        entry = chain(head, event, stamp(number))
        head = head_after(entry, key)
        entries.append(entry)
    return entries, head


def faults(entries, head, **more):
    report = verify_chain(entries, head, seal_key=KEY, **more)
    return {problem.fault for problem in report.problems}


def test_an_untouched_chain_is_intact():
    entries, head = make_chain(7)
    report = verify_chain(iter(entries), head, seal_key=KEY, pinned={3: entries[2].hash})

    assert report.intact
    assert (report.entries, report.head) == (7, head)
    assert entries[0].previous_hash == GENESIS
    assert [entry.sequence for entry in entries] == list(range(1, 8))


def edits(entry):
    yield replace(entry, sequence=entry.sequence + 1)
    yield replace(entry, previous_hash="f" * 64)
    yield replace(entry, hash="f" * 64)
    yield replace(entry, stamp=replace(entry.stamp, user="mallory"))
    yield replace(entry, stamp=replace(entry.stamp, workstation="desk-2"))
    yield replace(entry, stamp=stamp(0.5))
    event = entry.event
    for other in (
        replace(event, action="other"),
        replace(event, record=RecordReference(RecordKind.IMAGE, event.record.id)),
        replace(event, record=RecordReference(event.record.kind, 77)),
        replace(event, details={}),
        replace(event, details={**event.details, "more": ""}),
        replace(event, record_digest=""),
    ):
        yield replace(entry, event=other)


@pytest.mark.parametrize("place", [0, 3, 6])
def test_every_edit_of_every_field_is_found(place):
    entries, head = make_chain(7)
    for edited in edits(entries[place]):
        assert faults([*entries[:place], edited, *entries[place + 1 :]], head), edited


@given(st.data(), st.integers(1, 12))
def test_any_removal_reorder_or_repetition_is_found(data, length):
    entries, head = make_chain(length)
    indices = data.draw(
        st.lists(st.integers(0, length - 1), max_size=length + 2).filter(
            lambda chosen: chosen != list(range(length))
        )
    )

    assert faults([entries[index] for index in indices], head)


@given(st.integers(1, 12), st.integers(0, 11))
def test_a_cut_tail_is_found_also_when_the_head_is_cut_with_it(length, kept):
    entries, head = make_chain(length)
    kept = min(kept, length - 1)
    shorter = entries[:kept]
    last = shorter[-1] if shorter else None
    forged = AuditHead(last.sequence, last.hash, head.seal) if last else AuditHead()

    assert ChainFault.TAIL_CUT in faults(shorter, head)
    assert faults(shorter, forged)


def test_a_chain_rewritten_from_an_edit_on_needs_the_key():
    entries, head = make_chain(6)
    rewritten, last = list(entries[:2]), AuditHead(2, entries[1].hash)
    for entry in entries[2:]:
        event = replace(entry.event, details={"fields": "nothing"})
        rewritten.append(chain(last, event, entry.stamp))
        last = head_after(rewritten[-1], None)

    assert verify_chain(rewritten, last).intact  # without a key only a pin can tell
    assert not verify_chain(rewritten, last, pinned={5: entries[4].hash}).intact
    assert faults(rewritten, last) == {ChainFault.HEAD_FORGED}
    assert faults(rewritten, replace(last, seal=head.seal)) == {ChainFault.HEAD_FORGED}


def test_a_pin_beyond_the_end_is_missing():
    entries, head = make_chain(3)
    assert faults(entries, head, pinned={9: "a" * 64}) == {ChainFault.MISSING}


def test_a_problem_reads_as_a_sentence():
    entries, head = make_chain(3)
    entries[1] = replace(entries[1], hash="0" * 64)
    problem = verify_chain(entries, head, seal_key=KEY).problems[0]
    assert problem.sentence == "Entry 2 (patient:1): altered."
