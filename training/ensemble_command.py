"""``retina-train ensemble``: several evaluated runs over one split, measured as one."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.domain.labels import RFMID_CODES
from training.ensemble import join_logits, joined_facts
from training.evaluate import evaluate
from training.evaluate_command import RESULTS_NAME, write_evaluation
from training.logits_file import LOGITS_NAME, keep_logits, photographs_of, read_logits
from training.prepared import SAME_EYES_NAME, SPLIT_NAME, load_prepared
from training.results import ResultsUnreadableError, read_results
from training.sentences import told
from training.splits import Part


@told
def join_runs(
    runs: Annotated[list[Path], typer.Argument(help="Work folders of evaluated runs.")],
    manifest: Annotated[Path, typer.Option(help="What was prepared.")],
    work_dir: Annotated[Path, typer.Option(help="Folder for the ensemble's results.")],
) -> None:
    """Average several runs of one split, calibrate and measure anew (cannot be exported)."""
    results = [read_results(run / RESULTS_NAME) for run in runs]
    logits = join_logits([read_logits(run / LOGITS_NAME) for run in runs], results)
    data = load_prepared(manifest, runs[0], RFMID_CODES)
    if read_logits(runs[0] / LOGITS_NAME).test != photographs_of(data, Part.TEST):
        raise ResultsUnreadableError(
            "The runs did not answer the whole test of their split: join runs that left no "
            "source out, and evaluate them again if the split has changed."
        )
    result, answers = evaluate(
        data, logits, joined_facts(results), set_aside=results[0].set_aside
    )
    work_dir.mkdir(parents=True, exist_ok=True)
    for name in (SPLIT_NAME, SAME_EYES_NAME):
        if (runs[0] / name).exists() and not (work_dir / name).exists():
            shutil.copyfile(runs[0] / name, work_dir / name)
    keep_logits(work_dir / LOGITS_NAME, data, logits)
    write_evaluation(work_dir, data, result, answers)
