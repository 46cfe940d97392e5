"""What Install and use does, and what it leaves alone when it cannot."""


def test_the_model_is_installed_and_photographs_are_analysed_again(bench, fake):
    screening = bench.opened.screening
    screening.open_paths([bench.folder / name for name in ("a.jpg", "b.jpg")])
    bench.until(lambda: len(fake.analysed) == 2 and not screening.state.busy)
    bench.choose_list()
    bench.train()
    bench.page.result.name.setText("Clinic & eyes")
    bench.page.result.install_button.click()
    bench.settled()
    bench.until(lambda: len(fake.analysed) == 4 and not screening.state.busy)
    assert bench.dialogs.asked == ["Clinic & eyes"]
    assert bench.models.bundles == ["Clinic & eyes 1.0.0"]
    assert bench.models.in_force == "clinic-eyes"
    assert "2 photographs on the Screening page are analysed again" in bench.state.notice
    assert not bench.page.result.install_button.isEnabled()  # it is installed
    bench.until(lambda: "answers now" in bench.page.result.in_force.text())
    bench.page.result.models.setCurrentIndex(0)
    bench.page.result.use_button.click()
    bench.settled()
    assert bench.models.in_force == "rfmid-test"


def test_a_bundle_that_is_refused_changes_nothing(bench):
    bench.models.refuses = True
    bench.choose_list()
    bench.train()
    bench.page.result.install_button.click()
    bench.settled()
    assert bench.page.status.error.text() == "The model's file model.onnx was changed."
    assert bench.models.in_force == "rfmid-test"
    assert bench.page.result.install_button.isEnabled()


def test_an_export_that_fails_frees_the_page(bench):
    bench.choose_list()
    bench.train()
    bench.behave(fail={"export": "The disk is full; make room."})
    bench.page.result.install_button.click()
    bench.settled()
    assert bench.page.status.error.text() == "The disk is full; make room."
    assert bench.page.result.install_button.isEnabled()


def test_nobody_is_surprised_by_another_model(bench):
    bench.dialogs.changes = False
    bench.choose_list()
    bench.train()
    bench.page.result.install_button.click()
    bench.settled()
    assert bench.models.bundles == []
