"""The evaluation's page: every figure is there, each link leads somewhere, nothing is asked."""

import re
from dataclasses import replace

import numpy as np

from retina_desktop.domain.manifests import Metric
from tests.unit.training.test_card import result  # noqa: F401 - a fixture
from training.answers import Answers
from training.evaluation_page import evaluation_page
from training.evaluation_tables import by_source, confusion, never_seen, overview
from training.results import LeftOutRun
from training.tables import Section, Table, as_text, html_page, html_table

FILES = ("one <&>.png", "two.png", "three.png")


def answers():
    """Return three photographs, one of which is called wrongly."""
    return Answers(
        probabilities=np.array([[0.9], [0.8], [0.1]]),
        targets=np.array([[1.0], [0.0], [0.0]], np.float32),
        known=np.ones((3, 1), np.bool_),
        sources=("A", "A", "A"),
        groups=np.arange(3),
        codes=("DR",),
        thresholds=(0.5,),
    )


def test_every_link_leads_to_a_part_and_nothing_comes_from_outside(result):  # noqa: F811 - that fixture
    page = evaluation_page(result, answers(), FILES)
    links = re.findall(r'href="#([^"]+)"', page)
    assert len(links) == 7
    assert [page.count(f'<section id="{link}">') for link in links] == [1] * 7
    assert re.findall(r'(?:src|href)="(?!#|data:)', page) == []
    assert "<script" not in page
    assert "retina-train explain" in page


def test_the_summary_says_what_was_measured(result):  # noqa: F811 - that fixture
    page = evaluation_page(replace(result, set_aside=3), answers(), FILES)
    assert "efficientnet_b0, 224 x 224 pixels, on 20 photographs of 1 source." in page
    assert "3 more show an eye seen in training" in page
    assert "<strong>0.812 [0.701, 0.903]</strong>" in page
    assert "original size: <strong>not measured</strong>" in page
    assert "no certified device" in page


def test_means_stand_a_row_a_source_and_whole_eyes_apart(result):  # noqa: F811 - that fixture
    more = (
        Metric("macro_f1", 0.5, 0.4, 0.6),
        Metric("macro_auroc", 0.7, 0.6, 0.8, "", "ODIR"),
        Metric("riadd_score", 0.9, 0.8, 1.0, "", "ODIR"),
        Metric("riadd_labels", 8.0, None, None, "", "ODIR"),
    )
    means, eyes = overview(replace(result, metrics=(*result.metrics, *more)))
    found = {row[0]: dict(zip(means.header, row, strict=True)) for row in means.rows}
    assert found["All sources"]["AUROC"] == "0.812\n0.70 to 0.90"
    assert found["All sources"]["F1"] == "0.500\n0.40 to 0.60"
    assert found["ODIR"]["AUROC"] == "0.700\n0.60 to 0.80"
    assert found["ODIR"]["F1"] == ""
    assert eyes.rows == (
        ("ODIR", "", "0.610\n0.50 to 0.70, of 44", "0.900\n0.80 to 1.00", "8"),
    )


def test_averaged_views_have_a_table_of_their_own(result):  # noqa: F811 - that fixture
    views = (
        Metric("mean_auroc", 0.82, 0.8, 0.84),
        Metric("mean_auroc_change", -0.004),
        Metric("riadd_score", 0.9, None, None, "", "ODIR"),
    )
    *_, table = overview(replace(result, averaged_views=views))
    assert table.rows == (
        ("Mean AUROC", "All sources", "0.820\n0.80 to 0.84"),
        ("Change of the mean AUROC", "All sources", "-0.004"),
        ("RIADD score", "ODIR", "0.900"),
    )


def test_pairs_with_one_answer_do_not_fill_tables_of_blanks(result):  # noqa: F811 - that fixture
    more = (
        Metric("auroc_referable", 0.9, 0.8, 1.0, "DR", "ODIR", 7, 30),
        Metric("sensitivity", 1.0, 1.0, 1.0, "DR", "APTOS2019", 185, 0),
        Metric("specificity", 0.9, 0.7, 1.0, "LS", "ODIR", 0, 9),
    )
    odir, grades, lone = by_source(replace(result, metrics=(*result.metrics, *more)))
    assert odir.title == "ODIR"
    assert [row[:3] for row in odir.rows] == [("DR", "12", "44"), ("MHL *", "6", "50")]
    assert grades.rows == (("ODIR", "0.900\n0.80 to 1.00, 7 against 30", ""),)
    assert lone.rows == (
        ("DR", "APTOS2019", "185", "0", "1.000\n1.00 to 1.00", ""),
        ("LS", "ODIR", "0", "9", "", "0.900\n0.70 to 1.00"),
    )


def test_what_another_run_says_of_a_source_it_never_saw_is_shown(result):  # noqa: F811 - that fixture
    figure = Metric("auroc", 0.6, 0.56, 0.63, "DR", "ODIR", 20, 30)
    run = LeftOutRun({"ODIR": 50}, "efficientnet_b0", 320, "lite0", 2.0, 0, (figure,))
    with_run = replace(result, left_out=(run,))
    (table,) = never_seen(with_run)
    assert table.rows[0][:3] == ("ODIR", "50", "0.60\n0.56 to 0.63")
    page = evaluation_page(with_run, answers(), FILES)
    assert "By a run without ODIR" in page
    assert "0.60<br><small>0.56 to 0.63</small>" in page


def test_photographs_called_are_counted_at_the_threshold():
    assert confusion(answers()).rows == (("DR", "A", "0.500", "1", "0", "1", "1"),)
    nothing = replace(answers(), thresholds=(None,))
    assert confusion(nothing).rows == ()


def test_words_that_look_like_html_are_shown_as_words():
    table = Table("<b>", ("<i>",), (("a < b\n<u>",),), note="<s>")
    page = html_page((Section("A & B", html_table(table)),), title="<title>")
    for tag in ("<b>", "<i>", "<u>", "<s>", "<title><title>"):
        assert tag not in page
    assert "a &lt; b<br><small>&lt;u&gt;</small>" in page
    assert '<a href="#a-b">A &amp; B</a>' in page


def test_a_terminal_gets_cells_on_one_line_and_the_note():
    table = Table("T", ("Source", "AUROC"), (("A", "0.9\n0.8 to 1.0"),), note="N.")
    assert as_text((table,)).splitlines() == [
        "T",
        "Source           AUROC",
        "A       0.9 0.8 to 1.0",
        "N.",
    ]
