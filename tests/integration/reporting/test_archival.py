"""Signed reports say that they are PDF/A-1b; here is what can be checked of that.

The rules are those of ISO 19005-1. Where Apache PDFBox' Preflight is installed (Debian:
libpdfbox2-java libjaxb-api-java libactivation-java and a Java runtime; elsewhere the folder
PREFLIGHT_JARS), it checks all of them.
"""

import io
import os
import re
import shutil
import subprocess
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pikepdf
import pytest
from PIL import Image, ImageCms

from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.reporting.colour_profile import srgb_profile
from retina_desktop.reporting.examination_report import ReportAssets, render_report
from tests.unit.reporting.contents import make_content

JARS = ("preflight", "pdfbox2", "fontbox2", "xmpbox", "commons-logging", "jaxb-api")
ACTIVATION = "javax.activation"
SHARED = Path(os.environ.get("PREFLIGHT_JARS", "/usr/share/java"))
FORBIDDEN_KEYS = {
    *("/JavaScript", "/JS", "/AA", "/OpenAction", "/EmbeddedFiles", "/AcroForm", "/AF"),
    *("/OCProperties", "/XFA", "/Encrypt", "/SMask", "/Alternates", "/OPI", "/PS", "/TR"),
    *("/F", "/FFilter", "/FDecodeParms", "/HTP"),
}
FORMS = [(template, language) for template in Template for language in Language]


@pytest.fixture(scope="module")
def assets():
    return ReportAssets(Path(__file__).parents[3] / "resources")


@pytest.fixture(scope="module")
def reports(assets):
    """Every template in every language, signed."""
    content = make_content()
    return {
        (template, language): render_report(
            content, template=template, paper=Paper.A4, language=language, assets=assets
        )
        for template, language in FORMS
    }


@pytest.mark.parametrize(("template", "language"), FORMS)
def test_a_signed_report_keeps_the_rules(reports, template, language):
    data = reports[template, language]
    _check_file(data)
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
        _check_objects(pdf)
        _check_fonts(pdf)
        _check_metadata(pdf)
        _check_colour(pdf)


def _check_file(data: bytes) -> None:
    """6.1.2 to 6.1.4: header, trailer, a table of references and no stream of them."""
    assert data.startswith(b"%PDF-1.4\n%")
    assert all(byte > 127 for byte in data.split(b"\n", 2)[1][1:5])
    assert data.rstrip().endswith(b"%%EOF")
    assert b"/ObjStm" not in data
    assert b"/XRef" not in data
    assert re.search(rb"/ID \[ ?<[0-9a-f]{32}><[0-9a-f]{32}> ?\]", data)


def _check_objects(pdf: pikepdf.Pdf) -> None:
    """6.1.7, 6.1.10, 6.1.11, 6.4 and 6.6: nothing outside, hidden, transparent or active."""
    assert not pdf.is_encrypted
    for found in pdf.objects:
        if not isinstance(found, pikepdf.Dictionary | pikepdf.Stream):
            continue
        keys = set(found.keys())
        assert not keys & FORBIDDEN_KEYS, keys & FORBIDDEN_KEYS
        assert found.get("/Filter", None) not in ("/LZWDecode", "/JPXDecode", "/Crypt")
        assert float(found.get("/CA", 1)) == float(found.get("/ca", 1)) == 1.0
        assert found.get("/S", None) != "/Transparency"
        assert not found.get("/Interpolate", False)


def _check_fonts(pdf: pikepdf.Pdf) -> None:
    """6.3: embedded, subsets that tell their glyphs, a text for each of them."""
    fonts = [f for f in pdf.objects if isinstance(f, pikepdf.Dictionary)]
    composite = [font for font in fonts if font.get("/Subtype") == "/Type0"]
    assert composite
    assert not [f for f in fonts if f.get("/Subtype") in ("/Type1", "/TrueType", "/Type3")]
    for font in composite:
        (descendant,) = font.DescendantFonts
        descriptor = descendant.FontDescriptor
        name = str(font.BaseFont)
        assert re.fullmatch(r"/[A-Z]{6}\+.+", name)
        assert name == str(descendant.BaseFont) == str(descriptor.FontName)
        assert str(descendant.CIDToGIDMap) == "/Identity"
        assert descriptor.FontFile2.read_bytes()[:4] in (b"\0\1\0\0", b"true")
        assert b"begincmap" in font.ToUnicode.read_bytes()
        bits = descriptor.CIDSet.read_bytes()
        glyphs = [int(glyph) for glyph in list(descendant.W)[::2]]
        assert all(before < after for before, after in pairwise(glyphs))
        assert all(bits[glyph // 8] & (0x80 >> glyph % 8) for glyph in glyphs)


def _check_metadata(pdf: pikepdf.Pdf) -> None:
    """6.7: XMP, uncompressed, that says the same as the information dictionary."""
    metadata = pdf.Root.Metadata
    assert "/Filter" not in metadata
    xmp = metadata.read_bytes().decode()
    assert "<pdfaid:part>1</pdfaid:part>" in xmp
    assert "<pdfaid:conformance>B</pdfaid:conformance>" in xmp
    with pdf.open_metadata() as shown:
        assert shown.pdfa_status == "1B"
        assert shown["dc:title"] == str(pdf.docinfo["/Title"])
        assert shown["dc:creator"] == [str(pdf.docinfo["/Author"])]
        assert shown["pdf:Producer"] == str(pdf.docinfo["/Producer"])
        digits = re.sub(r"\D", "", shown["xmp:CreateDate"])
        assert digits[:14] == re.sub(r"\D", "", str(pdf.docinfo["/CreationDate"]))[:14]


def _check_colour(pdf: pikepdf.Pdf) -> None:
    """6.2.2 and 6.2.3: one output intent, by whose profile device colours are known."""
    (intent,) = pdf.Root.OutputIntents
    assert intent.S == "/GTS_PDFA1"
    assert intent.DestOutputProfile.read_bytes() == srgb_profile()
    for page in pdf.pages:
        used = set(re.findall(rb"(?<=\s)(?:k|K|cs|CS|sh)(?=\s)", page.Contents.read_bytes()))
        assert not used, "colours other than DeviceRGB and grey"


def test_the_profile_is_one_that_colour_engines_read():
    profile = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert profile.profile.version == 2.4
    assert ImageCms.getProfileDescription(profile).strip() == "sRGB IEC61966-2.1"
    to_srgb = ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")
    ramp = Image.frombytes("RGB", (256, 1), bytes(v for at in range(256) for v in (at,) * 3))
    changed = ImageCms.applyTransform(ramp, to_srgb)
    pairs = zip(ramp.tobytes(), changed.tobytes(), strict=True)
    assert max(abs(before - after) for before, after in pairs) <= 1


def test_what_is_not_signed_claims_nothing(assets):
    for content in (
        replace(make_content(), signature=None, signature_image=b""),
        replace(make_content(), is_preview=True),
    ):
        data = render_report(
            content,
            template=Template.SUMMARY,
            paper=Paper.A4,
            language=Language.ENGLISH,
            assets=assets,
        )
        with pikepdf.open(io.BytesIO(data)) as pdf:
            assert b"<pdfaid:" not in pdf.Root.Metadata.read_bytes()


def test_an_independent_validator_finds_nothing(reports, tmp_path):
    jars = [SHARED / f"{name}.jar" for name in (*JARS, ACTIVATION)]
    if shutil.which("java") is None or not all(jar.is_file() for jar in jars):
        pytest.skip("Preflight is not installed (Debian: apt install libpdfbox2-java ...)")
    for (template, language), data in reports.items():
        (tmp_path / f"{template.value}-{language.value}.pdf").write_bytes(data)
    path = ":".join(map(str, jars))
    ended = subprocess.run(
        ["java", "-cp", path, "org.apache.pdfbox.preflight.Validator_A1b", "batch", tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.stdout.count("is a valid PDF/A-1b file") == len(reports), ended.stdout
