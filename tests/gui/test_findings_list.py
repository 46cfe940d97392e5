"""Findings in reading order; what is not assessed is never negative."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.gui.screening.finding_groups import chosen_label, group_findings
from retina_desktop.gui.screening.findings_model import (
    FindingRow,
    FindingsModel,
    Group,
    GroupRow,
    percent,
)
from tests.helpers.fakes import GOOD, NO_FUNDUS, UNASSESSED, make_findings, make_window_analysis

PRESENT = {"Disease_Risk": 0.99, "ODC": 0.95, "DR": 0.5, "EDN": 0.7, "ARMD": 0.41}


@pytest.fixture
def model(qapp):
    model = FindingsModel()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Fatal
    )
    model.show(group_findings(make_findings(PRESENT)), reliable=True)
    yield model
    assert tester.model() is model


def rows(model, kind):
    found = (model.row(n) for n in range(model.rowCount()))
    return [row for row in found if isinstance(row, kind)]


def test_present_findings_come_most_urgent_first_and_disease_risk_last():
    groups = group_findings(make_findings(PRESENT))
    assert [f.label for f in groups.present] == [
        "ARMD",
        "DR",
        "ODC",
        "EDN",
        "Disease_Risk",
    ]  # EDN: a demonstration


def test_every_label_is_in_exactly_one_group():
    findings = make_findings(PRESENT)
    groups = group_findings(findings)
    together = (*groups.present, *groups.absent, *groups.not_assessed)
    assert sorted(f.label for f in together) == sorted(f.label for f in findings)


def test_groups_are_headed_with_their_count_and_the_unassessed_are_folded(model):
    headings = [(row.title, row.count, row.folded) for row in rows(model, GroupRow)]
    assert headings == [
        ("Present", 5, False),
        ("Below threshold", 19, False),
        ("Not assessed", 5, True),
    ]


def test_what_is_not_assessed_can_neither_be_chosen_nor_read_as_negative(model):
    model.fold(Group.NOT_ASSESSED)
    unassessed = [n for n in range(model.rowCount()) if _code(model, n) in UNASSESSED]
    assert len(unassessed) == 5
    for number in unassessed:
        index = model.index(number)
        assert model.row(number).group is Group.NOT_ASSESSED
        assert not index.flags() & Qt.ItemFlag.ItemIsSelectable
        spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
        shown = f"{index.data()} {model.row(number).value} {spoken}".lower()
        assert "not assessed" in shown
        for word in ("negative", "absent", "normal", "below", "%"):
            assert word not in shown
    assert not set(model.assessed_codes()) & UNASSESSED


def test_a_probability_just_under_its_threshold_is_below_and_at_it_present():
    below, at = (Finding("DR", p, 0.4, LabelStatus.EVALUATED) for p in (0.3999999, 0.4))
    assert group_findings((below,)).absent == (below,)
    assert group_findings((at,)).present == (at,)


def test_demonstration_is_said(model):
    row = next(r for r in rows(model, FindingRow) if r.finding.label == "EDN")
    index = model.index(model.row_of("EDN"))
    assert row.finding.status is LabelStatus.DEMONSTRATION
    assert "demonstration" in index.data(Qt.ItemDataRole.AccessibleTextRole)


def test_the_first_present_finding_is_chosen_unless_the_user_wishes_another():
    analysis = make_window_analysis(width=64, height=48, present=PRESENT, quality=GOOD)
    assert chosen_label(analysis, None) == "ARMD"
    assert chosen_label(analysis, "MH") == "MH"
    assert chosen_label(analysis, "RP") == "ARMD"  # not assessed
    assert chosen_label(None, "DR") is None
    healthy = make_window_analysis(width=64, height=48, present={}, quality=GOOD)
    assert chosen_label(healthy, None) is None
    cat = make_window_analysis(width=64, height=48, present=PRESENT, quality=NO_FUNDUS)
    assert chosen_label(cat, "DR") is None


@pytest.mark.parametrize(
    ("probability", "shown"),
    [(0.0, "< 1 %"), (0.0099, "< 1 %"), (0.01, "1 %"), (0.5, "50 %"), (0.999, "> 99 %")],
)
def test_certainty_is_never_claimed(probability, shown):
    assert percent(probability).replace("\u00a0", " ") == shown


def _code(model, number):
    row = model.row(number)
    return row.finding.label if isinstance(row, FindingRow) else None


def test_a_screen_reader_hears_explanations_and_what_is_closed(model):
    texts = [
        model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)
        for row in range(model.rowCount())
    ]
    assert texts[0].endswith(", open")
    assert texts[-1].startswith("Not assessed")
    assert texts[-1].endswith("closed: Enter opens it")
    explained = model.index(1).data(Qt.ItemDataRole.AccessibleDescriptionRole)
    assert len(explained.split()) > 3
