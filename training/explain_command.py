"""``retina-train explain``: whether heatmaps point at lesions and rest on what was learned."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.domain.labels import RFMID_CODES
from training.evaluate import preprocessing_steps
from training.evaluate_command import PAGE_NAME, RUN_NAME
from training.explanation import explain, read_lesions
from training.explanation_figures import EXPLANATION_NAME, explanation_tables
from training.files import write_atomically
from training.first_weights import new_network
from training.prepared import read_enhancements
from training.randomisation import randomise
from training.recipe import RecipeError
from training.run_record import load_best, read_recipe
from training.sentences import told


@told
def explain_run(
    work_dir: Annotated[Path, typer.Option(help="Folder of the run.")],
    images: Annotated[Path, typer.Option(help="Folder of photographs with lesions.")],
    masks: Annotated[Path, typer.Option(help="Folder of their masks, STEM_KIND.png.")],
    label: str = "DR",
    kinds: Annotated[str, typer.Option(help="Kinds of lesion, by commas.")] = "MA,HE,EX,SE",
    *,
    randomisation: Annotated[
        bool, typer.Option(help="Check too that maps fall apart when weights become random.")
    ] = True,
) -> None:
    """Say whether the label's heatmaps point at lesions, beside random weights and chance."""
    column = code_index(label)
    recipe = read_recipe(work_dir / RUN_NAME)
    trained, random = (new_network(recipe, len(RFMID_CODES)) for _ in range(2))
    load_best(work_dir / RUN_NAME, trained)
    size = recipe.model.size
    steps = preprocessing_steps(size, read_enhancements(work_dir))
    pictures = tuple(read_lesions(images, masks, kinds=kinds.split(","), size=size))
    found = explain(trained, random, pictures, label=column, steps=steps)
    content = {"label": label, "kinds": kinds, **asdict(found)}
    if randomisation:
        done = randomise(trained, random, pictures, label=column, steps=steps)
        content["randomisation"] = [asdict(step) for step in done]
    text = json.dumps(content, indent=2)
    write_atomically(work_dir / EXPLANATION_NAME, text.encode())
    _show(work_dir)
    sys.stdout.write(text + "\n")


def code_index(label: str) -> int:
    """Return the output of `label`, or end with a sentence."""
    if label not in RFMID_CODES:
        raise RecipeError(f"There is no label {label}; one of {', '.join(RFMID_CODES)}.")
    return RFMID_CODES.index(label)


def _show(work_dir: Path) -> None:
    """Put the figures into the evaluation's page, where there is one."""
    # Seconds to import, for the page's drawings, which other commands need not wait.
    from training.evaluation_page import with_explanation

    page = work_dir / PAGE_NAME
    if page.exists():
        tables = explanation_tables(work_dir / EXPLANATION_NAME)
        content = with_explanation(page.read_text(encoding="utf-8"), tables)
        write_atomically(page, content.encode())
