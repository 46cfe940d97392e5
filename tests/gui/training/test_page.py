"""The Training page as a user meets it, over real processes."""

import json
import os
import signal

import psutil
import pytest
from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractButton, QLabel

from retina_desktop.gui.file_dialogs import RunningChoice
from retina_desktop.gui.pages import PageId
from retina_desktop.gui.theme import ThemeChoice
from retina_desktop.gui.training.state import Phase
from retina_desktop.services.training_runs import Stage, read_plan
from tests.gui.test_accessibility import nameless


def texts(widget):
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())


def arguments(bench):
    return json.loads((bench.work / "run" / "arguments.json").read_text())


def pid_of(bench, work=None):
    note = (work or bench.work) / "window" / "process.json"
    return json.loads(note.read_text())["pid"]


def test_training_is_at_the_rails_foot_and_needs_no_records(bench):
    rail = bench.opened.window.rail
    training, patients = (rail.page_buttons[p] for p in (PageId.TRAINING, PageId.PATIENTS))
    assert training.isChecked()
    assert training.y() > patients.y() + 2 * patients.height()
    assert bench.state.phase is Phase.CHOOSING
    assert not bench.page.status.start_button.isEnabled()
    assert "Choose a list of photographs" in texts(bench.page.status)


def test_a_window_without_training_has_no_entry(opened):
    assert not opened.window.rail.page_buttons[PageId.TRAINING].isVisible()
    assert not opened.window.actions_by_id["page_training"].isEnabled()


def test_data_are_checked_and_their_report_is_shown(bench):
    bench.choose_list()
    assert bench.state.work_dir == bench.work  # proposed beside the list
    bench.page.form.check_button.click()
    bench.settled()
    assert bench.page.tabs.currentWidget() is bench.page.report
    assert "two photographs" in bench.page.report.toPlainText()
    assert bench.state.phase is Phase.READY
    assert "prepare begins" in bench.page.log.toPlainText()


def test_from_a_list_to_a_measured_model(bench):
    bench.choose_list()
    bench.page.form.values["epochs"].setValue(2)
    bench.page.form.values["size"].setValue(64)
    bench.train()
    assert bench.state.failed == ""
    assert bench.state.phase is Phase.MEASURED
    assert arguments(bench)[-6:] == [
        *("--recipe", "rfmid-seed", "--set", "run.epochs=2", "--set", "model.size=64")
    ]
    assert bench.page.tabs.currentWidget() is bench.page.result
    assert "Mean AUROC 0.91 (0.88\u20130.94)" in bench.page.result.summary.text()
    table = bench.page.result.table
    assert [table.item(0, c).text() for c in range(7)] == [
        *("Diabetic retinopathy", "CLINIC", "12", "30", "0.93", "0.90", "0.80")
    ]
    course = bench.state.snapshot.course
    assert [point.value for point in course.auroc] == pytest.approx([0.8, 0.9])
    assert "best 0.900 after epoch 2" in bench.page.curves.accessibleDescription()


def test_the_whole_report_is_opened_as_the_system_does(bench):
    bench.choose_list()
    bench.train()
    opened = []

    class Browser(QLabel):
        @Slot(QUrl)
        def take(self, url):
            opened.append(url)

    browser = Browser()
    bench.qtbot.addWidget(browser)
    QDesktopServices.setUrlHandler("file", browser, "take")
    try:
        bench.page.result.report_button.click()
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert opened == [QUrl.fromLocalFile(str(bench.work / "evaluation.html"))]


def test_stop_saves_and_go_on_follows_the_recipe_it_was_begun_with(bench):
    bench.behave(slow=True)
    bench.choose_list()
    bench.page.status.start_button.click()
    bench.until(lambda: bench.state.snapshot.course.share > 0)
    assert "Epoch 1" in bench.page.status.said.text()
    assert bench.opened.window.status_line.isAncestorOf(bench.part.sign)
    assert "Training 25" in bench.part.sign.text()
    assert not bench.page.form.check_button.isEnabled()
    bench.page.status.stop_button.click()
    assert bench.state.phase is Phase.STOPPING
    bench.settled()
    assert bench.state.phase is Phase.STOPPED
    assert bench.state.failed == ""
    assert "nothing that was saved is lost" in bench.page.status.notice.text()
    assert not bench.part.sign.isVisible()
    assert bench.page.status.start_button.text() == "Go on"
    assert "as begun" in bench.page.form.bound.text()
    assert not bench.page.form.values["epochs"].isEnabled()
    bench.behave()
    bench.train()
    assert bench.state.phase is Phase.MEASURED
    assert arguments(bench)[-1] == str(bench.work / "window" / "recipe.toml")
    assert "64" in (bench.work / "window" / "recipe.toml").read_text()


def test_teachers_that_are_asked_first_are_shown_and_can_be_stopped(bench):
    bench.behave(teachers=True)
    bench.choose_list()
    bench.page.status.start_button.click()
    bench.until(lambda: bench.state.snapshot.course.asked > 0)
    said = "The teacher answers each photograph once: 34\u00a0%"
    assert bench.page.status.said.text() == said
    assert (bench.page.status.progress.value(), bench.page.status.progress.maximum()) == (
        340,
        1000,
    )
    bench.page.status.stop_button.click()
    bench.settled()
    assert bench.state.failed == ""
    assert bench.state.phase is Phase.READY


def test_a_sentence_of_the_command_is_shown_as_it_is(bench):
    sentence = "The table is empty; list photographs with known findings."
    bench.behave(fail={"prepare": sentence})
    bench.choose_list()
    bench.train()
    assert bench.page.status.error.text() == sentence
    assert sentence in bench.page.log.toPlainText()
    assert bench.page.status.start_button.isEnabled()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "The device's memory is full; go on with a smaller batch: --set run.batch=8.",
            "The device's memory is full; go on with a smaller batch.",
        ),
        (
            "The manifest has changed: run prepare again.",
            "The list of photographs has changed since it was checked; press Check data.",
        ),
    ],
)
def test_commands_are_told_in_the_windows_words(bench, said, shown):
    bench.behave(fail={"train": said})
    bench.choose_list()
    bench.train()
    assert bench.page.status.error.text() == shown


def test_a_bug_shows_its_last_words_and_leaves_the_rest_alive(bench, analysed):
    bench.behave(fail={"train": "Traceback\nValueError: no such thing"}, code=1)
    bench.choose_list()
    bench.train()
    assert "Last words: ValueError: no such thing" in bench.page.status.error.text()
    analysed_now = bench.opened.screening
    analysed_now.open_paths([bench.folder / "a.jpg"])
    bench.until(lambda: analysed_now.state.photographs and not analysed_now.state.busy)


def test_a_killed_training_is_told_and_goes_on(bench):
    bench.behave(slow=True)
    bench.choose_list()
    bench.page.status.start_button.click()
    bench.until(lambda: bench.state.snapshot.course.share > 0)
    os.kill(pid_of(bench), signal.SIGKILL)
    bench.settled()
    assert "Training: the system ended the process" in bench.page.status.error.text()
    assert "Last words: train begins" in bench.page.status.error.text()
    assert bench.page.status.start_button.text() == "Go on"
    bench.behave()
    bench.train()
    assert bench.state.phase is Phase.MEASURED


def test_one_that_does_not_hear_is_ended_after_a_while(bench):
    bench.behave(slow=True)
    bench.choose_list()
    bench.page.status.start_button.click()
    bench.until(lambda: bench.state.snapshot.course.share > 0)
    os.kill(pid_of(bench), signal.SIGSTOP)
    bench.model._grace.setInterval(50)
    bench.page.status.stop_button.click()
    bench.settled()
    assert bench.state.phase is Phase.STOPPED
    assert not psutil.pid_exists(pid_of(bench))


def test_missing_packages_are_told_in_one_sentence(missing, open_bench):
    missing.extend(["torch", "timm"])
    bench = open_bench()
    bench.show()
    assert "(torch, timm): install Retina Desktop with its extra" in texts(bench.page.status)
    assert not bench.page.form.manifest_button.isEnabled()
    assert not bench.page.status.start_button.isEnabled()


def test_another_recipe_and_the_users_own(bench, tmp_path):
    own = tmp_path / "ours.toml"
    own.write_text(
        "# Ours, for small eyes. More words.\n[run]\nepochs = 3\n[model]\nsize = 96\n"
    )
    form, bench.dialogs.own_recipe = bench.page.form, own
    form.recipe.activated.emit(form.recipe.count() - 1)
    bench.settled()
    assert bench.state.recipe == str(own)
    assert form.recipe.currentText() == "ours"
    assert form.about.text() == "Ours, for small eyes."
    assert form.values["epochs"].specialValueText() == "3, as the recipe"
    own.write_bytes(b"\xff")
    form.recipe.activated.emit(form.recipe.count() - 1)
    bench.settled()
    assert "must be a TOML file" in bench.page.status.error.text()


def test_start_anew_sets_the_run_aside(bench):
    bench.choose_list()
    bench.train()
    bench.page.status.anew_button.click()
    bench.settled()
    assert bench.state.phase is Phase.READY
    assert (bench.work / "earlier-1" / "run" / "best.pt").exists()
    assert (bench.work / "earlier-1" / "results.json").exists()
    assert "earlier-1" in bench.page.status.notice.text()
    assert bench.state.snapshot.course.loss == ()


def test_patients_dealt_anew_set_the_run_aside(bench):
    bench.choose_list()
    bench.train()
    bench.page.form.check_button.click()
    bench.settled()
    assert bench.state.phase is Phase.MEASURED  # the same list gives the same split
    bench.behave(rows=["1.png", "2.png", "3.png"])
    bench.page.form.check_button.click()
    bench.settled()
    assert bench.state.phase is Phase.READY
    assert (bench.work / "earlier-1" / "run").exists()


@pytest.mark.parametrize("choice", list(RunningChoice))
def test_closing_over_a_training_asks(bench, open_bench, choice):
    bench.behave(slow=True)
    bench.choose_list()
    bench.page.status.start_button.click()
    bench.until(lambda: bench.state.snapshot.course.share > 0)
    bench.dialogs.running = choice
    window, pid = bench.opened.window, pid_of(bench)
    window.close()
    assert bench.dialogs.asked == ["leave"]
    if choice is RunningChoice.STAY:
        assert window.isVisible()
        assert bench.state.phase is Phase.RUNNING
    elif choice is RunningChoice.STOP:
        bench.until(lambda: not window.isVisible())
        assert bench.state.phase is Phase.STOPPED
        assert not psutil.pid_exists(pid)
    else:
        assert not window.isVisible()
        assert bench.opened.shut_down()
        assert psutil.pid_exists(pid)
        again = open_bench()
        again.opened.shell.find_training()
        again.until(lambda: again.state.running is Stage.TRAIN)
        again.show()
        assert again.state.snapshot.course.share > 0
        again.page.status.stop_button.click()
        again.settled()
        assert again.state.phase is Phase.STOPPED


def test_a_folder_tells_a_later_window_what_was_wanted(bench, open_bench):
    bench.choose_list()
    bench.page.form.values["batch"].setValue(8)
    bench.page.form.check_button.click()
    bench.settled()
    assert read_plan(bench.work).batch == 8
    again = open_bench()
    again.opened.shell.find_training()
    again.until(lambda: again.state.work_dir == bench.work)
    again.show()
    assert again.page.form.values["batch"].value() == 8
    assert again.state.manifest == bench.folder / "list.csv"
    assert again.state.phase is Phase.READY


def test_a_folder_that_is_gone_is_no_error(open_bench, tmp_path):
    bench = open_bench()
    bench.model.return_to(tmp_path / "gone")
    bench.settled()
    assert bench.state.failed == ""
    assert bench.state.work_dir is None


def test_every_widget_has_a_name_and_every_button_a_tip(bench):
    bench.choose_list()
    bench.train()
    assert nameless(bench.page) == []
    for button in bench.page.findChildren(QAbstractButton):
        if not button.objectName().startswith("qt_") and button.isVisible():
            assert button.toolTip(), button.accessibleName()


def test_curves_follow_the_theme(bench):
    theme = bench.opened.window.theme
    for choice in (ThemeChoice.DARK, ThemeChoice.LIGHT):
        theme.choose(choice)
        brush = bench.page.curves.loss.backgroundBrush()
        assert brush.color().name() == theme.colors.panel


def test_the_page_fits_into_a_small_window(bench):
    bench.opened.window.resize(1024, 600)
    bench.choose_list()
    bench.train()
    bench.qtbot.waitUntil(lambda: bench.opened.window.width() == 1024)
    assert bench.opened.window.height() <= 620
