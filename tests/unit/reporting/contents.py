"""Ready-made report contents: an examination of two eyes, and ways to vary it."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache

import numpy as np
from PIL import Image, ImageDraw

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.audit import AuditHead
from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Reading,
    Severity,
    Signature,
)
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    VisualAcuity,
)
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import (
    FieldOfView,
    Laterality,
    LateralityAssessment,
    LateralitySource,
    RgbImage,
)
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.domain.patients import Condition, PatientDetails, Sex
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.domain.referral import refer_patient, refer_photograph
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import (
    ModelProfile,
    PreviousFinding,
    PreviousVisit,
    ReportContent,
    ReportedPhotograph,
    Trend,
    TrendPoint,
)
from retina_desktop.domain.stored_analyses import AnalysisContent, ModelProvenance
from tests.helpers.rendered_fundus import centred_field, render_fundus

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
SIZE = (712, 1072)  # pixels, height and width
NOT_ASSESSED = frozenset({"AION", "PT", "RT", "ST", "RP"})
MODEL = ModelProvenance(
    "rfmid-efficientnet_b0", "1.2.0", "7f" * 32, "onnx", "CPUExecutionProvider", 384, ()
)
SIGNED_AT = datetime(2026, 3, 2, 15, 4, tzinfo=UTC)
SIGNATURE = Signature("kdas", "Dr Kavita Das", SIGNED_AT, "c0" * 32)


@cache
def fundus(eye: Laterality) -> RgbImage:
    """Return a rendered photograph of `eye`."""
    rendered = render_fundus(size=SIZE, laterality=eye, seed=1 if eye is RIGHT else 2)
    pixels = getattr(rendered, "pixels", rendered)
    return np.asarray(pixels, np.uint8)


def make_findings(present: dict[str, float]) -> tuple[Finding, ...]:
    """Return all labels, those of `present` with their probability, at a threshold of 0.4."""
    findings = []
    for code in RFMID_CODES:
        if code in NOT_ASSESSED and code not in present:
            findings.append(Finding(code, None, None, LabelStatus.NOT_ASSESSED))
            continue
        status = LabelStatus.DEMONSTRATION if code == "CRS" else LabelStatus.EVALUATED
        findings.append(Finding(code, present.get(code, 0.031), 0.4, status))
    return tuple(findings)


def make_maps(codes: tuple[str, ...] = RFMID_CODES) -> ActivationMaps:
    """Return maps with one warm place each."""
    values = np.full((len(codes), 12, 12), -0.5, np.float32)
    for index in range(len(codes)):
        values[index, 4 + index % 4, 5 + index % 3] = 3.0
        values[index, 5 + index % 4, 5 + index % 3] = 2.0
    field = centred_field(SIZE)
    side = 2 * field.radius
    return ActivationMaps(
        codes, values, field.center_x - field.radius, field.center_y - field.radius, side, field
    )


def make_photo(
    eye: Laterality | None,
    present: dict[str, float],
    *,
    quality: ImageQuality | None = None,
    pixels: bool = True,
    **changes,
) -> ReportedPhotograph:
    """Return an analysed photograph of `eye`."""
    findings = make_findings(present)
    judged = quality or ImageQuality(is_fundus=True, gradable=True, score=0.87)
    field: FieldOfView = centred_field(SIZE)
    content = AnalysisContent(
        image_sha256=("a1" if eye is RIGHT else "b2") * 32,
        width=SIZE[1],
        height=SIZE[0],
        model=MODEL,
        software_version="0.1.0",
        quality=judged,
        laterality=LateralityAssessment(
            eye, LateralitySource.IMAGE if eye else LateralitySource.NONE, 0.97
        ),
        referral=refer_photograph(findings, judged),
        findings=findings,
        field_of_view=field,
    )
    shown = fundus(eye or RIGHT) if pixels else None
    return ReportedPhotograph(eye, shown, replace(content, **changes), make_maps())


def mark_png(text: str = "Sehzentrum", *, size: tuple[int, int] = (480, 160)) -> bytes:
    """Return a small transparent PNG, as a logo or signature."""
    picture = Image.new("RGBA", size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((10, 10, 150, 150), fill=(11, 92, 115, 255))
    draw.ellipse((50, 50, 110, 110), fill=(255, 255, 255, 255))
    draw.text((180, 60), text, fill=(11, 92, 115, 255), font_size=44)
    data = io.BytesIO()
    picture.save(data, "PNG")
    return data.getvalue()


def make_reading(**changes) -> Reading:
    """Return a reader's word on `make_content`'s findings."""
    reading = Reading(
        decisions=(
            Decision(RIGHT, "DR", Grade.PRESENT, Agreement.AGREE, severity=Severity.MODERATE),
            Decision(RIGHT, "EDN", Grade.PRESENT, Agreement.AGREE),
            Decision(
                LEFT, "ODC", Grade.ABSENT, Agreement.DISAGREE, reason="Large disc, rim intact."
            ),
        ),
        own_findings=(OwnFinding(LEFT, "Choroidal naevus", note="One disc diameter, flat."),),
        comment="Hard exudates near the fovea in the right eye; HbA1c and blood pressure to be "
        "checked. Repeat photographs after treatment.",
        referral=ReferralTier.SOON,
        referral_note="Retina clinic, with OCT of the macula.",
    )
    return replace(reading, **changes)


def make_history() -> dict[str, object]:
    """Return the visit before and the trends."""
    before = (
        PreviousFinding(RIGHT, Finding("DR", 0.55, 0.4, LabelStatus.EVALUATED), Grade.PRESENT),
        PreviousFinding(RIGHT, Finding("EDN", 0.21, 0.4, LabelStatus.EVALUATED)),
        PreviousFinding(LEFT, Finding("ODC", 0.45, 0.4, LabelStatus.EVALUATED), Grade.ABSENT),
    )
    days = (date(2024, 2, 11), date(2024, 9, 3), date(2025, 3, 1), date(2026, 3, 2))
    dr = tuple(
        TrendPoint(day, p, 0.4) for day, p in zip(days, (0.2, 0.35, 0.55, 0.91), strict=True)
    )
    odc = tuple(
        TrendPoint(day, p, 0.4) for day, p in zip(days, (0.3, 0.38, 0.45, 0.52), strict=True)
    )
    model = f"{MODEL.id} {MODEL.version}"
    return {
        "previous": PreviousVisit(date(2025, 3, 1), model, before),
        "trends": (Trend(RIGHT, "DR", dr), Trend(LEFT, "ODC", odc)),
    }


def make_content(**changes) -> ReportContent:
    """Return the signed examination of two eyes, one with a diabetic retinopathy."""
    photographs = (
        make_photo(RIGHT, {"Disease_Risk": 0.95, "DR": 0.91, "EDN": 0.63}),
        make_photo(
            LEFT,
            {"Disease_Risk": 0.6, "ODC": 0.52},
            quality=ImageQuality(
                is_fundus=True,
                gradable=True,
                score=0.58,
                reasons=(QualityReason.LOW_CONTRAST,),
            ),
        ),
    )
    photos = changes.pop("photographs", photographs)
    referrals = {
        eye: [p.analysis.referral for p in photos if p.eye is eye and p.analysis]
        for eye in (RIGHT, LEFT, None)
    }
    content = ReportContent(
        report_id="RD-2026-03-02-000417-5f3a",
        created_at=datetime(2026, 3, 2, 15, 5, tzinfo=UTC),
        clinic=ClinicProfile(
            "Aravali Eye Clinic",
            "14 Lake Road, Udaipur 313001, Rajasthan, India",
            "+91 294 555 0199 · reports@aravali-eye.example",
            mark_png(),
        ),
        patient=PatientDetails(
            "P-20417",
            "Asha Rao",
            date(1961, 7, 23),
            Sex.FEMALE,
            diabetes=Condition.YES,
            hypertension=Condition.NO,
            risk_factors=("smoker", "family history of glaucoma"),
        ),
        visit=ExaminationDetails(
            date(2026, 3, 2),
            "N. Iyer",
            "Yearly diabetic screening",
            EyeMeasurements(
                VisualAcuity("6/12", Correction.CORRECTED), IntraocularPressure(16)
            ),
            EyeMeasurements(VisualAcuity("6/6", Correction.CORRECTED), IntraocularPressure(18)),
        ),
        photographs=photos,
        referral=refer_patient(referrals),
        reading=make_reading(),
        model=ModelProfile(
            "RFMiD EfficientNet-B0",
            "Research on reading aids for colour fundus photographs of adults.",
            ("Not trained on photographs of children.",),
        ),
        software_version="0.1.0",
        audit_head=AuditHead(18_244, "9d" * 32),
        signature=SIGNATURE,
        signature_image=mark_png("K. Das"),
        recipient="Dr Meera Nair\n7 Station Road\nJaipur 302006",
        **make_history(),
    )
    return replace(content, **changes)
