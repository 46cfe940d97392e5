"""What the pages say when something was added, rejected, looked at only, or counted."""

import io
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest
from pypdf import PdfReader

from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.decisions import Addendum, Decision, Grade, Reading
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.referral import refer_patient
from retina_desktop.domain.report_content import (
    Language,
    Paper,
    PreviousFinding,
    PreviousVisit,
    Template,
)
from retina_desktop.reporting.examination_report import ReportAssets, render_report
from retina_desktop.reporting.pictures import choose_overlay
from retina_desktop.reporting.report_texts import load_texts
from tests.unit.reporting.contents import LEFT, RIGHT, SIGNATURE, make_content, make_photo

RESOURCES = Path(__file__).parents[3] / "resources"
ISOLATES = str.maketrans("", "", "\u2068\u2069")
ADDED = Addendum(
    1,
    1,
    "OCT shows oedema; referral brought forward.",
    datetime(2026, 3, 9, 8, tzinfo=UTC),
    "kdas",
    "Dr Kavita Das",
)


@pytest.fixture(scope="module")
def assets():
    return ReportAssets(RESOURCES)


@pytest.fixture
def say(assets):
    def said(content, template=Template.FULL, language=Language.ENGLISH) -> str:
        pdf = render_report(
            content, template=template, paper=Paper.A4, language=language, assets=assets
        )
        pages = [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]
        said.pages = len(pages)
        return re.sub(r"\s+", " ", " ".join(pages))

    return said


@pytest.mark.parametrize("template", Template)
def test_an_addendum_stands_in_every_template(say, template):
    text = say(make_content(addenda=(ADDED,)), template)
    assert "Added after signing on 9 March 2026 by Dr Kavita Das" in text
    assert "referral brought forward" in text
    assert template in {Template.FULL, Template.LEAFLET} or say.pages == 1


def test_a_summary_stays_on_one_page_whatever_was_written(say):
    reading = replace(make_content().reading, comment="word " * 400, referral_note="note " * 80)
    text = say(make_content(reading=reading, addenda=(ADDED,) * 3), Template.SUMMARY)
    assert say.pages == 1
    assert text.count("Added after signing") == 3


def test_long_addenda_go_on_on_the_next_page(say):
    long = replace(ADDED, text="膜" * 4000)
    assert say(make_content(addenda=(long, long))).count("膜") == 8000


def test_moments_are_told_in_the_zone_they_come_in(say):
    india = timezone(timedelta(hours=5, minutes=30))
    signed = replace(SIGNATURE, at=datetime(2026, 3, 3, 1, 15, tzinfo=india))
    text = say(make_content(signature=signed))
    assert "Signed by Dr Kavita Das on 3 March 2026" in text
    assert "Signed 3 March 2026, 01:15 UTC+05:30" in text


def test_a_preview_has_no_number(say):
    text = say(make_content(is_preview=True, report_id="preview"))
    assert text.count("Preview, not kept in the records") >= 3
    assert "Report preview" not in text


def test_what_the_reader_rejected_has_no_heatmap(say):
    text = say(make_content())
    assert "Heatmap: Diabetic retinopathy" in text
    assert "Heatmap: Optic disc cupping" not in text
    photo = make_photo(LEFT, {"Disease_Risk": 0.6, "ODC": 0.5})
    assert choose_overlay(photo) == "ODC"
    assert choose_overlay(photo, rejected={"ODC"}) == ""


def test_the_comparison_shows_the_readers_word_then_and_now(say):
    below = Finding("ERM", 0.2, 0.4, LabelStatus.EVALUATED)
    before = (
        PreviousFinding(RIGHT, Finding("DR", 0.90, 0.4, LabelStatus.EVALUATED), Grade.PRESENT),
        PreviousFinding(LEFT, below, Grade.QUESTIONABLE),  # seen by the reader alone
        PreviousFinding(LEFT, replace(below, label="LS"), Grade.ABSENT),
    )
    previous = PreviousVisit(date(2025, 3, 1), "rfmid-efficientnet_b0 1.2.0", before)
    text = say(make_content(previous=previous))
    assert "Diabetic retinopathy Right eye 90% (present) 91% (present) +1 point " in text
    assert "Epiretinal membrane Left eye 20% (questionable) 3% \u221217 points" in text
    assert "Laser scars Left eye" not in text


@pytest.mark.parametrize(
    ("born", "told"),
    [
        (date(2026, 1, 5), "(under 1 year)"),
        (date(2024, 12, 1), "(1 year)"),
        (date(2024, 1, 5), "(2 years)"),
    ],
)
def test_ages_are_counted_as_people_say_them(say, born, told):
    content = make_content()
    assert told in say(replace(content, patient=replace(content.patient, birth_date=born)))


def test_without_a_photograph_nobody_says_that_one_was_bad(say):
    bare = make_content(
        photographs=(),
        referral=refer_patient({}),
        reading=Reading(),
        previous=None,
        trends=(),
        signature=None,
        signature_image=b"",
    )
    text = say(bare)
    assert "No photograph was analysed." in text
    assert "could not be judged" not in text
    assert "The bar is the model's probability" not in text


def test_the_leaflet_names_whom_to_ask_line_by_line(say):
    clinic = ClinicProfile("مركز النور", contact="+962 6 555 0100\nask@noor.example")
    text = say(make_content(clinic=clinic), Template.LEAFLET, Language.ARABIC)
    assert "+962 6 555 0100" in text
    assert "ask@noor.example" in text


def test_a_decision_without_a_finding_is_compared_too(say):
    reading = Reading(decisions=(Decision(RIGHT, "LS", Grade.PRESENT),))
    assert "Laser scars Right eye \u2013 3% (present) \u2013" in say(
        make_content(reading=reading)
    )


def test_the_first_of_a_month_and_colons_are_french():
    texts = load_texts(RESOURCES / "report_texts", Language.FRENCH)
    assert texts.date(date(2026, 5, 1)) == "1er mai 2026"
    assert texts.date(date(2026, 5, 2)) == "2 mai 2026"
    assert texts.field("Motif") == "Motif\u00a0: "
    assert texts.percent(0.5).translate(ISOLATES) == "50\u00a0%"


@pytest.mark.parametrize("language", Language)
def test_no_sentence_breaks_before_its_own_sign(language):
    """French puts a space before : ; ? ! and %, which must not begin a line."""
    source = (RESOURCES / "report_texts" / f"{language.value}.toml").read_text("utf-8")
    lines = [line for line in source.split("\n") if " = " in line and line[0] != "#"]
    assert not [line for line in lines if re.search(r"\w} ?[ ][:;?!%]|\w [:;?!%]", line)]
