"""What a training begins with: an installed model, a half of one, or weights of one's own."""

import json
from dataclasses import replace

from tests.gui.training.conftest import CAME_ALONG
from tests.gui.training.test_page import arguments


def start_choices(bench):
    box = bench.page.form.start
    return [box.itemText(row) for row in range(box.count())]


def choose_start(bench, row):
    bench.page.form.start.activated.emit(row)


def test_a_training_begins_with_an_installed_model(bench):
    bench.choose_list()
    bench.until(lambda: len(start_choices(bench)) == 3)
    assert start_choices(bench) == [
        *("As the recipe says", "Came along, version 1.0.0", "A file of weights\u2026")
    ]
    choose_start(bench, 1)
    assert bench.page.form.start.currentIndex() == 1
    bench.train()
    folder = json.dumps(str(CAME_ALONG.folder))
    assert arguments(bench)[-2:] == ["--set", f"model.initial = {folder}"]
    split = json.loads((bench.work / "split.json").read_text())
    assert split["enhancements"] == ["clahe"]  # photographs look as that model reads them
    assert not bench.page.form.start.isEnabled()  # the run has begun with it, and says so
    assert bench.page.form.start.currentText() == "Came along, version 1.0.0"


def test_a_recipe_that_learns_nothing_measures_a_model_and_says_so(open_bench):
    bench = open_bench()
    children = replace(CAME_ALONG, name="Children", codes=("RB",))
    two = replace(CAME_ALONG, name="Two", architecture="twofold_efficientnet_b0")
    bench.models.installed += [children, two]
    bench.show()
    bench.choose_list()
    bench.until(lambda: "Plain half of Two, version 1.0.0" in start_choices(bench))
    names = [recipe.name for recipe in bench.state.recipes]
    bench.page.form.recipe.activated.emit(names.index("calibrate-only"))
    bench.settled()
    assert start_choices(bench)[1:-1] == ["Came along, version 1.0.0", "Two, version 1.0.0"]
    assert bench.page.status.start_button.text() == "Start measuring"
    assert bench.page.status.phase.text().startswith("Ready to measure the model")
    choose_start(bench, 2)
    bench.page.form.values["epochs"].setValue(3)  # now it is a training after all
    assert bench.page.status.start_button.text() == "Start training"
    bench.page.form.values["epochs"].setValue(0)
    assert bench.page.status.start_button.text() == "Start measuring"


def test_of_a_model_in_two_halves_only_one_serves_and_that_is_said(open_bench):
    bench = open_bench()
    two = replace(CAME_ALONG, name="Two", architecture="twofold_efficientnet_b0")
    bench.models.installed.append(two)
    bench.show()
    bench.choose_list()
    bench.until(lambda: len(start_choices(bench)) == 4)
    assert "Plain half of Two, version 1.0.0" in start_choices(bench)
    assert "Came along, version 1.0.0" in start_choices(bench)


def test_weights_of_ones_own_are_named_and_forgotten_with_the_recipe(bench, tmp_path):
    bench.choose_list()
    last = bench.page.form.start.count() - 1
    choose_start(bench, last)  # nothing is chosen in the dialog
    assert bench.page.form.start.currentText() == "As the recipe says"
    bench.dialogs.own_weights = tmp_path / "body.safetensors"
    choose_start(bench, bench.page.form.start.count() - 1)
    assert bench.state.plan.start_from == tmp_path / "body.safetensors"
    assert bench.page.form.start.currentText() == "body.safetensors"
    bench.page.form.recipe.activated.emit(0)
    assert bench.state.plan.start_from is None
    assert bench.page.form.start.currentText() == "As the recipe says"
