"""Which of several models looks at a photograph: by the patient's age, or as somebody chose.

A model whose every assessed label is a disease of the first years of life screens small
children; it is suggested for them, and never runs on anybody else unless a person chose it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.manifests import ModelManifest

CHILDREN_BELOW = 6  # years: nine of ten retinoblastomas are found before the fifth birthday


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """An installed model as choosers name it."""

    id: str
    name: str
    for_children: bool = False
    in_force: bool = False  # what answers where nobody chose


def choice_of(manifest: ModelManifest, *, in_force: bool = False) -> ModelChoice:
    """Return the choice that a bundle is."""
    assessed = [e for e in manifest.labels if e.status is not LabelStatus.NOT_ASSESSED]
    labels = [label_of(entry.code) for entry in assessed]
    for_children = bool(labels) and all(label.of_children for label in labels)
    name = manifest.name
    if for_children and len(labels) == 1:
        name = f"{labels[0].name} screening (children)"
    if any(entry.status is LabelStatus.EVALUATED for entry in assessed):
        return ModelChoice(manifest.id, name, for_children, in_force)
    return ModelChoice(manifest.id, f"{name}, demonstration", for_children, in_force)


def suggested(choices: Sequence[ModelChoice], age: int | None) -> ModelChoice | None:
    """Return the model for a patient of `age` years; None where nothing is installed.

    A small child gets a model for children where there is one; everybody else, also who has
    no birth date, the model in force, or the first that is none for children.
    """
    in_force = next((choice for choice in choices if choice.in_force), None)
    child = age is not None and age < CHILDREN_BELOW
    if in_force is None and not child:
        return None  # the one in force is missing: that is told, and no other takes its place
    fitting = [choice for choice in choices if choice.for_children is child]
    if in_force in fitting or not fitting:
        return in_force
    return fitting[0]


def model_to_ask(choice: ModelChoice | None) -> str | None:
    """Return the id of a model to be named, None where the one in force answers."""
    return None if choice is None or choice.in_force else choice.id


def age_caution(choice: ModelChoice | None, age: int | None) -> str:
    """Return why a model is not one for this patient, empty where nothing speaks against it."""
    if choice is None:
        return ""
    child = age is not None and age < CHILDREN_BELOW
    if choice.for_children and not child:
        whose = "whose age is not known" if age is None else f"of {age} years"
        return (
            f"{choice.name} is for children below {CHILDREN_BELOW}, not for a patient {whose}."
        )
    if child and not choice.for_children:
        return f"{choice.name} was not made for children below {CHILDREN_BELOW}."
    return ""
