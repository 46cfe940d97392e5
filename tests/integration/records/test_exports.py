"""What leaves the records: whole for one patient, nameless for research."""

import csv
import io
import json
import zipfile
import zlib
from datetime import date
from itertools import pairwise

import jsonschema
import numpy as np
import pytest
import pyzipper
from PIL import Image, ImageDraw, ImageFont
from skimage.data import retina

from retina_desktop import __version__
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.errors import OutputUnwritableError, TaskCancelledError
from retina_desktop.domain.pseudonyms import Pseudonyms
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.transfer_errors import OutputExistsError
from retina_desktop.domain.users import Role
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.persistence.archives import make_archive
from retina_desktop.persistence.report_store import SqlReportStore
from retina_desktop.persistence.research_selection import SqlResearchSelection
from retina_desktop.persistence.whole_record import SqlWholeRecord
from retina_desktop.services.deidentification import ExportForResearch, PictureFormat
from retina_desktop.services.patient_export import (
    ExportExamination,
    ExportPatient,
    ExportStores,
    PatientExportWishes,
)
from retina_desktop.services.record_documents import as_json
from retina_desktop.services.research_ports import ResearchWishes
from retina_desktop.services.research_tables import TABLES
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_folders import whole_folder
from tests.helpers.clinics import (
    COMMENT,
    CONTACT,
    NAME,
    NOTES,
    NUMBER,
    OWN_FINDING,
    acting,
    fill_clinic,
)
from tests.helpers.records import keep_photograph, make_visit, stamp

FOLDERS = Folders.find({})
PLAIN = PatientExportWishes()


def pixels(data):
    return decode_bytes(data).pixels


def stores_of(records):
    return ExportStores(
        patients=records.patients,
        examinations=records.examinations,
        analyses=records.analyses,
        readings=records.readings,
        reports=SqlReportStore(records.audited, records.images),
        images=records.images,
        audit=records.audit,
        whole=SqlWholeRecord(records.audited),
        software_version=__version__,
    )


def export(records, out, wishes=PLAIN, *, context=None, who=None, unprinted=None):
    act = ExportPatient(stores_of(records), make_archive, pixels, unprinted)
    return act(context or TaskContext(), who or acting(), 1, out, wishes)


def validate(document, name):
    schema = json.loads((FOLDERS.resources / "schemas" / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(document)


def test_a_whole_record_is_an_archive_with_a_documented_schema(records, tmp_path):
    fill_clinic(records)
    out = tmp_path / "record.zip"
    printed = lambda number: [("preview.pdf", f"examination:{number}", b"%PDF-")]  # noqa: E731
    told = export(records, out, PatientExportWishes(heatmaps=True), unprinted=printed)
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        document = json.loads(archive.read("record.json"))
        listed = {file["path"]: file for file in document["files"]}
        assert set(archive.namelist()) == {*listed, "record.json"}
        originals = [
            archive.read(f"examination-1/photograph-{image.id}.jpg")
            for image in records.examinations.images(1)
        ]
    validate(document, "patient_record.json")
    stored = [records.images.read(image.sha256) for image in records.examinations.images(1)]
    assert originals == stored  # byte for byte
    assert document == as_json(told)
    assert document["patient"]["details"]["name"] == NAME
    assert len(document["visits"][0]["analyses"]) == 2
    assert document["visits"][0]["addenda"][0]["text"] == COMMENT
    assert "examination-1/preview.pdf" in listed
    assert all(NAME not in path for path in listed)
    about = {(e["event"]["action"], e["event"]["record"]["id"]) for e in document["audit"]}
    assert ("patient added", 1) in about
    assert ("patient added", 2) not in about
    assert ("exported", 1) in about  # this very export


def test_an_archive_can_have_a_password(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    out = tmp_path / "record.zip"
    export(sqlite_records, out, PatientExportWishes(password="a long password"))
    assert NAME.encode() not in out.read_bytes()
    with pyzipper.AESZipFile(out) as archive:
        with pytest.raises(RuntimeError):
            archive.read("record.json")
        archive.setpassword(b"a long password")
        validate(json.loads(archive.read("record.json")), "patient_record.json")
    assert "a long" not in repr(PatientExportWishes(password="a long password"))


def test_an_archive_is_whole_or_not_there_and_replaces_nothing_unasked(
    sqlite_records, tmp_path
):
    fill_clinic(sqlite_records)
    out = tmp_path / "record.zip"
    out.write_bytes(b"mine")
    with pytest.raises(OutputExistsError):
        export(sqlite_records, out)
    stopped = TaskContext()
    stopped.cancel()
    with pytest.raises(TaskCancelledError):
        export(sqlite_records, out, PatientExportWishes(replace=True), context=stopped)
    assert out.read_bytes() == b"mine"
    export(sqlite_records, out, PatientExportWishes(replace=True))
    assert zipfile.is_zipfile(out)
    assert [path.name for path in tmp_path.glob("*.zip")] == ["record.zip"]
    assert not list(tmp_path.glob(".draft-*"))
    with pytest.raises(OutputUnwritableError):
        export(sqlite_records, tmp_path / "nowhere" / "record.zip")


def test_a_lost_photograph_is_named_and_stops_nothing(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    first = sqlite_records.examinations.images(1)[1]
    sqlite_records.images.remove(first.sha256)
    told = export(sqlite_records, tmp_path / "record.zip")
    assert told.missing == (f"image:{first.id}",)


def test_one_examination_as_json(records, tmp_path):
    fill_clinic(records)
    records.examinations.add(1, make_visit(visit_date=date(2026, 4, 1)), by=stamp(9))
    for examination in (1, 3):
        out = tmp_path / f"{examination}.json"
        ExportExamination(stores_of(records))(acting(), examination, out)
        document = json.loads(out.read_bytes())
        validate(document, "examination.json")
        assert document["visit"]["examination"]["id"] == examination
    document["visit"]["surprise"] = 1
    with pytest.raises(jsonschema.ValidationError):
        validate(document, "examination.json")


def test_exports_need_the_permission(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    nurse = acting(Role.TECHNICIAN)
    with pytest.raises(PermissionDeniedError):
        export(sqlite_records, tmp_path / "a.zip", who=nurse)
    with pytest.raises(PermissionDeniedError):
        ExportExamination(stores_of(sqlite_records))(nurse, 1, tmp_path / "a.json")
    with pytest.raises(PermissionDeniedError):
        research(sqlite_records, tmp_path / "out", who=nurse)
    assert not list(tmp_path.glob("a.*"))


# De-identified


def research(
    records, out, *, who=None, context=None, picture_format=PictureFormat.PNG, **wishes
):
    act = ExportForResearch(
        selection=SqlResearchSelection(records.audited),
        patients=records.patients,
        examinations=records.examinations,
        analyses=records.analyses,
        readings=records.readings,
        images=records.images,
        audit=records.audit,
        decode=pixels,
        folder=whole_folder,
        pseudonyms=Pseudonyms(bytes(range(32))),
        software_version=__version__,
    )
    return act(
        context or TaskContext(),
        who or acting(),
        out,
        ResearchWishes(**wishes),
        picture_format=picture_format,
    )


def photograph(*, text="", kind="JPEG", **saved):
    """Return a real retina as a file, with everything a file can say beside its pixels."""
    picture = Image.fromarray(np.ascontiguousarray(retina()[::4, ::4]))
    draw = ImageDraw.Draw(picture)
    face = ImageFont.truetype(str(FOLDERS.resources / "fonts" / "NotoSans-Regular.ttf"), 14)
    draw.text((2, 2), NUMBER, fill=(255, 255, 255), font=face)  # in the frame
    draw.text((120, 220), text, fill=(255, 255, 255), font=face)  # on the retina
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = NAME
    data = io.BytesIO()
    picture.save(data, kind, quality=95, exif=exif, **saved)
    return data.getvalue()


def add_photograph(records, data, *, day=date(2026, 3, 2), patient_id=1):
    kept = keep_photograph(records, data, analysed=False)
    return records.examinations.add(
        patient_id, make_visit(visit_date=day), photographs=[kept], by=stamp(9)
    )


def table(out, name):
    return list(csv.DictReader(io.StringIO((out / f"{name}.csv").read_text(encoding="utf-8"))))


def inflated(data):
    """Yield the bytes, and what any zlib stream within a PNG unpacks to."""
    yield data
    position = 8
    while data.startswith(b"\x89PNG") and position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        kind, body = (
            data[position + 4 : position + 8],
            data[position + 8 : position + 8 + length],
        )
        assert kind in (b"IHDR", b"IDAT", b"IEND")  # no text, no profile, no EXIF
        if kind != b"IDAT":
            yield body
        position += 12 + length
    if data.startswith(b"\x89PNG"):
        at = [i for i in range(len(data) - 4) if data[i : i + 4] == b"IDAT"]
        sizes = [int.from_bytes(data[i - 4 : i], "big") for i in at]
        packed = b"".join(
            data[i + 4 : i + 4 + n] for i, n in zip(at, sizes, strict=True) if i + n < len(data)
        )
        yield zlib.decompress(packed)


@pytest.mark.parametrize("picture_format", list(PictureFormat))
def test_nothing_that_names_anybody_leaves(sqlite_records, tmp_path, picture_format):
    fill_clinic(sqlite_records)
    add_photograph(sqlite_records, photograph(comment=NAME.encode()))
    add_photograph(sqlite_records, photograph(kind="TIFF", description=NAME))
    out = tmp_path / "out"
    counts = research(sqlite_records, out, picture_format=picture_format)
    assert counts.photographs >= 2
    hashes = [
        image.sha256
        for examination in (1, 2, 3, 4)
        for image in sqlite_records.examinations.images(examination)
    ]
    names = [*NAME.split(), NUMBER, NOTES, CONTACT, COMMENT, OWN_FINDING, "Asha", "OTHER-2"]
    names += ["2026-03-02", "1931", "Anna", "Ito", "Tom", "od.jpg", *hashes]
    secrets = [
        word.encode(coding) for word in names for coding in ("utf-8", "utf-16-le", "utf-16-be")
    ]
    files = [path for path in out.rglob("*") if path.is_file()]
    assert len(files) == counts.photographs + len(TABLES) + 3
    for path in files:
        assert not [name for name in names if name in str(path.relative_to(out))]
        for content in inflated(path.read_bytes()):
            assert not [secret for secret in secrets if secret in content], path.name


def test_text_on_the_retina_keeps_a_photograph_back(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    clean = add_photograph(sqlite_records, photograph(), day=date(2026, 5, 1))
    marked = add_photograph(sqlite_records, photograph(text=NUMBER), day=date(2026, 5, 2))
    out = tmp_path / "out"
    counts = research(sqlite_records, out, from_day=date(2026, 5, 1))
    assert (counts.visits, counts.photographs) == (2, 1)
    assert counts.refused == {"text was detected in the photograph": 1}
    names = Pseudonyms(bytes(range(32)))
    assert [row["visit"] for row in table(out, "refused")] == [names.name("visit", marked.id)]
    (row,) = table(out, "photographs")
    assert row["visit"] == names.name("visit", clean.id)
    picture = np.asarray(Image.open(out / row["file"]))
    assert not picture[:20, :60].any()  # the number in the frame is gone


def test_tables_fit_together_and_days_keep_their_distances(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    add_photograph(sqlite_records, photograph(), day=date(2026, 5, 1))
    add_photograph(sqlite_records, photograph(), day=date(2026, 6, 1))
    out = tmp_path / "out"
    research(sqlite_records, out)
    visits = {row["visit"]: row for row in table(out, "visits")}
    names = Pseudonyms(bytes(range(32)))
    mine = sorted(
        date.fromisoformat(row["day"])
        for row in visits.values()
        if row["patient"] == names.name("patient", 1)
    )
    assert [(b - a).days for a, b in pairwise(mine)] == [60, 31]
    assert {row["age"] for row in visits.values()} == {"90+", ""}
    decisions = table(out, "decisions")
    assert {(d["label"], d["grade"], d["signed"]) for d in decisions} == {
        ("DR", "present", "yes")
    }
    assert all(decision["visit"] in visits for decision in decisions)
    photographs = {row["photograph"] for row in table(out, "photographs")}
    assert {row["photograph"] for row in table(out, "findings")} <= photographs
    described = {(r["file"], r["column"]) for r in table(out, "data_dictionary")}
    for name in TABLES:
        header = (out / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0].split(",")
        assert {(f"{name}.csv", column) for column in header} <= described
    manifest = json.loads((out / "manifest.json").read_text())
    assert {file["path"] for file in manifest["files"]} == {
        str(path.relative_to(out)) for path in out.rglob("*.*") if path.name != "manifest.json"
    }


def test_visits_are_chosen_by_label_and_day(records, tmp_path):
    fill_clinic(records)
    add_photograph(records, photograph(), day=date(2026, 5, 1))
    assert research(records, tmp_path / "a", labels=("DR",)).visits == 2
    assert research(records, tmp_path / "b", to_day=date(2026, 4, 30)).visits == 2
    nothing = research(records, tmp_path / "c", labels=("DR",), from_day=date(2026, 5, 1))
    assert nothing.visits == 0
    assert not (tmp_path / "c").exists()


def test_an_export_is_whole_or_not_there_and_told_by_counts(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    stopped = TaskContext()
    stopped.cancel()
    with pytest.raises(TaskCancelledError):
        research(sqlite_records, tmp_path / "out", context=stopped)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    with pytest.raises(OutputExistsError):
        research(sqlite_records, tmp_path / "full")
    assert {path.name for path in tmp_path.iterdir()} - {"records"} == {"full"}
    (tmp_path / "empty").mkdir()
    research(sqlite_records, tmp_path / "empty")
    told = [
        e.event
        for e in sqlite_records.audit.entries()
        if e.event.action == AuditAction.EXPORTED
    ]
    assert [event.details["for"] for event in told] == ["research"]
    assert told[0].details["patients"] == "2"


def test_pseudonyms_are_the_same_from_export_to_export(sqlite_records, tmp_path):
    fill_clinic(sqlite_records)
    for name in ("a", "b"):
        research(sqlite_records, tmp_path / name)
    assert table(tmp_path / "a", "visits") == table(tmp_path / "b", "visits")
