"""``retina-desktop report``: one examination as a PDF."""

import secrets
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from retina_desktop.bootstrap import model_library
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, shown, stop
from retina_desktop.cli.examinations import ExaminationId
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    folders_of,
    opened,
)
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import BundleRefusedError, ModelNotFoundError
from retina_desktop.domain.report_content import (
    ClinicProfile,
    Language,
    ModelProfile,
    Paper,
    Template,
)
from retina_desktop.domain.users import Permission
from retina_desktop.services.whole_files import check_writable, write_whole

if TYPE_CHECKING:
    from retina_desktop.services.examination_records import ExaminationRecord


@guarded
def report(
    *,
    examination: ExaminationId,
    out: Annotated[Path, typer.Option(metavar="FILE", help="The PDF to write.")],
    template: Annotated[Template, typer.Option(help="For whom.")] = Template.FULL,
    paper: Annotated[Paper, typer.Option(case_sensitive=False)] = Paper.A4,
    language: Annotated[str, typer.Option(help="Of the words: en ...")] = "en",
    clinic: Annotated[str, typer.Option(help="Name of the clinic, printed at the top.")] = "",
    clinic_address: Annotated[str, typer.Option()] = "",
    recipient: Annotated[
        str, typer.Option(help="Name and address of whom the letter is for.")
    ] = "",
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Print an examination; until it is signed, every page says that it is a draft.

    Each run makes a report with a number of its own and writes it into the audit trail.
    """
    folders = folders_of(data_dir)
    words = _language(folders, language)
    if out.is_dir():
        stop(ExitCode.USAGE, f"{shown(out)} is a folder; name a file for the PDF.")
    check_writable(out)
    from retina_desktop.cli.report_content import ReportFrame, report_content
    from retina_desktop.reporting.examination_report import ReportAssets, render_report

    with opened(data_dir, user) as session:
        by = session.acting.allowed(Permission.EXPORT)
        record = session.open_examination(session.acting, examination)
        frame = ReportFrame(
            report_id=_new_id(examination),
            created_at=datetime.now(UTC).replace(microsecond=0),
            clinic=ClinicProfile(clinic or "Retina Desktop", clinic_address),
            recipient=recipient,
            model=_model_profile(folders, record),
        )
        content = report_content(session.records, record, frame)
        assets = ReportAssets(folders.resources)
        pdf = render_report(
            content, template=template, paper=paper, language=words, assets=assets
        )
        facts = {
            "report": frame.report_id,
            "template": template.value,
            "sha256": sha256(pdf).hexdigest(),
            "signed": "yes" if content.is_signed else "no",
            "head": f"{content.audit_head.sequence}:{content.audit_head.hash}",
        }
        # Written down before anything leaves the records.
        reference = RecordReference(RecordKind.EXAMINATION, examination)
        session.records.audit.record(
            AuditEvent(AuditAction.REPORT_MADE, reference, facts), by=by
        )
        write_whole(out, pdf)
    _tell(out, facts, as_json=as_json)


def _tell(out: Path, facts: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        give_json(document(out=str(out), **facts))
    else:
        give(f"{shown(out)}  report {facts['report']}")
    if facts["signed"] == "no":
        say("The examination is not signed: the report is marked as a draft.")


def _language(folders: Folders, wanted: str) -> Language:
    """Return a language whose texts are there; end the command for any other."""
    texts = folders.resources / "report_texts"
    there = [language for language in Language if (texts / f"{language.value}.toml").is_file()]
    named = {language.value: language for language in there}
    if wanted.lower() not in named:
        stop(ExitCode.USAGE, f"Reports are written in: {', '.join(named)}.")
    return named[wanted.lower()]


def _new_id(examination: int) -> str:
    return f"E{examination}-{secrets.token_hex(4).upper()}"


def _model_profile(folders: Folders, record: "ExaminationRecord") -> ModelProfile:
    """Return what the newest model's manifest says, or its id where it is not installed."""
    analyses = [record.newest_analysis(image.id) for image in record.images]
    models = [analysis.content.model for analysis in analyses if analysis]
    if not models:
        return ModelProfile("no model")
    newest = models[-1]
    try:
        manifest = model_library(folders).find(newest.id).manifest
    except (ModelNotFoundError, BundleRefusedError):
        return ModelProfile(newest.id)
    if manifest.version != newest.version:
        return ModelProfile(newest.id)
    return ModelProfile(manifest.name, manifest.intended_use, manifest.limits)
