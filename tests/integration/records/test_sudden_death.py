"""The program is killed at every step of its work; nothing acknowledged is lost."""

import os
import shutil
import signal
from dataclasses import replace

import pytest
from sqlalchemy.engine.default import DefaultDialect

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.helpers.records import Backend, keep_photograph, make_details, make_visit, stamp

pytestmark = pytest.mark.skipif(
    not hasattr(os, "fork"), reason="dying at an exact step needs fork (not on Windows)"
)
PHOTOGRAPHS = (b"right eye" * 50, b"left eye" * 50)
STATEMENTS_TRIED = 10


class Dying:
    """Kills this process just before its `step`-th call of what it watches.

    Dying after a call is dying before the next one.
    """

    def __init__(self, step):
        self._left = step

    def watch(self, owner, name):
        real = getattr(owner, name)

        def watched(*arguments, **named):
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        setattr(owner, name, watched)


def work(backend, acknowledge):
    """A visit from nothing to its addendum; each step is acknowledged when it returned."""
    records = backend.open()
    acknowledge("opened")
    patient = records.patients.add(make_details(), by=stamp(1))
    acknowledge("patient")
    kept = [keep_photograph(records, content) for content in PHOTOGRAPHS]
    visit = records.examinations.add(patient.id, make_visit(), photographs=kept, by=stamp(2))
    acknowledge("visit")
    reading = Reading(comment="seen", referral=ReferralTier.SOON)
    records.readings.save(visit.id, reading, expected_version=0, by=stamp(3))
    acknowledge("reading")
    records.readings.sign(visit.id, shown_name="Dr A", expected_version=1, by=stamp(4))
    acknowledge("signed")
    records.readings.add_addendum(visit.id, "more", shown_name="Dr A", by=stamp(5))
    acknowledge("addendum")
    records.close()


def work_and_die(backend, watched, step):
    """Run `work` in another process that dies at `step`; return what it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        dying = Dying(step)
        for owner, name in watched:
            dying.watch(owner, name)
        try:
            work(backend, lambda done: os.write(writer, f"{done}\n".encode()))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as acknowledged:
        done = acknowledged.read().split()
    _, status = os.waitpid(child, 0)
    return done, os.WIFSIGNALED(status)


def check(backend, acknowledged):
    records = backend.open(10)
    patient = records.patients.find_by_record_number("P-1")
    visits = records.examinations.of_patient(patient.id) if patient else ()
    reading = records.readings.get(visits[0].id) if visits else None
    found = {
        "opened": True,
        "patient": patient is not None,
        "visit": bool(visits) and (visits[0].images, visits[0].analysed_images) == (2, 2),
        "reading": reading is not None and reading.reading.comment == "seen",
        "signed": reading is not None and reading.signature is not None,
        "addendum": bool(visits) and len(records.readings.addenda(visits[0].id)) == 1,
    }
    assert not [done for done in acknowledged if not found[done]]
    assert not visits or found["visit"]  # whole or not at all
    assert records.reconciliation.missing == ()
    assert records.audit.verify().intact
    for file in records.images.files():
        records.images.verify(file.sha256)
    records.close()
    again = backend.open(11)
    assert again.reconciliation.clean
    assert list(again.images.drafts()) == []
    again.close()


def beside(backend, number):
    folder = backend.place.folder.with_name(f"r{number}")
    return Backend(backend.name, replace(backend.place, folder=folder))


def test_dying_at_every_step_of_the_disk(sqlite_backend):
    watched = ((os, "fsync"), (os, "replace"), (DefaultDialect, "do_commit"))
    step, died = 1, True
    while died:
        here = beside(sqlite_backend, step)
        shutil.copytree(sqlite_backend.place.folder, here.place.folder)
        acknowledged, died = work_and_die(here, watched, step)
        check(here, acknowledged)
        step += 1
    assert step > 12
    assert acknowledged[-1] == "addendum"


def test_dying_between_statements_also_of_the_migration(sqlite_backend):
    watched = ((DefaultDialect, "do_execute"),)
    for step in range(1, 400, 400 // STATEMENTS_TRIED):
        here = beside(sqlite_backend, step)
        acknowledged, _ = work_and_die(here, watched, step)
        check(here, acknowledged)
