"""What the user does to a visit, as named steps: each can be undone by its name."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import QObject

from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Severity,
    UngradableReason,
)
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.reading_steps import (
    SeenFindings,
    accepted,
    decided,
    eye_gradable,
    eye_ungradable,
    grade_for,
    with_decision,
    with_own_finding,
    without_decision,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.visit_drafts import DetailsEntry, EyeEntry
from retina_desktop.domain.visit_steps import with_eye, with_withdrawn
from retina_desktop.gui.examination.state import OWN
from retina_desktop.gui.examination.view_model import ExaminationViewModel
from retina_desktop.gui.examination.words import eye_word, label_word, name_of_typed


class ReaderIntents(QObject):
    """Everything of the reading; refused in silence where the role does not allow it."""

    def __init__(self, model: ExaminationViewModel) -> None:
        super().__init__(model)
        self._model = model

    @property
    def _seen(self) -> SeenFindings | None:
        return self._model.state.seen_on(self._model.state.selected_id)

    @property
    def _may(self) -> bool:
        return not self._model.state.powers.read

    def say(self, agreement: Agreement) -> bool:
        """Agree, disagree or be unsure about the chosen label; False where none is chosen."""
        finding = self._chosen_finding()
        if finding is None:
            return False
        return self.grade(grade_for(finding, agreement))

    def grade(self, grade: Grade, ungradable: UngradableReason | None = None) -> bool:
        """Grade the chosen label."""
        label, seen = self._model.state.label, self._seen
        if not self._may or not label or seen is None or label.startswith(OWN):
            return False
        name = self._step_name(label, seen.eye)
        return self._model.change(
            name,
            lambda draft: replace(
                draft,
                reading=decided(draft.reading, seen, label, grade, ungradable=ungradable),
            ),
        )

    def set_reason(self, text: str) -> None:
        """Say why, on the chosen label, or note something on the chosen own finding."""
        self._amend(reason=text)

    def set_severity(self, severity: Severity) -> None:
        """Say how far the chosen finding has gone."""
        self._amend(severity=severity)

    def clear(self) -> None:
        """Take back what was said of the chosen label; take off the chosen own finding."""
        label, seen = self._model.state.label, self._seen
        if not self._may or not label or seen is None:
            return
        eye = seen.eye
        if label.startswith(OWN):
            self.remove_own(eye, label.removeprefix(OWN))
            return
        self._model.change(
            self._step_name(label, eye),
            lambda draft: replace(draft, reading=without_decision(draft.reading, eye, label)),
        )

    def remove_own(self, eye: Laterality | None, name: str) -> None:
        """Take a finding of the reader's own off."""
        if not self._may:
            return
        self._model.change(
            self.tr("removed finding"),
            lambda draft: replace(
                draft,
                reading=replace(
                    draft.reading,
                    own_findings=tuple(
                        own
                        for own in draft.reading.own_findings
                        if (own.eye, own.name) != (eye, name)
                    ),
                ),
            ),
        )
        self._model.choose(None)

    def add_finding(self, typed: str) -> bool:
        """Add what was typed: a label by its name or code, else a finding of one's own."""
        seen = self._seen
        if not self._may or seen is None or not typed.strip():
            return False
        code = name_of_typed(typed)
        if code is not None:
            self._model.choose(code)
            return self.grade(Grade.PRESENT)
        eye = seen.eye
        done = self._model.change(
            self.tr("added finding"),
            lambda draft: replace(
                draft,
                reading=with_own_finding(draft.reading, OwnFinding(eye, typed)),
            ),
            field="finding",
        )
        if done:
            self._model.choose(OWN + OwnFinding(eye, typed).name)
        return done

    def set_eye_ungradable(self, why: UngradableReason | None) -> None:
        """Say that the eye on the screen cannot be graded at all, or that it can."""
        seen, every = self._seen, self._model.state.seen
        if not self._may or seen is None:
            return
        eye = seen.eye
        self._model.change(
            self.tr("grade of {eye}").format(eye=eye_word(eye)),
            lambda draft: replace(
                draft,
                reading=eye_gradable(draft.reading, eye)
                if why is None
                else eye_ungradable(draft.reading, every, eye, why),
            ),
        )

    def set_comment(self, text: str) -> None:
        """Take the free text."""
        if self._may:
            self._model.change(
                self.tr("comment"),
                lambda d: replace(d, reading=replace(d.reading, comment=text)),
                field="comment",
                continues=True,
            )

    def set_referral(self, tier: ReferralTier | None) -> None:
        """Choose the referral."""
        if self._may:
            self._model.change(
                self.tr("referral"),
                lambda d: replace(d, reading=replace(d.reading, referral=tier)),
            )

    def set_referral_note(self, text: str) -> None:
        """Take the words on the referral."""
        if self._may:
            self._model.change(
                self.tr("referral note"),
                lambda d: replace(d, reading=replace(d.reading, referral_note=text)),
                field="referral_note",
                continues=True,
            )

    def accept_all(self) -> bool:
        """Agree wherever nothing was said, and take the model's referral if none was chosen."""
        state = self._model.state
        if not self._may or not state.seen:
            return False
        suggestion = state.suggestion
        tier = suggestion.tier if suggestion else None
        return self._model.change(
            self.tr("accepting all"),
            lambda d: replace(d, reading=accepted(d.reading, state.seen, tier)),
        )

    def _amend(self, *, reason: str | None = None, severity: Severity | None = None) -> None:
        state, seen = self._model.state, self._seen
        label = state.label
        if not self._may or not label or seen is None:
            return
        eye, typing = seen.eye, reason is not None
        if label.startswith(OWN):
            self._amend_own(eye, label.removeprefix(OWN), reason, severity)
            return
        before = state.reading.decision(eye, label)
        if before is None:
            return

        def amended(decision: Decision) -> Decision:
            if severity is not None:
                decision = replace(decision, severity=severity)
            return replace(decision, reason=reason) if reason is not None else decision

        name = self._step_name(label, eye)
        if typing:
            name = self.tr("reason for {label}").format(label=label_word(label))
        self._model.change(
            name,
            lambda d: replace(d, reading=with_decision(d.reading, amended(before))),
            field="reason",
            continues=typing,
        )

    def _amend_own(
        self,
        eye: Laterality | None,
        name: str,
        note: str | None,
        severity: Severity | None,
    ) -> None:
        def amended(own: OwnFinding) -> OwnFinding:
            if (own.eye, own.name) != (eye, name):
                return own
            if severity is not None:
                own = replace(own, severity=severity)
            return replace(own, note=note) if note is not None else own

        self._model.change(
            self.tr("finding {name}").format(name=name),
            lambda d: replace(
                d,
                reading=replace(
                    d.reading, own_findings=tuple(amended(o) for o in d.reading.own_findings)
                ),
            ),
            field="reason",
            continues=note is not None,
        )

    def _chosen_finding(self) -> Finding | None:
        label, seen = self._model.state.label, self._seen
        if seen is None or not label:
            return None
        found = next((f for f in seen.findings if f.label == label), None)
        return found if found is not None and found.is_assessed else None

    def _step_name(self, label: str, eye: Laterality | None) -> str:
        if label == DISEASE_RISK:
            return self.tr("grade of {eye}").format(eye=eye_word(eye))
        return f"{label_word(label)} ({eye_word(eye)})"


class VisitIntents(QObject):
    """The visit's details, its photographs, and handing over."""

    def __init__(self, model: ExaminationViewModel) -> None:
        super().__init__(model)
        self._model = model

    @property
    def _may(self) -> bool:
        return not self._model.state.powers.examine

    def set_date(self, day: date) -> None:
        """Take the day of the visit."""
        self._set(self.tr("visit date"), lambda e: replace(e, visit_date=day))

    def set_operator(self, text: str) -> None:
        """Take who took the photographs."""
        self._set(self.tr("operator"), lambda e: replace(e, operator=text), typing=True)

    def set_reason(self, text: str) -> None:
        """Take why the patient came."""
        self._set(
            self.tr("reason for the visit"), lambda e: replace(e, reason=text), typing=True
        )

    def set_measurement(
        self, eye: Laterality, entry: EyeEntry, what: str, *, typing: bool
    ) -> None:
        """Take an eye's measurements; `what` names the one that was changed."""
        name = f"{what} ({eye.shown})"
        self._set(name, lambda e: e.with_eye(eye, entry), typing=typing)

    def set_eye(self, image_id: int, eye: Laterality | None) -> None:
        """State which eye a photograph shows."""
        if self._may:
            self._model.change(
                self.tr("eye of a photograph"), lambda d: with_eye(d, image_id, eye)
            )

    def set_withdrawn(self, image_id: int, *, withdrawn: bool) -> None:
        """Withdraw a photograph, or bring it back."""
        if not self._may:
            return
        name = self.tr("withdrawing") if withdrawn else self.tr("bringing back")
        self._model.change(name, lambda d: with_withdrawn(d, image_id, withdrawn=withdrawn))
        photograph = self._model.state.photograph(self._model.state.selected_id)
        if photograph is not None and photograph.withdrawn:
            self._model.step(0)

    def hand_over(self, *, handed_over: bool) -> None:
        """Ask for a reader, or take that back."""
        if self._may:
            self._model.change(
                self.tr("handing over"), lambda d: replace(d, handed_over=handed_over)
            )
            self._model.saving.flush()

    def _set(
        self, name: str, step: Callable[[DetailsEntry], DetailsEntry], *, typing: bool = False
    ) -> None:
        if self._may:
            self._model.change(
                name, lambda d: replace(d, details=step(d.details)), continues=typing
            )
