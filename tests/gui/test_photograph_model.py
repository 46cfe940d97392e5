"""The list model keeps rows, and so selection and scroll place, while photographs change."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtTest import QAbstractItemModelTester

from retina_desktop.gui.screening.photograph_model import PhotographModel
from retina_desktop.gui.screening.state import Photograph, PhotographStatus


@given(st.lists(st.sets(st.integers(0, 9)), max_size=6))
def test_any_removal_and_addition_at_the_end_is_shown(tmp_path_factory, qapp, steps):
    model = PhotographModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    path = tmp_path_factory.getbasetemp() / "a.jpg"
    shown, number = (), 0
    for removed in steps:
        kept = tuple(p for p in shown if p.id % 10 not in removed)
        added = tuple(Photograph(number + k, path) for k in range(len(removed)))
        number += len(removed)
        changed = tuple(replace(p, progress=0.5) if p.id % 2 else p for p in kept)
        shown = (*changed, *added)
        model.show(shown)
        assert [model.photograph(row) for row in range(model.rowCount())] == list(shown)
    assert tester.model() is model


def test_a_change_repaints_its_row_only(qtbot, tmp_path):
    model = PhotographModel()
    before = tuple(Photograph(n, tmp_path / f"{n}.jpg") for n in range(3))
    model.show(before)
    changed = []
    model.dataChanged.connect(lambda top, bottom: changed.append((top.row(), bottom.row())))
    after = replace(before[1], status=PhotographStatus.ANALYSING)
    model.show((before[0], after, before[2]))
    assert changed == [(1, 1)]
