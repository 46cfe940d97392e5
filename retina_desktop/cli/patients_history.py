"""``retina-desktop patients history``: both eyes over the visits."""

from typing import Annotated

import typer

from retina_desktop.cli.console import give, give_json, guarded
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    eye_shown,
    opened,
    patient_by_number,
)
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.patient_histories import (
    EyeAtVisit,
    HistoryPoint,
    LabelAtVisit,
    LabelHistory,
    VisitAtHistory,
)


def register(app: typer.Typer) -> None:
    """Add the command to the group of patients."""
    app.command()(history)


@guarded
def history(
    record_number: Annotated[str, typer.Argument()],
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Show what models and readers said of each eye at each visit, and how it went on."""
    with opened(data_dir, user) as session:
        wanted = patient_by_number(session, record_number)
        found = session.patients.history(session.acting, wanted.id)
    trends = found.trends()
    if as_json:
        give_json(document(patient=found.patient, visits=found.visits, trends=trends))
        return
    details = found.patient.details
    lines = [f"{details.record_number}  {details.name}"]
    for visit in found.visits:
        lines += _visit(visit)
    if trends:
        lines.append("Over the visits:")
        lines += [_trend(trend) for trend in trends]
    give("\n".join(lines) if found.visits else f"{lines[0]}\nNo examination yet.")


def _visit(visit: VisitAtHistory) -> list[str]:
    summary = visit.summary
    tier = f", {summary.tier.shown}" if summary.tier else ""
    lines = [f"{summary.visit_date}  examination {summary.id}: {summary.state}{tier}"]
    lines += [f"  {_eye(eye)}" for eye in visit.eyes]
    lines += [f"  {eye_shown(own.eye)}: {own.name} (reader)" for own in visit.own_findings]
    return lines


def _eye(eye: EyeAtVisit) -> str:
    said = [word for label in eye.labels if (word := _label(label))]
    if eye.quality is None:
        quality = "not analysed"
    elif not eye.quality.gradable:
        quality = "cannot be judged"
    else:
        quality = ", ".join(said) or "nothing present"
    return f"{eye_shown(eye.eye)}: {quality}"


def _label(said: LabelAtVisit) -> str:
    finding, decision = said.finding, said.decision
    if said.label == DISEASE_RISK:
        return ""
    if decision is not None:
        model = f", model {finding.probability:.0%}" if finding and finding.probability else ""
        return f"{said.label} {decision.grade} (reader{model})"
    if finding is not None and finding.is_positive and finding.probability is not None:
        return f"{said.label} {finding.probability:.0%}"
    return ""


def _trend(trend: LabelHistory) -> str:
    steps = " -> ".join(_point(point) for point in trend.points)
    return f"  {trend.label} {eye_shown(trend.eye)}: {steps}"


def _point(point: HistoryPoint) -> str:
    finding = point.finding
    model = "not assessed"
    if finding is not None and finding.probability is not None:
        model = f"{finding.probability:.0%}{'*' if finding.is_positive else ''}"
    return f"{model} {point.decision.grade}" if point.decision else model
