"""A reader's way through a visit, by keyboard and mouse, on real records."""

from PySide6.QtCore import Qt

from retina_desktop.domain.decisions import (
    Agreement,
    Grade,
    OwnFinding,
    Severity,
    UngradableReason,
)
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role
from tests.gui.examination.conftest import stored, wait_saved, write_photograph
from tests.helpers.fakes import NO_FUNDUS, POOR

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
CTRL = Qt.KeyboardModifier.ControlModifier


def test_a_normal_visit_is_signed_with_two_keystrokes(
    qtbot, page, photographed, model, session
):
    model.say({})
    model.say({})
    number = photographed("a.jpg", "b.jpg")

    qtbot.keyClick(page, Qt.Key.Key_Return, CTRL)
    dialog = page.commands.open_dialog
    assert "locks" in dialog.locks.text()
    with qtbot.waitSignal(page.model.signed, timeout=10_000):
        qtbot.keyClick(dialog, Qt.Key.Key_Return)

    record = stored(session, number)
    assert record.reading.signature.shown_name == "Dr A. Rao"
    assert record.reading.reading.referral is ReferralTier.NONE


def test_keys_decide_on_the_finding_that_is_chosen(qtbot, page, photographed, session):
    number = photographed("a.jpg")
    page.panel.findings.setFocus()
    page.model.choose("DR")

    qtbot.keyClick(page.panel.findings, Qt.Key.Key_A)
    assert page.model.state.label == "ODC"
    qtbot.keyClick(page.panel.findings, Qt.Key.Key_D)
    qtbot.keyClick(page.panel.findings, Qt.Key.Key_R)
    qtbot.keyClicks(page.panel.card.reason, "large disc, healthy rim")
    wait_saved(qtbot, page)

    reading = stored(session, number).reading.reading
    assert reading.decision(RIGHT, "DR").agreement is Agreement.AGREE
    odc = reading.decision(RIGHT, "ODC")
    assert (odc.grade, odc.reason) == (Grade.ABSENT, "large disc, healthy rim")
    row = page.panel.findings.findings.row_of("ODC")
    index = page.panel.findings.findings.index(row)
    assert "Disagree: absent" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_what_is_missing_leads_to_its_place(qtbot, page, photographed, model):
    model.say({})
    model.say({"DR": 0.9})
    photographed("a.jpg", "b.jpg")
    sentences = [step.sentence for step in page.model.state.missing]
    assert sentences == ["Decide on DR (OS).", "Choose the referral."]

    page.panel.missing.itemClicked.emit(page.panel.missing.item(0))

    assert page.model.state.photograph(page.model.state.selected_id).eye is LEFT
    assert page.model.state.label == "DR"


def test_labels_are_found_by_part_and_other_words_are_an_own_finding(
    qtbot, page, photographed, session
):
    number = photographed("a.jpg")
    field = page.panel.added.field

    for words in ("macular hole", "naevus, temporal"):
        field.setText(words)
        qtbot.keyClick(field, Qt.Key.Key_Return)
    page.reader.set_severity(Severity.MILD)
    wait_saved(qtbot, page)

    reading = stored(session, number).reading.reading
    assert reading.decision(RIGHT, "MHL").grade is Grade.PRESENT
    assert reading.decision(RIGHT, "MHL").agreement is None
    assert reading.own_findings == (OwnFinding(RIGHT, "naevus, temporal", Severity.MILD),)
    assert page.panel.added.list.count() == 2


def test_an_eye_that_cannot_be_graded_needs_no_other_decision(
    qtbot, page, photographed, session
):
    number = photographed("a.jpg")

    page.reader.set_eye_ungradable(UngradableReason.SMALL_PUPIL)
    wait_saved(qtbot, page)

    reading = stored(session, number).reading.reading
    assert reading.decision(RIGHT, "DR").ungradable is UngradableReason.SMALL_PUPIL
    assert [s.sentence for s in page.model.state.missing] == ["Choose the referral."]


def test_ungradable_and_foreign_pictures_are_said_aloud(qtbot, page, photographed, model):
    model.say({}, quality=POOR)
    model.say({}, quality=NO_FUNDUS)
    photographed("a.jpg", "b.jpg")
    assert page.panel.caution.text().startswith("NOT GRADABLE")

    page.actions_by_id["next"].trigger()
    assert "Not a fundus photograph" in page.panel.caution.text()
    assert not page.panel.findings.isVisible()

    page.commands.sign()
    words = page.commands.open_dialog.cautions.text()
    assert "OD: a photograph is not gradable" in words
    assert "OS: a photograph is not a fundus photograph" in words
    page.commands.close_dialogs()


def test_signed_is_locked_and_takes_addenda(qtbot, page, photographed, session, model):
    model.say({})
    number = photographed("a.jpg")
    page.commands.sign()
    with qtbot.waitSignal(page.model.signed, timeout=10_000):
        page.commands.open_dialog.accept()

    assert not page.panel.referral.box.isEnabled()
    assert "addendum" in page.actions_by_id["sign"].toolTip()
    page.panel.addenda.field.setPlainText("Seen again.")
    page.panel.addenda.button.click()
    qtbot.waitUntil(lambda: len(page.model.state.addenda) == 1, timeout=10_000)

    assert stored(session, number).addenda[0].text == "Seen again."
    assert page.panel.addenda.field.toPlainText() == ""
    page.model.undo()
    assert stored(session, number).reading.signature is not None


def test_a_rerun_adds_an_analysis_and_says_what_changed(
    qtbot, page, photographed, session, model
):
    number = photographed("a.jpg")
    model.version = "2.0.0"
    model.say({"ARMD": 0.8})

    page.actions_by_id["analyse"].trigger()
    image = page.model.state.selected_id
    qtbot.waitUntil(lambda: len(page.model.state.analyses[image]) == 2, timeout=10_000)

    assert len(stored(session, number).analyses) == 2
    words = " ".join(
        label.text() for label in page.panel.model.findChildren(type(page.panel.caution))
    )
    assert "Age-related macular degeneration: below threshold" in words
    assert "→ present, 80" in words


def test_a_technician_hands_over_and_sees_why_not_to_sign(
    qtbot, clinic, page, shown, session, tmp_path
):
    session.log_out()
    clinic.roles = frozenset({Role.TECHNICIAN})
    with qtbot.waitSignal(session.opened, timeout=10_000):
        session.open(None, "quiet lamp over the river")
    page.forget()
    number = shown()
    page.add_paths([write_photograph(tmp_path / "a.jpg")])
    qtbot.waitUntil(lambda: bool(page.model.state.analyses), timeout=20_000)

    assert not page.panel.sign_button.isVisible()
    assert "technician" in page.panel.why_not.text()
    assert "technician" in page.panel.referral.box.toolTip()
    page.panel.findings.setFocus()
    qtbot.keyClick(page.panel.findings, Qt.Key.Key_A)
    assert page.model.state.reading.decisions == ()

    page.panel.hand_over_button.click()
    wait_saved(qtbot, page)
    assert stored(session, number).examination.handed_over
