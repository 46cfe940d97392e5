"""How the page says things: eyes, labels, decisions, what changed between two analyses."""

import unicodedata
from datetime import UTC, date, datetime

from PySide6.QtCore import QCoreApplication

from retina_desktop.domain.decisions import Agreement, Decision, Grade, Severity
from retina_desktop.domain.eye_measurements import Correction, Tonometry
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import LABELS, label_of
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.stored_analyses import AnalysisContent, changes_between
from retina_desktop.gui.local_dates import day_in_words
from retina_desktop.gui.screening.findings_model import percent

FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def eye_word(eye: Laterality | None) -> str:
    """Return OD, OS or that the eye is not known."""
    return eye.shown if eye else tr("eye not known")


def label_word(code: str) -> str:
    """Return a label's name; a code that no table has stands for itself."""
    return label_of(code).name


def isolated(text: str) -> str:
    """Return a name so that its direction turns nothing of what stands around it."""
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def age_word(patient: Patient, day: date) -> str:
    """Return the age on `day` in words, or that it is not known."""
    age = patient.details.age_on(day)
    if age is None:
        return tr("age not known")
    return tr("{age} years").format(age=age) if age != 1 else tr("1 year")


def moment_word(moment: datetime) -> str:
    """Return a moment in this computer's time zone."""
    local = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone()
    return f"{day_in_words(local.date())} {local:%H:%M}"


def decision_word(decision: Decision) -> str:
    """Return what the reader says of a label, in few words."""
    words = {
        Agreement.AGREE: tr("Agree"),
        Agreement.DISAGREE: tr("Disagree"),
        Agreement.UNSURE: tr("Unsure"),
        None: tr("Reader"),
    }[decision.agreement]
    said = f"{words}: {grade_word(decision.grade)}"
    if decision.ungradable is not None:
        said += f" ({tr(decision.ungradable.value)})"
    if decision.severity is not Severity.NOT_STATED:
        said += f", {tr(decision.severity.value)}"
    return f"{said}. {decision.reason}" if decision.reason else said


def grade_word(grade: Grade) -> str:
    """Return a grade as it is shown."""
    return {
        Grade.PRESENT: tr("present"),
        Grade.ABSENT: tr("absent"),
        Grade.QUESTIONABLE: tr("questionable"),
        Grade.CANNOT_GRADE: tr("cannot grade"),
    }[grade]


def correction_word(correction: Correction) -> str:
    """Return how the eye looked at the chart."""
    return tr("correction?") if correction is Correction.NOT_STATED else tr(correction.value)


def tonometry_word(method: Tonometry) -> str:
    """Return how the pressure was measured."""
    if method is Tonometry.NOT_STATED:
        return tr("method?")
    return "Goldmann" if method is Tonometry.GOLDMANN else tr(method.value)


def typed_labels() -> dict[str, str]:
    """Return every label's code by what may be typed for it: its name, with the code behind."""
    return {f"{label.name} ({code})": code for code, label in LABELS.items()}


def name_of_typed(typed: str) -> str | None:
    """Return the code of the label that `typed` names in full, None if it names none."""
    wanted = _folded(typed)
    for shown, code in typed_labels().items():
        if wanted in (_folded(shown), _folded(code), _folded(label_of(code).name)):
            return code
    return None


def change_words(older: AnalysisContent, newer: AnalysisContent) -> list[str]:
    """Return, most important first, what a newer analysis says differently, in words."""
    lines: list[str] = []
    if older.referral.tier is not newer.referral.tier:
        lines.append(
            tr("Referral: {before} → {after}").format(
                before=older.referral.tier.shown, after=newer.referral.tier.shown
            )
        )
    if older.quality.gradable != newer.quality.gradable:
        lines.append(tr("Now gradable") if newer.quality.gradable else tr("No longer gradable"))
    if older.in_range is not False and newer.in_range is False:
        lines.append(tr("Now outside the model's validated range"))
    changes = changes_between(older, newer)
    for change in sorted(changes, key=lambda change: not change.crossed):
        before, after = _said(change.before), _said(change.after)
        if before != after:
            name = label_word(change.label)
            lines.append(f"{name}: {before} → {after}")
    return lines


def _said(finding: Finding | None) -> str:
    if finding is None or finding.probability is None:
        return tr("not assessed")
    verdict = tr("present") if finding.is_positive else tr("below threshold")
    words = f"{verdict}, {percent(finding.probability)}"
    tentative = finding.status is LabelStatus.DEMONSTRATION
    return f"{words}, {tr('demonstration only')}" if tentative else words


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def tr(text: str) -> str:
    """Return `text` in the user's language."""
    return QCoreApplication.translate("examination", text)
