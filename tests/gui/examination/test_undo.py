"""Everything before the signature can be undone by name, and the records follow."""

from PySide6.QtCore import Qt

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.gui.examination.conftest import stored, wait_saved

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


def test_every_kind_of_step_goes_back_and_forth(qtbot, page, photographed, session):
    number = photographed("a.jpg")
    image = page.model.state.selected_id
    form = page.panel.visit
    page.reader.set_referral(ReferralTier.SOON)
    qtbot.keyClicks(page.panel.comment.field, "Seen with dilated pupil")
    page.visitor.set_eye(image, LEFT)
    page.panel.tabs.setCurrentIndex(1)
    qtbot.keyClicks(form.eyes[RIGHT].acuity, "6/12")
    page.visitor.set_withdrawn(image, withdrawn=True)
    wait_saved(qtbot, page)
    everything = page.model.state.draft
    record = stored(session, number)
    assert record.images == ()
    assert record.examination.details.right.acuity.entry == "6/12"

    labels = []
    while page.actions_by_id["undo"].isEnabled() and len(labels) < 5:
        labels.append(page.actions_by_id["undo"].text())
        qtbot.keyClick(page, Qt.Key.Key_Z, CTRL)
    wait_saved(qtbot, page)

    assert labels == [
        "Undo: withdrawing",
        "Undo: visual acuity (OD)",
        "Undo: eye of a photograph",
        "Undo: comment",
        "Undo: referral",
    ]
    record = stored(session, number)
    assert [i.laterality for i in record.images] == [RIGHT]
    assert record.examination.details.right.acuity is None
    assert (record.reading.reading.referral, record.reading.reading.comment) == (None, "")

    for _ in range(5):
        qtbot.keyClick(page, Qt.Key.Key_Z, CTRL | SHIFT)
    wait_saved(qtbot, page)
    assert page.model.state.draft == everything
    assert stored(session, number).images == ()


def test_undo_works_while_a_text_field_has_the_keyboard(qtbot, page, photographed):
    photographed("a.jpg")
    page.panel.referral.note.setFocus()
    qtbot.keyClicks(page.panel.referral.note, "call the patient")

    qtbot.keyClick(page.panel.referral.note, Qt.Key.Key_Z, CTRL)

    assert page.panel.referral.note.text() == ""
    assert page.actions_by_id["redo"].text() == "Redo: referral note"


def test_an_added_photograph_is_withdrawn_by_undo(qtbot, page, photographed, session):
    number = photographed("a.jpg")

    page.model.undo()
    wait_saved(qtbot, page)
    assert stored(session, number).images == ()

    page.model.redo()
    wait_saved(qtbot, page)
    assert len(stored(session, number).images) == 1


def test_undo_survives_leaving_the_visit(qtbot, page, photographed, new_visit):
    number = photographed("a.jpg")
    page.reader.set_referral(ReferralTier.SOON)
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(new_visit())
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(number)

    assert page.model.state.reading.referral is ReferralTier.SOON
    assert page.actions_by_id["undo"].text() == "Undo: referral"


def test_decisions_go_with_a_photograph_whose_eye_is_corrected(
    qtbot, page, photographed, session
):
    number = photographed("a.jpg")
    page.reader.accept_all()

    page.tiles.left.click()
    wait_saved(qtbot, page)

    reading = stored(session, number).reading.reading
    assert {d.eye for d in reading.decisions} == {LEFT}
    assert page.model.state.missing == ()
