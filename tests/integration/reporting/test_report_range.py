"""What the pages say of a demonstration, and of photographs outside a model's range."""

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader

from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.referral import refer_photograph
from retina_desktop.domain.report_content import Language, Paper, ReportedPhotograph, Template
from retina_desktop.reporting.examination_report import ReportAssets, render_report
from tests.unit.reporting.contents import LEFT, MODEL, RIGHT, make_content, make_photo

RESOURCES = Path(__file__).parents[3] / "resources"
ISOLATES = str.maketrans("", "", "\u2068\u2069")
GOOD = ImageQuality(is_fundus=True, gradable=True, score=0.8)
RB_MODEL = replace(MODEL, id="retinoblastoma-efficientnetv2_m")
OUTSIDE = "Outside this model's validated range"
NOT_RELIED_ON = "answer on Retinoblastoma reached its threshold but is not relied on"
UNREAD = {"reading": Reading(), "signature": None, "trends": (), "previous": None}


def rb_photo(eye, probability: float | None, *suspected: str) -> ReportedPhotograph:
    """Return a photograph seen by a model of one label; None is outside its range."""
    check = RangeCheck(9.5, 4.0, suspected) if probability is None else RangeCheck(1.5, 4.0)
    status = LabelStatus.NOT_ASSESSED if probability is None else LabelStatus.DEMONSTRATION
    threshold = None if probability is None else 0.3
    findings = (Finding("RB", probability, threshold, status),)
    photo = make_photo(
        eye,
        {},
        findings=findings,
        model=RB_MODEL,
        range_check=check,
        quality=GOOD,
        referral=refer_photograph(findings, GOOD, check),
    )
    return replace(photo, maps=None)


@pytest.fixture(scope="module")
def assets():
    return ReportAssets(RESOURCES)


@pytest.fixture
def say(assets):
    def said(photographs, template=Template.FULL, language=Language.ENGLISH, **changes) -> str:
        content = make_content(photographs=photographs, **(UNREAD | changes))
        pdf = render_report(
            content, template=template, paper=Paper.A4, language=language, assets=assets
        )
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
        return re.sub(r"\s+", " ", " ".join(pages)).translate(ISOLATES)

    return said


@pytest.mark.parametrize("template", [Template.FULL, Template.SUMMARY, Template.LETTER])
def test_what_a_demonstration_found_is_called_one(say, template):
    text = say((rb_photo(RIGHT, 0.8), rb_photo(LEFT, 0.02)), template)

    assert "Retinoblastoma" in text
    assert "demonstration only" in text


def test_what_a_demonstration_did_not_find_is_called_one_too(say):
    text = say((rb_photo(RIGHT, 0.02), rb_photo(LEFT, 0.02)))

    assert "Retinoblastoma (demonstration only) 2%" in text


def test_what_a_reader_confirmed_is_no_demonstration_any_more(say):
    reading = Reading(decisions=(Decision(RIGHT, "RB", Grade.PRESENT),))
    text = say((rb_photo(RIGHT, 0.8),), Template.LETTER, reading=reading)

    assert "Retinoblastoma (confirmed)" in text
    assert "Because of: Retinoblastoma." in text


def test_no_family_reads_a_grave_name_on_a_demonstration_s_word(say):
    photographs = (rb_photo(RIGHT, 0.8), rb_photo(LEFT, None, "RB"))
    text = say(photographs, Template.LEAFLET)

    assert "Retinoblastoma" not in text
    assert "still being tested" in text
    assert "The computer program could not judge the photograph of this eye." in text
    assert "We found no sign" not in text


@pytest.mark.parametrize("template", [Template.FULL, Template.SUMMARY])
def test_outside_the_range_nothing_is_found_and_nothing_absent(say, template):
    text = say((rb_photo(RIGHT, None), rb_photo(LEFT, None)), template)

    assert OUTSIDE in text
    assert "No label reached its threshold" not in text
    assert "No assessed label" not in text
    assert "that no finding is listed here means nothing" in text
    assert "Refer soon (within two weeks)" in text


@pytest.mark.parametrize("template", [Template.FULL, Template.SUMMARY])
def test_a_suspicion_outside_the_range_is_told_and_not_as_a_finding(say, template):
    text = say((rb_photo(RIGHT, None, "RB"), rb_photo(LEFT, 0.02)), template)

    assert NOT_RELIED_ON in text
    assert "look at the photograph yourself" in text
    assert "above threshold" not in text.replace("nothing above threshold", "")


def test_the_letter_tells_a_suspicion_and_what_the_model_did_not_assess(say):
    text = say((rb_photo(RIGHT, None, "RB"), rb_photo(LEFT, None)), Template.LETTER)

    assert "Right eye: Retinoblastoma (the model's answer is not relied on" in text
    assert "Left eye: the photograph is outside the model's validated range" in text
    assert "nothing above threshold" not in text


def test_a_reader_who_looked_settles_the_suspicion(say):
    reading = Reading(decisions=(Decision(RIGHT, "RB", Grade.ABSENT),))
    text = say((rb_photo(RIGHT, None, "RB"),), reading=reading)

    assert NOT_RELIED_ON not in text
    assert OUTSIDE in text


@pytest.mark.parametrize("language", [lang for lang in Language if lang.value != "en"])
def test_no_language_leaves_the_caution_in_english(say, language):
    text = say((rb_photo(RIGHT, None, "RB"),), language=language)

    assert "validated range" not in text.split("SHA-256")[0]
