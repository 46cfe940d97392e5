"""The reader's way through an examination: save as typed, sign, add afterwards."""

from dataclasses import dataclass

from retina_desktop.domain.decisions import (
    Addendum,
    Reading,
    StoredReading,
    missing_before_signing,
)
from retina_desktop.domain.record_errors import NotReadyToSignError
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.records_ports import (
    AnalysisStore,
    ExaminationStore,
    ReadingStore,
)


@dataclass(frozen=True, slots=True)
class SaveReading:
    """Keep the draft of a reading; called for every field that was left."""

    readings: ReadingStore

    def __call__(
        self, acting: Acting, examination_id: int, reading: Reading, *, expected_version: int
    ) -> StoredReading:
        """Return the reading as stored; its version is expected by the next save.

        Raises
        ------
        ConflictError, AlreadySignedError, PermissionDeniedError
        """
        by = acting.allowed(Permission.READ)
        return self.readings.save(
            examination_id, reading, expected_version=expected_version, by=by
        )


@dataclass(frozen=True, slots=True)
class SignExamination:
    """Sign what was saved, when nothing is missing; the examination is locked then."""

    examinations: ExaminationStore
    analyses: AnalysisStore
    readings: ReadingStore

    def __call__(
        self, acting: Acting, examination_id: int, *, expected_version: int
    ) -> StoredReading:
        """Return the signed reading.

        Raises
        ------
        NotReadyToSignError
            With what is missing, in sentences.
        ConflictError, AlreadySignedError, PermissionDeniedError
        """
        by = acting.allowed(Permission.READ)
        missing = self.missing(examination_id)
        if missing:
            raise NotReadyToSignError(missing)
        return self.readings.sign(
            examination_id,
            shown_name=acting.user.shown_name,
            expected_version=expected_version,
            by=by,
        )

    def missing(self, examination_id: int) -> tuple[str, ...]:
        """Return what is still to do, in sentences; nothing once it is signed."""
        stored = self.readings.get(examination_id)
        if stored is not None and stored.signature is not None:
            return ()
        newest = {a.image_id: a for a in self.analyses.of_examination(examination_id)}
        images = self.examinations.images(examination_id)
        positives = [
            (image.laterality, newest[image.id].content.positives)
            for image in images
            if image.id in newest
        ]
        missing = missing_before_signing(stored.reading if stored else Reading(), positives)
        return missing if images else ("Add a photograph.", *missing)


@dataclass(frozen=True, slots=True)
class AddAddendum:
    """Add to a signed examination."""

    readings: ReadingStore

    def __call__(self, acting: Acting, examination_id: int, text: str) -> Addendum:
        """Return the addendum as stored.

        Raises
        ------
        NotSignedError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.READ)
        shown_name = acting.user.shown_name
        return self.readings.add_addendum(examination_id, text, shown_name=shown_name, by=by)
