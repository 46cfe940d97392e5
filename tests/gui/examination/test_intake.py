"""Photographs come in: kept first, analysed then; what fails is told and the rest goes on."""

import numpy as np

from retina_desktop.domain.images import Laterality, LateralitySource
from tests.gui.examination.conftest import add_photographs, stored, write_photograph
from tests.helpers.dicom_files import dicom_bytes


def test_dropped_files_are_kept_analysed_and_shown(qtbot, page, shown, session, tmp_path):
    number = shown()
    first, second = (
        write_photograph(tmp_path / "a.jpg"),
        write_photograph(tmp_path / "b.jpg", 9),
    )

    add_photographs(qtbot, page, first, second)

    record = stored(session, number)
    assert [i.laterality for i in record.images] == [Laterality.RIGHT, Laterality.LEFT]
    assert {i.laterality_source for i in record.images} == {LateralitySource.IMAGE}
    assert len(record.analyses) == 2
    assert session.services.examination.photograph(record.images[0].sha256) == (
        first.read_bytes()
    )
    right, left = (page.tiles.tiles[i.id] for i in record.images)
    qtbot.waitUntil(lambda: right.x() < left.x())  # as one faces the patient
    qtbot.waitUntil(lambda: page.viewer.view_model.state.main is not None, timeout=10_000)


def test_a_bad_file_gets_its_sentence_and_the_rest_goes_on(
    qtbot, page, shown, session, tmp_path
):
    number = shown()
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(write_photograph(tmp_path / "x.jpg").read_bytes()[:300])
    good = write_photograph(tmp_path / "good.jpg", 5)

    add_photographs(qtbot, page, bad, tmp_path / "gone.jpg", good)

    assert len(stored(session, number).images) == 1
    lines = page.intake_bar.errors.text().splitlines()
    assert [line.split(":")[0].strip("\u2068\u2069") for line in lines] == [
        "bad.jpg",
        "gone.jpg",
    ]
    page.intake_bar.close_button.click()
    assert not page.intake_bar.isVisible()


def test_the_same_photograph_is_not_added_twice(qtbot, page, photographed, session, tmp_path):
    number = photographed("a.jpg")

    add_photographs(qtbot, page, tmp_path / "a.jpg")

    assert len(stored(session, number).images) == 1
    assert "already" in page.intake_bar.errors.text()


def test_a_photograph_whose_analysis_fails_is_kept_and_can_be_tried_again(
    qtbot, page, shown, session, model, tmp_path
):
    number = shown()
    model.say(fails=True)
    add_photographs(qtbot, page, write_photograph(tmp_path / "a.jpg"))
    record = stored(session, number)
    assert (len(record.images), len(record.analyses)) == (1, 0)
    assert "kept, but not analysed" in page.intake_bar.errors.text()
    assert page.panel.caution.text().startswith("NOT ANALYSED")

    page.tiles.analyse_button.click()
    qtbot.waitUntil(lambda: bool(page.model.state.analyses), timeout=10_000)

    assert len(stored(session, number).analyses) == 1


def test_a_damaged_and_a_missing_file_in_the_store_are_said_in_the_picture(
    qtbot, page, photographed, tmp_path
):
    photographed("a.jpg", "b.jpg")
    files = [p for p in (tmp_path / "data" / "records" / "images").rglob("*") if p.is_file()]
    assert len(files) == 2
    for file in files:
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    page.pictures.forget()

    page.pictures.follow(page.model.state)
    words = page.viewer.view_model
    qtbot.waitUntil(lambda: "damaged" in words.state.message, timeout=10_000)
    for file in files:
        file.unlink()
    page.actions_by_id["next"].trigger()
    qtbot.waitUntil(lambda: "missing" in words.state.message, timeout=10_000)

    assert page.panel.findings.isVisible()  # what was concluded is still there


def test_a_photograph_is_withdrawn_and_brought_back(qtbot, page, photographed, session):
    number = photographed("a.jpg")
    image = page.model.state.selected_id
    page.tiles.withdraw.click()
    qtbot.waitUntil(lambda: stored(session, number).images == (), timeout=10_000)
    assert page.tiles.tiles[image].accessibleName().startswith("OD: withdrawn")
    assert [s.sentence for s in page.model.state.missing] == ["Add a photograph."]

    page.model.select(image)
    page.tiles.withdraw.click()
    qtbot.waitUntil(lambda: len(stored(session, number).images) == 1, timeout=10_000)


def test_a_header_that_names_somebody_else_is_refused_until_a_person_accepts_it(
    qtbot, page, shown, session, tmp_path
):
    number = shown()
    pixels = np.full((64, 64, 3), 90, np.uint8)
    path = tmp_path / "export.dcm"
    path.write_bytes(dicom_bytes(pixels, photometric="RGB", PatientID="P-999"))

    add_photographs(qtbot, page, path)
    assert stored(session, number).images == ()
    assert "another patient" in page.intake_bar.errors.text()
    page.intake_bar.accept.click()
    qtbot.waitUntil(lambda: len(stored(session, number).images) == 1, timeout=10_000)
