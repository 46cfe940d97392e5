"""The evaluation as one HTML page: figures, curves, and the worst mistakes by name.

The page stays with the run: it names photographs, and needs nothing from outside.
"""

import base64
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import groupby

from retina_desktop.domain.manifests import Metric
from training.answers import Answers
from training.evaluation_curves import curves
from training.evaluation_tables import by_source, confusion, never_seen, overview
from training.figures import MEAN_ONE_SIZE
from training.mistakes import Mistake, worst_mistakes
from training.pair_figures import MEAN_AUROC
from training.results import EvaluationResult
from training.tables import Section, Table, html_page, html_section, html_table

_STYLE = (
    "body{max-width:88rem}th,td{padding:.25rem .5rem}"
    ".mistake{display:inline-block;margin:.3rem;max-width:25rem;font-size:.8rem}"
    "figcaption{overflow-wrap:anywhere}summary{cursor:pointer;font-weight:600;margin:.4rem 0}"
)
_HEATMAPS = "Heatmaps"
_LEGEND = (
    "Of each label and source the wrong calls furthest from what is stated, with their "
    "probability; right, the label's heatmap on the program's fixed scale. Click a line to see "
    "its photographs."
)


def evaluation_page(
    result: EvaluationResult,
    answers: Answers,
    files: Sequence[str],
    *,
    pictures: Sequence[bytes] | None = None,
    explanation: Sequence[Table] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    result : EvaluationResult
        The figures.
    answers : Answers
        What they were measured on.
    files : Sequence[str]
        The photograph of each row.
    pictures : Sequence[bytes] or None
        JPEGs of `mistakes.worst_mistakes`, in their order.
    explanation : Sequence[Table]
        What `explain` found of the same run.
    """
    unseen = "<p>No run of this kind left a source out.</p>"
    mistakes = "\n".join(_mistakes(answers, files, pictures))
    sections = (
        Section("Summary", _summary(result) + _tables(overview(result))),
        Section("Sources never seen", _tables(never_seen(result)) or unseen),
        Section("By source and label", _tables(by_source(result))),
        Section("At the threshold", html_table(confusion(answers))),
        _heatmaps(explanation),
        Section("Curves", "\n".join(curves(answers))),
        Section("Worst mistakes", f"<p>{_LEGEND}</p>\n{mistakes}"),
    )
    return html_page(sections, title="Evaluation on patients kept back", style=_STYLE)


def with_explanation(page: str, tables: Sequence[Table]) -> str:
    """Return the page with these tables in place of what it said of heatmaps."""
    start = page.find(f'<section id="{_heatmaps(()).anchor}">')
    end = page.find("</section>", start)
    if min(start, end) < 0:
        return page
    return page[:start] + html_section(_heatmaps(tables)) + page[end + len("</section>") :]


def _heatmaps(tables: Sequence[Table]) -> Section:
    missing = (
        "<p>Not measured: <code>retina-train explain</code> compares them with lesions.</p>"
    )
    return Section(_HEATMAPS, _tables(tables) or missing)


def _tables(tables: Iterable[Table]) -> str:
    return "\n".join(html_table(table) for table in tables)


def _summary(result: EvaluationResult) -> str:
    """Say in sentences what was measured, on what, and what it came to."""
    run, summary = result.run, result.summary
    test = sum(source.test for source in result.sources)
    sources = sum(source.test > 0 for source in result.sources)
    aside = (
        f" {result.set_aside} more show an eye seen in training." if result.set_aside else ""
    )
    sentences = [
        f"{escape(run.architecture)}, {run.input_size} x {run.input_size} pixels, on {test} "
        f"photographs of {sources} {'source' if sources == 1 else 'sources'}.{aside}",
        f"Mean AUROC over {summary.pairs} pairs of label and source: "
        f"<strong>{_told(result, MEAN_AUROC)}</strong>; over the {summary.pairs_one_size} that "
        f"can be judged at one original size: <strong>{_told(result, MEAN_ONE_SIZE)}</strong>.",
        "Calibration and thresholds were chosen on validation patients. Research and "
        "education only: no certified device.",
    ]
    return "".join(f"<p>{sentence}</p>\n" for sentence in sentences)


def _told(result: EvaluationResult, name: str) -> str:
    found = next((m for m in result.metrics if m.name == name and not m.label), None)
    return "not measured" if found is None else _with_interval(found)


def _with_interval(metric: Metric) -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} [{metric.low:.3f}, {metric.high:.3f}]"


def _mistakes(
    answers: Answers, files: Sequence[str], pictures: Sequence[bytes] | None
) -> Iterator[str]:
    """Yield a fold a pair, with pictures where there are some."""
    numbered = enumerate(worst_mistakes(answers))
    for (source, column), some in groupby(numbered, lambda one: (one[1].source, one[1].column)):
        shown = [
            _figure(mistake, files, None if pictures is None else pictures[number])
            for number, mistake in some
        ]
        title = escape(f"{answers.codes[column]} in {source}")
        yield f"<details><summary>{title} ({len(shown)})</summary>{''.join(shown)}</details>"


def _figure(mistake: Mistake, files: Sequence[str], picture: bytes | None) -> str:
    stated = "present, but missed" if mistake.present else "absent, but called"
    words = f"{files[mistake.place]}: {stated} ({mistake.probability:.3f})"
    image = ""
    if picture is not None:
        source = f"data:image/jpeg;base64,{base64.b64encode(picture).decode()}"
        image = f'<img alt="Photograph and heatmap" src="{source}"><br>'
    return f'<figure class="mistake">{image}<figcaption>{escape(words)}</figcaption></figure>'
