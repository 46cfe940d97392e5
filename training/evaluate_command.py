"""``retina-train evaluate``: a run's figures, its page, and what other runs add to them."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.labels import RFMID_CODES
from training.answers_file import ANSWERS_NAME, write_answers
from training.calibrating import all_to_choose_on, read_starting_model
from training.evaluate import (
    NO_ROWS,
    Logits,
    application_tensor,
    compute_logits,
    evaluate,
    preprocessing_steps,
)
from training.explanation_figures import EXPLANATION_NAME, explanation_tables
from training.figures import Answers
from training.files import write_atomically
from training.first_weights import new_network
from training.kept_crops import kept_crops
from training.left_out import (
    LEFT_OUT_NAME,
    measure_never_seen,
    read_left_out,
    separate,
    write_left_out,
)
from training.logits_file import LOGITS_NAME, keep_logits, photographs_of
from training.mistakes import draw_mistakes, worst_mistakes
from training.prepared import SAME_EYES_NAME, PreparedData, load_prepared
from training.progress import counted
from training.results import EvaluationResult, ResultsUnreadableError, write_results
from training.run_record import check_split, load_best, read_facts, read_recipe
from training.sentences import told
from training.splits import Part
from training.views import VIEWS, AveragedViews
from training.views_figures import compare_views

RUN_NAME = "run"
RESULTS_NAME = "results.json"
PAGE_NAME = "evaluation.html"

log = logging.getLogger("training")

Ask = Callable[
    [nn.Module, PreparedData, NDArray[np.int64]], tuple[Logits, NDArray[np.float32]]
]  # see `compute_logits`


@told
def evaluate_run(
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Folder of the cache, the split and the run.")],
    left_out: Annotated[
        list[Path] | None,
        typer.Option(help="left_out.json of a run that left sources out, for the card."),
    ] = None,
    threads: int = 2,
    *,
    tta: Annotated[
        bool, typer.Option("--tta", help=f"Measure the mean of several views too: {VIEWS}.")
    ] = False,
) -> None:
    """Calibrate on validation, measure on test, and write the results as JSON.

    A run that left sources out is measured on all their photographs too (left_out.json).
    """
    torch.set_num_threads(threads)
    others = tuple(read_left_out(path) for path in left_out or ())
    data = load_prepared(manifest, work_dir, RFMID_CODES)
    recipe = read_recipe(work_dir / RUN_NAME)
    check_split(work_dir / RUN_NAME, data)
    _check_parts(data)
    facts = read_facts(work_dir / RUN_NAME, duplicate_pairs=data.duplicate_pairs)
    if not facts.learned:
        data = all_to_choose_on(data)
    never = separate(data, recipe.sampling.leave_out)
    network = new_network(recipe, len(RFMID_CODES))
    load_best(work_dir / RUN_NAME, network)
    size, folder = facts.input_size, work_dir / "cache"
    with _asking(manifest.parent, data, size=size, crops=folder) as ask:
        logits, unseen = ask(network, never.seen, never.rows)
        views = ask(AveragedViews(network), never.seen, NO_ROWS)[0] if tta else None
    looked_for = (work_dir / SAME_EYES_NAME).exists()
    aside = len(data.rows_of(Part.SET_ASIDE)) if looked_for else None
    model = read_starting_model(work_dir / RUN_NAME)
    result, answers = evaluate(never.seen, logits, facts, set_aside=aside, model=model)
    if views is not None:
        compared = compare_views(never.seen, views, result, answers)
        result = replace(result, averaged_views=compared)
    if len(never.rows):
        found = measure_never_seen(never, unseen, result)
        write_left_out(work_dir / LEFT_OUT_NAME, found)
        others = (found, *others)
    keep_logits(work_dir / LOGITS_NAME, never.seen, logits)
    result = replace(result, left_out=others)
    write_evaluation(work_dir, never.seen, result, answers, network=network)


def _check_parts(data: PreparedData) -> None:
    for part, words in ((Part.VALIDATION, "calibrate on"), (Part.TEST, "measure on")):
        if not len(data.rows_of(part)):
            raise ResultsUnreadableError(
                f"There is no photograph to {words}; look at the data's report, and add "
                "patients or the authors' own division."
            )


@contextmanager
def _asking(image_dir: Path, data: PreparedData, *, size: int, crops: Path) -> Iterator[Ask]:
    """Give `compute_logits` for photographs that go the application's way, crops kept."""
    steps = preprocessing_steps(size, data.enhancements)
    make = partial(application_tensor, size=size, steps=steps)
    asked = np.concatenate([data.rows_of(part) for part in (Part.VALIDATION, Part.TEST)])
    paths = [image_dir / data.images[row].path for row in asked.tolist()]
    with kept_crops(crops, paths, steps=steps, make=make) as tensor_of:

        def ask(
            network: nn.Module, parts: PreparedData, others: NDArray[np.int64]
        ) -> tuple[Logits, NDArray[np.float32]]:
            count = sum(len(parts.rows_of(part)) for part in (Part.VALIDATION, Part.TEST))
            with counted("photographs", count + len(others)) as one_more:

                def told_of(path: Path) -> NDArray[np.float32] | None:
                    tensor = tensor_of(path)
                    one_more()
                    return tensor

                return compute_logits(
                    network, parts, others, image_dir=image_dir, tensor_of=told_of, size=size
                )

        yield ask


def write_evaluation(
    work_dir: Path,
    data: PreparedData,
    result: EvaluationResult,
    answers: Answers,
    *,
    network: nn.Module | None = None,
) -> None:
    """Write answers, page and results of an evaluated run; the results last.

    With a `network` the page shows the worst mistakes with heatmaps.
    """
    files = photographs_of(data, Part.TEST)
    write_answers(work_dir / ANSWERS_NAME, answers, files)
    pictures = None
    if network is not None:
        found, size = worst_mistakes(answers), result.run.input_size
        pictures = draw_mistakes(network, data.part(Part.TEST), found, size=size)
    # Seconds to import, for its drawings, which other commands need not wait.
    from training.evaluation_page import evaluation_page

    page = evaluation_page(
        result,
        answers,
        files,
        pictures=pictures,
        explanation=explanation_tables(work_dir / EXPLANATION_NAME),
    )
    write_atomically(work_dir / PAGE_NAME, page.encode())
    write_results(work_dir / RESULTS_NAME, result)
    summary = result.summary
    log.info("mean AUROC on test, %d pairs: %s", summary.pairs, summary.mean_auroc)
