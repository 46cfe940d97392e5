"""The window as a user meets it: dropping, reading, the keyboard, errors, saving."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QLabel

from retina_desktop.domain.errors import ModelNotFoundError, OutputUnwritableError
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.screening.state import PhotographStatus
from retina_desktop.gui.viewer.looks import Palette
from retina_desktop.gui.viewer.state import ViewerState
from tests.helpers.fakes import TRUNCATED


def drop(window, paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(window, enter)
    hinted = window._hint.isVisible()
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(window, event)
    return enter.isAccepted(), hinted


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]


def test_the_window_is_there_before_any_photograph_and_teaches(opened):
    shown = " ".join(texts(opened.window))
    assert "Drop fundus photographs here, or press Ctrl+O" in shown
    assert "not a certified medical device" in shown
    assert opened.window.view.empty.sample_button.isEnabled()


def test_dropped_photographs_are_hinted_at_and_analysed(qtbot, opened, fake):
    accepted, hinted = drop(opened.window, [fake.folder / "a.jpg", fake.folder / "b.jpg"])

    assert accepted
    assert hinted
    assert not opened.window._hint.isVisible()
    qtbot.waitUntil(
        lambda: (
            [p.status for p in opened.screening.state.photographs]
            == [PhotographStatus.DONE] * 2
        )
    )


def test_a_drag_that_leaves_takes_the_hint_away(opened, fake):
    opened.window._hint.cover()
    QApplication.sendEvent(opened.window, QDragLeaveEvent())
    assert not opened.window._hint.isVisible()


def test_text_that_is_dragged_across_is_not_accepted(opened):
    data = QMimeData()
    data.setText("hello")
    event = QDragEnterEvent(
        QPoint(5, 5),
        Qt.DropAction.CopyAction,
        data,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    event.ignore()
    QApplication.sendEvent(opened.window, event)
    assert not event.isAccepted()


def test_a_dropped_folder_is_searched(qtbot, opened, fake):
    folder = fake.folder / "visit"
    folder.mkdir()
    for name in ("2.jpg", "1.jpg"):
        (folder / name).touch()
    drop(opened.window, [folder])
    qtbot.waitUntil(lambda: len(opened.screening.state.photographs) == 2)
    assert [p.path.name for p in opened.screening.state.photographs] == ["1.jpg", "2.jpg"]


def test_the_sample_button_opens_the_sample(qtbot, opened):
    qtbot.mouseClick(opened.window.view.empty.sample_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(opened.screening.state.photographs) == 1)
    assert opened.screening.state.photographs[0].path.name == "sample.jpg"


def test_an_error_stands_beside_its_photograph_and_stops_no_other(analysed, opened):
    state = analysed("a.jpg", "bad.jpg", "c.jpg")

    rows = opened.window.view.photographs.list.photographs
    spoken = [rows.index(row).data(Qt.ItemDataRole.AccessibleTextRole) for row in range(3)]
    assert [p.status.value for p in state.photographs] == ["done", "failed", "done"]
    assert TRUNCATED in spoken[1]
    assert TRUNCATED not in spoken[0] + spoken[2]
    opened.screening.select(state.photographs[1].id)
    assert TRUNCATED in texts(opened.window.view.findings)
    assert not opened.window.view.findings.findings.isVisible()


def test_the_title_never_names_a_file(analysed, opened):
    analysed("Doe_John_19500101.jpg")
    assert opened.window.windowTitle() == "Retina Desktop"


def test_ungradable_comes_first_and_nothing_is_called_normal(analysed, opened):
    analysed("healthy_poor.jpg")
    panel = opened.window.view.findings
    shown = texts(panel)
    assert panel.ungradable.isVisible()
    assert panel.ungradable.y() < panel.referral.y() < panel.quality.y()
    assert "Not gradable" in shown
    assert any("refocus" in text for text in shown)
    assert not any("normal" in text.lower() for text in shown)
    headings = [
        panel.findings.findings.index(row).data()
        for row in range(panel.findings.findings.rowCount())
    ]
    assert "Below threshold, not reliable (24)" in headings


def test_what_is_no_fundus_photograph_has_no_findings_at_all(analysed, opened):
    analysed("cat.jpg")
    panel = opened.window.view.findings
    assert not panel.findings.isVisible()
    assert not panel.eye.isVisible()
    assert "Not a fundus photograph: no label was assessed." in texts(panel)
    assert opened.pictures._heat.heat is None


def test_a_heatmap_of_the_first_present_finding_is_shown(qtbot, analysed, opened):
    analysed("a.jpg")
    view_model = opened.window.viewer.view_model
    qtbot.waitUntil(lambda: view_model.state.caption.label == "Diabetic retinopathy")
    assert "91" in view_model.state.caption.strength


def test_choosing_a_label_drives_the_heatmap(qtbot, analysed, opened):
    analysed("a.jpg")
    findings = opened.window.view.findings.findings
    row = findings.findings.row_of("ODC")
    rect = findings.visualRect(findings.findings.index(row))
    qtbot.mouseClick(
        findings.viewport(), Qt.MouseButton.LeftButton, pos=rect.topLeft() + QPoint(30, 10)
    )
    assert opened.screening.state.selected.label == "ODC"
    view_model = opened.window.viewer.view_model
    qtbot.waitUntil(lambda: view_model.state.caption.label == "Optic disc cupping")


def test_everything_can_be_done_from_the_keyboard(qtbot, opened, fake, dialogs):
    window, screening = opened.window, opened.screening
    dialogs.chosen = [fake.folder / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    window.activateWindow()

    def press(key, *modifiers):
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        qtbot.keyClick(QApplication.focusWidget() or window, key, held)

    control, alt = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
    press(Qt.Key.Key_O, control)
    qtbot.waitUntil(lambda: len(screening.state.photographs) == 3 and not screening.state.busy)
    first, second, third = (p.id for p in screening.state.photographs)
    press(Qt.Key.Key_PageDown)
    assert screening.state.selected_id == second
    press(Qt.Key.Key_PageUp)
    assert screening.state.selected_id == first
    press(Qt.Key.Key_Down, control)
    assert screening.state.selected.label == "ODC"
    press(Qt.Key.Key_F4)
    assert window.view.findings.findings.hasFocus()
    press(Qt.Key.Key_Down)
    assert screening.state.selected.label == "EDN"  # a demonstration follows the sure ones
    press(Qt.Key.Key_L, control, alt)
    qtbot.waitUntil(lambda: fake.analysed[-1] == ("a.jpg", Laterality.LEFT))
    qtbot.waitUntil(lambda: not screening.state.busy)
    assert "the other eye" in " ".join(texts(window.view.findings.eye))
    press(Qt.Key.Key_Delete)
    assert [p.id for p in screening.state.photographs] == [second, third]
    press(Qt.Key.Key_F1)
    assert opened.commands.open_dialog is not None
    qtbot.keyClick(opened.commands.open_dialog, Qt.Key.Key_Escape)
    assert opened.commands.open_dialog is None


def test_arrow_keys_in_the_list_show_the_photograph(qtbot, analysed, opened):
    state = analysed("a.jpg", "b.jpg")
    rows = opened.window.view.photographs.list
    rows.setFocus()
    qtbot.keyClick(rows, Qt.Key.Key_Down)
    assert opened.screening.state.selected_id == state.photographs[1].id


def test_saving_writes_where_the_user_says(qtbot, analysed, opened, fake, dialogs):
    analysed("a.jpg")
    dialogs.target = fake.folder / "out.png"
    opened.window.actions_by_id["save_overlay"].trigger()
    qtbot.waitUntil(lambda: fake.written == [dialogs.target])
    assert dialogs.suggested == "a__DR.overlay.jpg"


def test_a_saved_picture_has_the_palette_on_screen(qtbot, analysed, opened, fake, dialogs):
    analysed("a.jpg")
    dialogs.target = fake.folder / "out.png"
    opened.window.viewer.view_model.set_palette(Palette.CIVIDIS)
    opened.window.actions_by_id["save_overlay"].trigger()
    qtbot.waitUntil(lambda: fake.drawn_in == ["cividis"])


def test_the_photograph_itself_is_never_overwritten(qtbot, analysed, opened, fake, dialogs):
    photograph = fake.folder / "healthy.jpg"
    photograph.write_bytes(b"the only copy")
    analysed(photograph.name)
    dialogs.target = fake.folder / "." / "healthy.jpg"
    opened.window.actions_by_id["save_overlay"].trigger()
    qtbot.waitUntil(opened.window.banner.isVisible)
    assert "another name" in opened.window.banner.text
    assert fake.written == []
    assert dialogs.suggested == "healthy__picture.jpg"


def test_a_picture_that_cannot_be_saved_is_told(qtbot, qapp, analysed, opened, fake, dialogs):
    analysed("a.jpg")
    dialogs.target = fake.folder / "out.png"
    sentence = "The picture could not be written: the disk is full."

    def refuse(*_args, **_kwargs):
        raise OutputUnwritableError(sentence)

    fake.render_overlay = refuse
    object.__setattr__(opened.commands._services, "render_overlay", refuse)
    opened.window.actions_by_id["save_overlay"].trigger()
    qtbot.waitUntil(opened.window.banner.isVisible)
    assert opened.window.banner.text == sentence


def test_copying_puts_a_picture_of_full_size_on_the_clipboard(qtbot, analysed, opened):
    analysed("a.jpg")
    QGuiApplication.clipboard().clear()
    opened.window.actions_by_id["copy_overlay"].trigger()
    qtbot.waitUntil(lambda: not QGuiApplication.clipboard().image().isNull())
    image = QGuiApplication.clipboard().image()
    assert (image.width(), image.height()) == (128, 96)
    assert image.pixelColor(64, 48).getRgb()[:3] == (190, 90, 40)


def test_the_theme_changes_at_once_and_is_remembered(opened, fake):
    window = opened.window
    window.actions_by_id["theme_dark"].trigger()
    dark = window.palette().window().color().lightness()
    window.actions_by_id["theme_light"].trigger()
    assert dark < 60 < window.palette().window().color().lightness()
    assert window.actions_by_id["theme_light"].isChecked()
    assert not window.actions_by_id["theme_dark"].isChecked()
    window.close()
    assert "light" in (fake.folder / "window.ini").read_text()


def test_full_screen_keeps_the_notice_and_ends_with_escape(qtbot, analysed, opened):
    analysed("a.jpg")
    window = opened.window
    window.viewer.full_screen_requested.emit()
    assert window.isFullScreen()
    assert not window.view.findings.isVisible()
    assert window.status_line.notice.isVisible()
    qtbot.keyClick(window, Qt.Key.Key_Escape)
    assert not window.isFullScreen()
    assert window.view.findings.isVisible()


@pytest.mark.parametrize("name", ["show_model", "show_about", "show_shortcuts"])
def test_help_dialogs_open_one_at_a_time(qtbot, opened, name):
    opened.commands.show_about()
    getattr(opened.commands, name)()
    assert opened.commands.open_dialog.isVisible()
    opened.commands.open_dialog.close()


def test_the_model_dialog_tells_refused_bundles_as_plain_text(qtbot, opened):
    opened.commands.show_model()
    dialog = opened.commands.open_dialog
    qtbot.waitUntil(lambda: "changed <since>" in dialog.text.toPlainText())
    assert "Knows nothing of <medicine>." in dialog.text.toPlainText()
    assert "rfmid-test 1.0.0" in dialog.text.toPlainText()
    dialog.close()


def test_without_a_model_the_window_says_so(qtbot, qapp, fake, dialogs):
    from retina_desktop.gui.app import open_window

    fake.model_error = ModelNotFoundError("No model is installed.")
    opened = open_window(qapp, fake.services(), dialogs=dialogs)
    opened.window.show()
    opened.screening.load_model()
    qtbot.waitUntil(lambda: opened.screening.state.model_error != "")
    assert opened.window.banner.text == "No model is installed."
    assert opened.window.status_line.text.text() == "No model"
    opened.window.close()
    assert opened.shut_down()


def test_how_much_is_not_assessed_is_always_in_sight(analysed, opened):
    analysed("healthy.jpg")
    foot = opened.window.view.findings.model
    assert "rfmid-test 1.0.0, ONNX Runtime on CPU" in foot.text()
    assert "5 of 29 labels are not assessed." in foot.text()
    assert foot.isVisible()


def test_in_a_small_window_no_verdict_and_no_filter_is_cut_off(qtbot, analysed, opened):
    opened.window.resize(1024, 700)
    analysed("poor.jpg")
    for label in opened.window.view.findings.quality.findChildren(QLabel):
        assert label.width() >= label.sizeHint().width() or label.wordWrap(), label.text()
    filters = opened.window.viewer.navigation_bar.filters
    assert (
        filters.width() >= filters.fontMetrics().horizontalAdvance(filters.currentText()) + 24
    )


def test_the_smallest_window_has_room_for_all_its_parts(analysed, opened):
    analysed("a.jpg")
    bar = opened.window.viewer.navigation_bar
    bar.render_state(ViewerState(waiting=True))  # its note takes room while it is there
    assert bar.note.isVisible()
    QApplication.sendPostedEvents()  # the layouts around it are told
    needed = opened.window.minimumSizeHint()
    least = opened.window.minimumSize()
    assert needed.width() <= least.width()
    assert needed.height() <= least.height()


def test_a_long_summary_is_scrolled_and_leaves_room_for_the_findings(qtbot, analysed, opened):
    panel = opened.window.view.findings
    opened.window.resize(1024, 700)
    analysed("poor.jpg")
    inside = panel.summary.widget()
    qtbot.waitUntil(lambda: inside.height() == inside.heightForWidth(inside.width()) > 0)
    card = panel.referral
    card.show_referral(ReferralTier.SOON, "A reason of many words. " * 40)
    qtbot.waitUntil(lambda: card.height() >= card.heightForWidth(card.width()))
    assert panel.summary.verticalScrollBar().maximum() > 0
    assert panel.findings.height() >= panel.findings.minimumSizeHint().height()
    assert panel.model.geometry().bottom() <= panel.height()


def test_a_short_summary_is_seen_whole_without_scrolling(qtbot, analysed, opened):
    opened.window.resize(1280, 800)
    for name in ("healthy.jpg", "cat.jpg"):
        analysed(name)
        summary = opened.window.view.findings.summary
        qtbot.waitUntil(opened.window.view.findings.quality.isVisible)
        qtbot.waitUntil(
            lambda part=summary: (
                part.verticalScrollBar().maximum() == 0
                and part.height() >= part.widget().height()
            )
        )


@pytest.mark.parametrize(
    "name",
    [
        "m.rao",
        "Meera Rao",
        "Dr Meera Raghunathan Venkataraman",
        "W" * 60,
        "A. Rao & Sons",
        "王小明",
    ],
)
def test_whoever_is_logged_in_fits_into_the_rail(opened, name):
    rail = opened.window.rail
    before = rail.width()
    rail.show_user(name)
    shown = rail.user_button.text().replace("&&", "&").split("\n")
    widths = [rail.user_button.fontMetrics().horizontalAdvance(line) for line in shown]
    assert max(widths) <= rail.width() == before
    assert len(shown) <= 2
    assert not any(" …" in line for line in shown)
    assert name in rail.user_button.accessibleName()
    if "…" not in "".join(shown):
        assert " ".join(shown) == name
