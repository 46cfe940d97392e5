"""Ready-made patients, visits, photographs and analyses for tests of the records."""

import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from retina_desktop.domain.examinations import ExaminationDetails, NewImage
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.manifests import BundleFile, LabelEntry, ModelManifest
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.stored_analyses import NewAnalysis, keep_analysis
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.key_vault import MasterKey
from retina_desktop.persistence.opening import Records, RecordsPlace, open_records
from retina_desktop.persistence.sqlite_engine import Encryption
from retina_desktop.services.records_ports import NewPhotograph
from tests.helpers.analyses import make_analysis

MORNING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
VISIT = date(2026, 3, 2)
MASTER = MasterKey(bytes(range(32)))
THUMBNAIL = b"\xff\xd8 a thumbnail \xff\xd9"
ORIGINAL = b"\xff\xd8 not a real photograph, but some bytes \xff\xd9" * 40


def stamp(minutes: float = 0, *, user: str = "anna") -> Stamp:
    """Return who, where and when: `minutes` after nine in the morning."""
    return Stamp(user, "desk-1", MORNING + timedelta(minutes=minutes))


def make_details(number: str = "P-1", **changes) -> PatientDetails:
    """Return a patient's details."""
    return PatientDetails(number, changes.pop("name", "Asha Rao"), **changes)


def make_visit(**changes) -> ExaminationDetails:
    """Return a visit's details."""
    return ExaminationDetails(changes.pop("visit_date", VISIT), **changes)


def make_manifest() -> ModelManifest:
    """Return the manifest of the model that `make_analysis` names."""
    analysis = make_analysis()
    return ModelManifest(
        schema=1,
        id=analysis.model.id,
        version=analysis.model.version,
        name="Test",
        architecture="efficientnet_b0",
        input_size=224,
        preprocessing=(),
        labels=tuple(LabelEntry(f.label, f.status, f.threshold) for f in analysis.findings),
        graph="model.onnx",
        weights="model.safetensors",
        files=(BundleFile("model.onnx", "1" * 64, 10),),
        intended_use="tests",
        limits=(),
        created_on="2026-01-01",
        licence="Apache-2.0",
        software_version="0.1.0",
    )


def make_new_analysis(sha256: str, **changes) -> NewAnalysis:
    """Return an analysis ready to be kept."""
    analysis = make_analysis(sha256=sha256, **changes)
    return keep_analysis(analysis, make_manifest(), software_version="0.1.0")


def keep_photograph(
    records: Records,
    content: bytes = ORIGINAL,
    *,
    eye: Laterality | None = Laterality.RIGHT,
    analysed: bool = True,
    **changes,
) -> NewPhotograph:
    """Put bytes into the image store and return the photograph to add to an examination."""
    kept = records.images.add(io.BytesIO(content))
    image = NewImage(
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        width=64,
        height=48,
        source_format="JPEG",
        thumbnail=THUMBNAIL,
        laterality=eye,
        laterality_source=LateralitySource.USER if eye else LateralitySource.NONE,
        original_name="od.jpg",
    )
    analysis = make_new_analysis(kept.sha256, **changes) if analysed else None
    return NewPhotograph(image, analysis)


@dataclass(frozen=True)
class Backend:
    """One kind of database; `open` gives the same records each time."""

    name: str
    place: RecordsPlace

    @property
    def master(self) -> MasterKey | None:
        return None if self.place.encryption is Encryption.NONE else MASTER

    def open(self, minutes: float = 0) -> Records:
        return open_records(self.place, master=self.master, by=stamp(minutes))
