import io
import re
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.decisions import Decision, Grade, OwnFinding, Reading
from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.referral import refer_patient
from retina_desktop.domain.report_content import (
    Language,
    Paper,
    ReportContent,
    Template,
)
from retina_desktop.reporting.examination_report import ReportAssets, render_report
from tests.unit.reporting.contents import LEFT, RIGHT, make_content, make_photo

HOSTILE = '<b>Rao</b> <font color="[().__class__]">&amp;</font> {name} %s <img src="x"/>'


@pytest.fixture(scope="module")
def assets():
    return ReportAssets(Path(__file__).parents[3] / "resources")


@pytest.fixture(scope="module")
def content():
    return make_content()


@pytest.fixture
def render(assets):
    def rendered(
        content, template=Template.FULL, *, paper=Paper.A4, language=Language.ENGLISH
    ) -> bytes:
        return render_report(
            content, template=template, paper=paper, language=language, assets=assets
        )

    return rendered


def read(pdf: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(pdf))


def text_of(pdf: bytes) -> str:
    pages = " ".join(page.extract_text() for page in read(pdf).pages)
    return re.sub(r"\s+", " ", pages)


def draft_of(content: ReportContent) -> ReportContent:
    return replace(content, signature=None, signature_image=b"")


def test_the_full_report_says_everything_in_words(render, content):
    text = text_of(render(content))
    for expected in (
        "Aravali Eye Clinic",
        "Asha Rao",
        "P-20417",
        "23 July 1961 (64 years)",
        "Refer soon (within two weeks)",
        "Decided by the reader",
        "Diabetic retinopathy",
        "91%, threshold 40% · above threshold",
        "Reader: present, moderate (agrees)",
        "Reader: absent (disagrees)",
        "Reason: Large disc, rim intact.",
        "Choroidal naevus",
        "Low contrast: clean the lens",
        "Not assessed by this model",
        "Retinitis pigmentosa",
        "Compared with the visit of 1 March 2025",
        "+36 points",
        "new above threshold",
        "Over the visits",
        "Dr Kavita Das",
        "rfmid-efficientnet_b0 version 1.2.0",
        "7f" * 32,
        "onnx on CPUExecutionProvider",
        "entry 18244, " + "9d" * 32,
        "RD-2026-03-02-000417-5f3a",
        "For research use only",
        "Page 1 of 3",
        "Page 3 of 3",
    ):
        assert expected in text, expected


@pytest.mark.parametrize("template", list(Template))
@pytest.mark.parametrize("language", list(Language))
def test_a_reprint_is_the_same_file(assets, content, template, language):
    def once(assets):
        return render_report(
            content, template=template, paper=Paper.A4, language=language, assets=assets
        )

    first = once(assets)
    fresh = ReportAssets(Path(__file__).parents[3] / "resources")
    assert first == once(fresh)


@pytest.mark.parametrize("template", list(Template))
def test_every_font_is_embedded(render, content, template):
    with pikepdf.open(io.BytesIO(render(content, template, language=Language.HINDI))) as pdf:
        fonts = {str(f.BaseFont): f for page in pdf.pages for f in page.resources.Font.values()}
        assert fonts
        for name, font in fonts.items():
            descriptor = font.DescendantFonts[0].FontDescriptor
            assert re.fullmatch(r"/[A-Z]{6}\+\w+[\w-]*", name)
            assert len(descriptor.FontFile2.read_bytes()) > 500
            assert b"beginbfchar" in font.ToUnicode.read_bytes()


@pytest.mark.parametrize(
    ("paper", "size"), [(Paper.A4, (595.276, 841.89)), (Paper.LETTER, (612.0, 792.0))]
)
def test_pages_have_the_papers_size(render, content, paper, size):
    for page in read(render(content, paper=paper)).pages:
        assert (float(page.mediabox.width), float(page.mediabox.height)) == pytest.approx(
            size, abs=0.01
        )


@pytest.mark.parametrize("template", list(Template))
def test_only_drafts_carry_the_watermark(render, content, template):
    for page in read(render(draft_of(content), template)).pages:
        assert "DRAFT" in page.extract_text()
    assert "DRAFT" not in text_of(render(content, template))


def test_summary_and_leaflet_fit_one_page_however_much_was_found(render, content):
    present = dict.fromkeys(("DR", "ARMD", "MH", "DN", "MYA", "BRVO", "ERM", "LS"), 0.9)
    present |= dict.fromkeys(("MS", "CSR", "ODC", "CRVO", "TV", "ODP", "RS", "EDN"), 0.7)
    photographs = (make_photo(RIGHT, present), make_photo(LEFT, present))
    many = replace(content, photographs=photographs, reading=Reading(comment="word " * 900))
    summary = render(many, Template.SUMMARY)
    assert len(read(summary).pages) == 1
    assert re.search(r"\d+ more; see the full report", text_of(summary))
    full = text_of(render(many))
    assert full.count("word") == 900
    for name in ("Central serous retinopathy", "Exudation", "Tortuous vessels"):
        assert full.count(name) >= 2


def test_markup_in_any_field_is_only_text(render, content):
    patient = replace(
        content.patient, name=HOSTILE, record_number="<i>1</i>", risk_factors=(HOSTILE,)
    )
    reading = Reading(
        decisions=(Decision(RIGHT, "DR", Grade.PRESENT, reason=HOSTILE),),
        own_findings=(OwnFinding(RIGHT, HOSTILE, note=HOSTILE),),
        comment=HOSTILE,
        referral=content.reading.referral,
        referral_note=HOSTILE,
    )
    hostile = replace(
        content,
        patient=patient,
        reading=reading,
        recipient=HOSTILE,
        clinic=ClinicProfile(HOSTILE, HOSTILE, HOSTILE),
    )
    for template, least in ((Template.FULL, 8), (Template.LETTER, 6), (Template.LEAFLET, 2)):
        text = text_of(render(hostile, template)).replace(" ", "")
        assert text.count(HOSTILE.replace(" ", "")) >= least, template


def test_an_almost_empty_examination_is_still_a_report(render, content):
    bare = replace(
        draft_of(content),
        clinic=ClinicProfile("Clinic"),
        photographs=(),
        referral=refer_patient({}),
        reading=Reading(),
        previous=None,
        trends=(),
        recipient="",
    )
    for template in Template:
        assert "Asha Rao" in text_of(render(bare, template))
    assert "No photograph of this eye." in text_of(render(bare))


def test_an_ungradable_photograph_never_reads_as_normal(render, content):
    quality = ImageQuality(is_fundus=True, gradable=False, score=0.1)
    photographs = (make_photo(RIGHT, {}, quality=quality), make_photo(LEFT, {}))
    unclear = replace(content, photographs=photographs, reading=Reading(), previous=None)
    full = text_of(render(unclear))
    assert "Not gradable (quality 10%)" in full
    assert "that no finding is listed here means nothing" in full
    leaflet = text_of(render(unclear, Template.LEAFLET))
    assert "was not clear enough" in leaflet
    assert leaflet.count("We found no sign") == 1


def test_long_chinese_notes_go_on_on_the_next_page(render, content):
    reading = Reading(
        decisions=(Decision(RIGHT, "DR", Grade.PRESENT, reason="眼" * 2000),),
        own_findings=(OwnFinding(LEFT, "底" * 200, note="網" * 2000),),
        comment="膜" * 5000,
        referral_note="轉" * 2000,
        referral=content.reading.referral,
    )
    text = text_of(render(replace(content, reading=reading), paper=Paper.LETTER))
    assert [text.count(letter) for letter in "眼網膜轉"] == [2000, 2000, 5000, 2000]


def test_arabic_and_devanagari_texts_can_be_copied_out(render, content):
    hindi = render(content, Template.LEAFLET, language=Language.HINDI)
    with pikepdf.open(io.BytesIO(hindi)) as pdf:
        streams = b"".join(page.Contents.read_bytes() for page in pdf.pages)
    assert "डायबिटिक".encode("utf-16-be").hex().upper().encode() in streams


def test_screen_readers_find_headings_figures_and_a_language(render, content):
    with pikepdf.open(io.BytesIO(render(content, language=Language.FRENCH))) as pdf:
        assert str(pdf.Root.Lang) == "fr"
        assert pdf.Root.MarkInfo.Marked
        parts = list(pdf.Root.StructTreeRoot.K.K)
        roles = [str(part.S) for part in parts]
        assert roles.count("/H1") == 1
        assert roles.count("/H2") >= 5
        figures = [part for part in parts if part.S == "/Figure"]
        assert all(str(figure.Alt) for figure in figures)
        assert any("carte de chaleur" in str(figure.Alt) for figure in figures)
        _check_parent_tree(pdf)


def _check_parent_tree(pdf: pikepdf.Pdf) -> None:
    numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    for page in pdf.pages:
        marked = re.findall(rb"/MCID (\d+)", page.Contents.read_bytes())
        elements = numbers[2 * int(page.obj.StructParents) + 1]
        assert [int(number) for number in marked] == list(range(len(elements)))
        assert all(element.Pg.objgen == page.obj.objgen for element in elements)


def test_the_metadata_name_the_report_and_no_patient(render, content):
    pdf = render(content)
    information = read(pdf).metadata
    assert information.title == "Retinal examination report RD-2026-03-02-000417-5f3a"
    assert information.creation_date == content.created_at
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        xmp = opened.Root.Metadata.read_bytes().decode()
        assert "2026-03-02T15:05:00+00:00" in xmp
        assert "Asha" not in xmp
        assert opened.Root.OutputIntents[0].DestOutputProfile.N == 3
        assert opened.check_pdf_syntax() == []


def test_a_damaged_logo_is_told_in_one_sentence(render, content):
    damaged = replace(content, clinic=ClinicProfile("Clinic", logo=b"not an image"))
    with pytest.raises(ImageUnreadableError):
        render(damaged)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Z", "C"]), min_size=1))
def test_any_name_gives_a_report(assets, name):
    content = make_content(photographs=())
    named = replace(content, patient=replace(content.patient, name=name[:200]))
    pdf = render_report(
        named,
        template=Template.LETTER,
        paper=Paper.A4,
        language=Language.ARABIC,
        assets=assets,
    )
    assert len(read(pdf).pages) >= 1
