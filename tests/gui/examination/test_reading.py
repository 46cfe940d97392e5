"""A reader's way through a visit, by keyboard and mouse, on real records."""

from PySide6.QtCore import Qt

from retina_desktop.domain.decisions import Agreement, Grade
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.gui.examination.conftest import wait_saved

RIGHT = Laterality.RIGHT


def stored(session, number):
    services = session.services
    return services.open_examination(services.acting, number)


def test_a_normal_visit_is_signed_with_two_keystrokes(
    qtbot, page, photographed, model, session
):
    model.say({})
    model.say({})
    number = photographed("a.jpg", "b.jpg")

    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
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
    wait_saved(qtbot, page)

    reading = stored(session, number).reading.reading
    assert reading.decision(RIGHT, "DR").agreement is Agreement.AGREE
    assert reading.decision(RIGHT, "ODC").grade is Grade.ABSENT
