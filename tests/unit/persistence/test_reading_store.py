import pytest
from sqlalchemy import text

from retina_desktop.domain.canonical_json import digest_of
from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Reading,
    Severity,
    SignedContent,
    UngradableReason,
)
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    ConflictError,
    InvalidEntryError,
    NotSignedError,
    RecordNotFoundError,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.helpers.records import stamp

DR = Decision(Laterality.RIGHT, "DR", Grade.PRESENT, Agreement.AGREE, severity=Severity.MILD)
ARMD = Decision(
    Laterality.RIGHT,
    "ARMD",
    Grade.CANNOT_GRADE,
    reason="vitreous haze",
    ungradable=UngradableReason.MEDIA_OPACITY,
)
DRAFT = Reading(
    decisions=(DR, ARMD),
    own_findings=(OwnFinding(None, "Epiretinal membrane", Severity.SEVERE, "temporal"),),
    comment="See again\nsoon",
    referral=ReferralTier.SOON,
    referral_note="within two weeks",
)


def save(records, examination, reading=DRAFT, *, expected=0, minutes=3, user="anna"):
    return records.readings.save(
        examination.id, reading, expected_version=expected, by=stamp(minutes, user=user)
    )


def sign(records, examination, *, expected=1, minutes=5):
    return records.readings.sign(
        examination.id, shown_name="Dr Ännchen", expected_version=expected, by=stamp(minutes)
    )


def test_a_draft_comes_back_as_saved(records, examination):
    assert records.readings.get(examination.id) is None

    saved = save(records, examination)

    assert records.readings.get(examination.id) == saved
    assert (saved.reading, saved.version, saved.signature) == (DRAFT, 1, None)
    (line,) = records.examinations.of_patient(examination.patient_id)
    assert line.state is ExaminationState.TO_BE_READ
    assert line.reader_tier is ReferralTier.SOON


def test_every_field_can_be_saved_again_and_taken_back(records, examination):
    steps = (
        Reading(decisions=(ARMD, DR)),
        Reading(decisions=(DR,), own_findings=DRAFT.own_findings),
        Reading(own_findings=(OwnFinding(Laterality.LEFT, "Nevus"), *DRAFT.own_findings)),
        DRAFT,
        Reading(),
    )
    for version, reading in enumerate(steps):
        saved = save(records, examination, reading, expected=version)
        assert records.readings.get(examination.id) == saved
        assert saved.reading == reading
    assert records.audit.verify().intact


def test_saving_the_same_again_writes_nothing(records, examination):
    saved = save(records, examination)
    head = records.audit.head()

    assert save(records, examination, expected=1, minutes=9) == saved
    assert records.audit.head() == head


def test_two_readers_of_one_examination(records, examination):
    save(records, examination, user="ben")

    with pytest.raises(ConflictError) as caught:
        save(records, examination, Reading(decisions=(DR,)), expected=0)

    assert caught.value.changed_by == "ben"
    assert [change.field for change in caught.value.changes] == [
        "ARMD OD",
        "own_findings",
        "comment",
        "referral",
        "referral_note",
    ]
    assert records.readings.get(examination.id).reading == DRAFT


def test_signing_locks_the_reading(records, examination):
    save(records, examination)

    signed = sign(records, examination)

    assert signed == records.readings.get(examination.id)
    assert (signed.signature.user, signed.signature.shown_name) == ("anna", "Dr Ännchen")
    assert signed.signature.at == stamp(5).at
    content = SignedContent(
        records.examinations.get(examination.id),
        records.examinations.images(examination.id),
        DRAFT,
    )
    assert signed.signature.content_sha256 == digest_of(content)
    with pytest.raises(AlreadySignedError):
        save(records, examination, Reading(), expected=2)
    with pytest.raises(AlreadySignedError):
        sign(records, examination, expected=2)
    assert records.readings.get(examination.id) == signed
    assert records.audit.verify().intact


def test_only_the_state_that_was_seen_is_signed(records, examination):
    with pytest.raises(RecordNotFoundError):
        sign(records, examination, expected=0)
    save(records, examination)
    save(records, examination, Reading(), expected=1, user="ben")

    with pytest.raises(ConflictError):
        sign(records, examination, expected=1)

    assert records.readings.get(examination.id).signature is None


def test_addenda_follow_a_signature(records, examination):
    save(records, examination)
    with pytest.raises(NotSignedError):
        records.readings.add_addendum(examination.id, "x", shown_name="Dr A", by=stamp(4))
    sign(records, examination)

    texts = ["The left eye was seen, too.", "Called the patient."]
    added = [
        records.readings.add_addendum(examination.id, said, shown_name="Dr B", by=stamp(6))
        for said in texts
    ]

    assert list(records.readings.addenda(examination.id)) == added
    assert [addendum.text for addendum in added] == texts
    with pytest.raises(InvalidEntryError):
        records.readings.add_addendum(examination.id, " \n", shown_name="Dr B", by=stamp(7))


SIGNED_STATEMENTS = (
    "UPDATE reading SET comment = 'changed'",
    "UPDATE reading SET signed_at = NULL, signed_by = NULL,"
    " signed_name = NULL, signed_sha256 = NULL",
    "DELETE FROM decision",
    "UPDATE decision SET grade = 'absent'",
    "INSERT INTO own_finding (examination_id, position, name, severity, note)"
    " SELECT examination_id, 7, 'x', 'mild', '' FROM reading",
    "DELETE FROM own_finding",
    "UPDATE examination SET reason = 'changed'",
    "UPDATE image SET laterality = 'L'",
    "DELETE FROM addendum",
    "UPDATE addendum SET content = 'changed'",
)


def test_the_database_itself_refuses_changes_after_signing(records, examination):
    save(records, examination)
    sign(records, examination)
    records.readings.add_addendum(examination.id, "said", shown_name="Dr A", by=stamp(6))

    for statement in SIGNED_STATEMENTS:
        with (
            pytest.raises(Exception, match=r"guard|signed and locked"),
            records.database.write() as session,
        ):
            session.execute(text(statement))

    assert records.audit.verify().intact
