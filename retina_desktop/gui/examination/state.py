"""All that the examination page shows, as one frozen value."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from retina_desktop.domain.decisions import Addendum, Reading, Signature
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.model_choice import ModelChoice, suggested
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.reading_steps import MissingStep, SeenFindings, missing_steps
from retina_desktop.domain.record_errors import ConflictError
from retina_desktop.domain.referral import Referral, refer_patient
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.domain.undo import History
from retina_desktop.domain.users import Permission, User
from retina_desktop.domain.visit_drafts import PhotographDraft, VisitDraft, read_entry
from retina_desktop.gui.examination.words import tr
from retina_desktop.services.visit_changes import StoredVisit, WantedVisit

OWN = "own:"  # before the name of a finding of the reader's own, where a label is chosen


class SaveStep(StrEnum):
    """Whether what is on the screen is on the disk."""

    SAVED = "saved"
    PENDING = "pending"
    SAVING = "saving"
    FAILED = "failed"


class IntakeStatus(StrEnum):
    """Where a photograph is on its way into the visit."""

    WAITING = "waiting"
    KEEPING = "keeping"
    ANALYSING = "analysing"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class IntakeItem:
    """A file being added, or a photograph being analysed again.

    ``image_id`` is there once the photograph itself is safe. ``other_patient`` marks one that
    was refused because its header names somebody else: a person may accept it.
    """

    id: int
    name: str
    status: IntakeStatus = IntakeStatus.WAITING
    progress: float = 0.0
    error: str = ""
    image_id: int | None = None
    other_patient: bool = False

    @property
    def is_unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.status not in (IntakeStatus.DONE, IntakeStatus.FAILED)


@dataclass(frozen=True, slots=True)
class Powers:
    """What the user may do here: an empty text, or the sentence that says why not."""

    examine: str = ""  # details, photographs, handing over
    read: str = ""  # decide and sign
    add_addendum: str = ""
    analyse: str = ""
    report: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ExaminationState:
    """One visit on the screen; ``problem`` says why there is none."""

    examination_id: int | None = None
    loading: bool = False
    problem: str = ""
    user: User | None = None
    today: date = date.min
    visit: StoredVisit | None = None
    patient: Patient | None = None
    addenda: tuple[Addendum, ...] = ()
    thumbnails: Mapping[int, bytes] = field(default_factory=dict)
    analyses: Mapping[int, tuple[StoredAnalysis, ...]] = field(default_factory=dict)
    history: History[VisitDraft] | None = None
    entry_problems: Mapping[str, str] = field(default_factory=dict)  # of texts of the reading
    saving: SaveStep = SaveStep.SAVED
    save_problem: str = ""
    conflict: ConflictError | None = None
    selected_id: int | None = None
    label: str | None = None  # chosen for heatmap and decision; `OWN` + name for an own one
    intake: tuple[IntakeItem, ...] = ()
    models: tuple[ModelChoice, ...] = ()  # installed; a choice only where there are several
    model_id: str | None = None  # chosen by a person for this visit
    signing: bool = False
    addendum_text: str = ""  # being typed
    addendum_saving: bool = False

    @property
    def draft(self) -> VisitDraft | None:
        """What stands on the screen."""
        return self.history.present if self.history else None

    @property
    def reading(self) -> Reading:
        """The reading as it stands on the screen."""
        return self.history.present.reading if self.history else Reading()

    @property
    def signature(self) -> Signature | None:
        """Who signed, None before."""
        stored = self.visit.reading if self.visit else None
        return stored.signature if stored else None

    @property
    def images(self) -> tuple[StoredImage, ...]:
        """Every photograph, the withdrawn ones too."""
        return self.visit.images if self.visit else ()

    def image(self, image_id: int | None) -> StoredImage | None:
        """Return a photograph by its number."""
        return next((image for image in self.images if image.id == image_id), None)

    def photograph(self, image_id: int | None) -> PhotographDraft | None:
        """Return what the screen says of a photograph."""
        draft = self.draft
        return draft.photograph(image_id) if draft and image_id is not None else None

    @property
    def in_order(self) -> tuple[PhotographDraft, ...]:
        """Return the photographs as they are shown: OD, OS, unknown, then the withdrawn."""
        draft = self.draft
        return tuple(sorted(draft.photographs, key=_shown_order)) if draft else ()

    def newest(self, image_id: int | None) -> StoredAnalysis | None:
        """Return the last analysis of a photograph."""
        found = self.analyses.get(image_id or 0, ())
        return found[-1] if found else None

    @property
    def seen(self) -> tuple[SeenFindings, ...]:
        """What the model says of each photograph in force, with its eye as on the screen."""
        return tuple(
            SeenFindings(
                photograph.eye,
                newest.content.findings if (newest := self.newest(photograph.image_id)) else (),
                photograph.image_id,
                newest.id if newest else None,
            )
            for photograph in self.in_order
            if not photograph.withdrawn
        )

    def seen_on(self, image_id: int | None) -> SeenFindings | None:
        """Return what the model says of one photograph in force."""
        return next((seen for seen in self.seen if seen.image_id == image_id), None)

    @property
    def suggestion(self) -> Referral | None:
        """The referral that the newest analyses of all photographs in force lead to."""
        eyes: dict[Laterality | None, list[Referral]] = {}
        for photograph in self.in_order:
            newest = self.newest(photograph.image_id)
            if newest is not None and not photograph.withdrawn:
                eyes.setdefault(photograph.eye, []).append(newest.content.referral)
        return refer_patient(eyes) if eyes else None

    @property
    def missing(self) -> tuple[MissingStep, ...]:
        """What is still to do before signing."""
        return () if self.signature else missing_steps(self.reading, self.seen)

    @property
    def analysing(self) -> bool:
        """Whether photographs are on their way."""
        return any(item.is_unfinished for item in self.intake)

    @property
    def field_problems(self) -> Mapping[str, str]:
        """Return a sentence for each field that is no value yet."""
        if self.visit is None or self.draft is None:
            return {}
        stored = self.visit.examination.details
        _, problems = read_entry(self.draft.details, stored, today=self.today)
        return {**problems, **self.entry_problems}

    @property
    def powers(self) -> Powers:
        """What the user may do with this visit now."""
        return powers_of(self.user, signed=self.signature is not None)

    @property
    def age(self) -> int | None:
        """The patient's completed years on the day of the visit, None where unknown."""
        if self.patient is None or self.visit is None:
            return None
        return self.patient.details.age_on(self.visit.examination.details.visit_date)

    @property
    def model(self) -> ModelChoice | None:
        """Who looks at photographs of this visit: chosen, else by the patient's age."""
        chosen = next((choice for choice in self.models if choice.id == self.model_id), None)
        return chosen or suggested(self.models, self.age)

    def wanted(self) -> WantedVisit | None:
        """Return what is to be stored; parts the user may not change stay as they are."""
        visit, draft = self.visit, self.draft
        if visit is None or draft is None:
            return None
        powers = self.powers
        reading = None if powers.read else draft.reading
        if powers.examine:
            stored = visit.examination
            return WantedVisit(stored.details, (), stored.handed_over, reading)
        details, _ = read_entry(draft.details, visit.examination.details, today=self.today)
        return WantedVisit(details, draft.photographs, draft.handed_over, reading)

    @property
    def is_stored(self) -> bool:
        """Whether everything on the screen that is a value is in the records."""
        visit, wanted = self.visit, self.wanted()
        if visit is None or wanted is None:
            return True
        stored = visit.reading.reading if visit.reading else Reading()
        images = {image.id: image for image in visit.images}
        return (
            wanted.details == visit.examination.details
            and wanted.handed_over == visit.examination.handed_over
            and wanted.reading in (None, stored)
            and all(
                p.eye is images[p.image_id].laterality
                and p.withdrawn == images[p.image_id].withdrawn
                for p in wanted.photographs
                if p.image_id in images
            )
        )


def powers_of(user: User | None, *, signed: bool) -> Powers:
    """Return what `user` may do with a visit; each sentence says why not and what helps."""
    if user is None:
        closed = tr("Nobody is logged in.")
        return Powers(closed, closed, closed, closed, closed)
    roles = tr(" and ").join(sorted(tr(role.value) for role in user.roles))
    examine = read = ""
    if not user.may(Permission.EXAMINE):
        words = tr("Your role ({0}) does not include to change visits and photographs.")
        examine = words.format(roles)
    analyse = examine
    if not user.may(Permission.READ):
        words = tr(
            "Your role ({0}) does not include to decide and sign; hand over to a reader."
        )
        read = words.format(roles)
    add = read
    report = ""
    if not user.may(Permission.EXPORT):
        words = tr("Your role ({0}) does not include to print or save reports; ask a reader.")
        report = words.format(roles)
    if signed:
        examine = read = tr("Signed and locked: write an addendum instead.")
    else:
        add = add or tr("An addendum is for a signed examination; change the reading itself.")
    return Powers(examine, read, add, analyse, report)


def _shown_order(photograph: PhotographDraft) -> tuple[bool, int, int]:
    place = {Laterality.RIGHT: 0, Laterality.LEFT: 1, None: 2}[photograph.eye]
    return photograph.withdrawn, place, photograph.image_id


def by_image(analyses: Iterable[StoredAnalysis]) -> dict[int, tuple[StoredAnalysis, ...]]:
    """Return the analyses by photograph, oldest first."""
    found: dict[int, tuple[StoredAnalysis, ...]] = {}
    for analysis in analyses:
        found[analysis.image_id] = (*found.get(analysis.image_id, ()), analysis)
    return found
