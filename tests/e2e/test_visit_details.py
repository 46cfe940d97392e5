"""Acuity and pressure from the command line: examined, shown, changed, reported, locked."""

import cv2
import pypdf

from retina_desktop.domain.images import Laterality
from tests.e2e.test_records import Clinic, positives
from tests.helpers.rendered_fundus import render_fundus


def test_what_is_measured_at_a_visit_is_kept_shown_changed_and_reported(tmp_path):
    clinic = Clinic(tmp_path / "data")
    clinic.ok("records", "setup", "--single-user")
    clinic.ok("patients", "add", "P-1", "Zebulon Quillfeather")
    photograph, pdf = tmp_path / "eye.jpg", tmp_path / "report.pdf"
    fundus = render_fundus(size=(356, 536), laterality=Laterality.RIGHT, seed=3)
    cv2.imwrite(str(photograph), fundus[..., ::-1])

    right = ("--acuity-right", "6/9", "--correction-right", "corrected", "--iop-right", "14")
    visit = ("examine", "--patient", "P-1", "--right", photograph)
    refused = clinic.run(*visit, "--iop-left", "140")
    assert (refused.code, "OS: An intraocular pressure" in refused.err) == (3, True)
    examined = clinic.ok(*visit, *right, "--tonometry-right", "goldmann")
    assert examined["examination"]["id"] == 1  # what was refused kept nothing

    change = ("examinations", "change", "--examination", 1)
    assert clinic.run(*change).code == 2
    changed = clinic.ok(
        *change, "--iop-left", "21", "--reason", "screening", "--acuity-left", "HM"
    )
    assert changed["examination"]["details"]["left"]["pressure"]["mmhg"] == 21
    shown = clinic.run("examinations", "show", "--examination", 1).out
    assert "OD acuity 6/9 (corrected), IOP 14 mmHg (goldmann)" in shown
    assert "OS acuity HM, IOP 21 mmHg" in shown

    agreed = [word for place in positives(examined) for word in ("--agree", place)]
    clinic.ok("sign", "--examination", 1, *agreed, "--referral", "none")
    clinic.ok("report", "--examination", 1, "--out", pdf)
    pages = pypdf.PdfReader(pdf).pages
    text = " ".join(word for page in pages for word in page.extract_text().split())
    for words in ("6/9", "14 mmHg", "HM", "21 mmHg"):
        assert words in text
    locked = clinic.run(*change, "--operator", "tom")
    assert (locked.code, "addendum" in locked.err) == (3, True)
    assert clinic.ok("audit", "verify")["problems"] == []
