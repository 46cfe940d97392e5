"""What model and reader said at a visit, in one line each."""

from collections.abc import Callable, Iterable, Sequence

from retina_desktop.domain.decisions import Grade, Severity
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, LABELS, label_of
from retina_desktop.domain.patient_histories import (
    EyeAtVisit,
    LabelAtVisit,
    LabelHistory,
    VisitAtHistory,
)
from retina_desktop.gui.patients.trend import EYES, Trend, TrendPoint
from retina_desktop.gui.patients.words import percent, tr

WordOf = Callable[[EyeAtVisit, LabelAtVisit], str]

_FIRST_TREND = "DR"  # where nothing was ever found: what most people are screened for


def model_words(visit: VisitAtHistory) -> str:
    """Return what the model reports, eye by eye, and which eye it could not judge."""
    if not visit.summary.analysed_images:
        return tr("not asked yet")
    said = _by_label(visit, _model_word)
    if any(code != DISEASE_RISK for code in said):
        said.pop(DISEASE_RISK, None)
    parts = [f"{label_of(code).name} ({', '.join(words)})" for code, words in said.items()]
    parts += [
        tr("{0} not gradable").format(_shown(eye.eye))
        for eye in visit.eyes
        if eye.quality is not None and not eye.quality.gradable
    ]
    return " \u00b7 ".join(parts) or tr("nothing above its threshold")


def reader_words(visit: VisitAtHistory) -> str:
    """Return what the reader found, and what of the model's the reader does not see."""
    parts = [
        f"{label_of(code).name} ({', '.join(words)})"
        for code, words in _by_label(visit, _reader_word).items()
    ]
    parts += [
        f"{finding.name} ({_shown(finding.eye)})" if finding.eye else finding.name
        for finding in visit.own_findings
    ]
    denied = _by_label(visit, _denied_word)
    if denied:
        names = (f"{label_of(code).name} ({', '.join(w)})" for code, w in denied.items())
        parts.append(tr("not: {0}").format(", ".join(names)))
    if parts:
        return " \u00b7 ".join(parts)
    return tr("nothing found") if visit.signature else tr("not read yet")


def trends_of(
    found: Sequence[LabelHistory], every: Sequence[LabelHistory]
) -> tuple[Trend, ...]:
    """Return the courses to choose from: what was ever present first, then the others by name.

    Where nothing ever was present, diabetic retinopathy stands first.
    """
    first = list(dict.fromkeys(history.label for history in found))
    others = dict.fromkeys(h.label for h in every if h.label not in first)
    rest = sorted(others, key=lambda code: (bool(first) or code != _FIRST_TREND, _name(code)))
    trends = (_trend(code, every) for code in (*first, *rest))
    return tuple(trend for trend in trends if trend.points)


def _trend(code: str, histories: Iterable[LabelHistory]) -> Trend:
    points = [
        TrendPoint(
            point.visit_date,
            history.eye,
            point.finding.probability if point.finding else None,
            point.finding.threshold if point.finding else None,
            point.decision.grade if point.decision else None,
            ", ".join(point.models),
        )
        for history in histories
        if history.label == code and history.eye is not None
        for point in history.points
        if point.decision is not None or (point.finding and point.finding.is_assessed)
    ]
    order = sorted(points, key=lambda point: (point.day, EYES.index(point.eye)))
    return Trend(code, _name(code), tuple(order))


def _by_label(visit: VisitAtHistory, word_of: WordOf) -> dict[str, list[str]]:
    """Return the words by label, the most urgent label first, the right eye first."""
    words: dict[str, list[str]] = {}
    for eye in visit.eyes:
        for said in eye.labels:
            word = word_of(eye, said)
            if word:
                words.setdefault(said.label, []).append(word)
    order = sorted(words, key=lambda code: (label_of(code).tier.rank, _name(code)))
    return {code: words[code] for code in order}


def _model_word(eye: EyeAtVisit, said: LabelAtVisit) -> str:
    finding = said.finding
    if finding is None or not finding.is_positive or finding.probability is None:
        return ""
    word = f"{_shown(eye.eye)} {percent(finding.probability)}"
    if finding.status is LabelStatus.DEMONSTRATION:
        word += " " + tr("demonstration")
    return word


def _reader_word(eye: EyeAtVisit, said: LabelAtVisit) -> str:
    decision = said.decision
    if decision is None or decision.grade is Grade.ABSENT:
        return ""
    word = _shown(eye.eye)
    if decision.severity is not Severity.NOT_STATED:
        word += f" {tr(decision.severity.value)}"
    if decision.grade is Grade.QUESTIONABLE:
        word += "?"
    if decision.grade is Grade.CANNOT_GRADE:
        word += " " + tr("cannot grade")
    return word


def _denied_word(eye: EyeAtVisit, said: LabelAtVisit) -> str:
    decision, finding = said.decision, said.finding
    denied = decision is not None and decision.grade is Grade.ABSENT
    return _shown(eye.eye) if denied and finding is not None and finding.is_positive else ""


def _name(code: str) -> str:
    return LABELS[code].name if code in LABELS else code


def _shown(eye: Laterality | None) -> str:
    return eye.shown if eye else tr("eye?")
