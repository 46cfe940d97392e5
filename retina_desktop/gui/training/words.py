"""How the Training page tells stages, times and endings."""

import re

from PySide6.QtCore import QCoreApplication

from retina_desktop.gui.sentences import in_own_words
from retina_desktop.gui.training.state import Phase, TrainingState
from retina_desktop.services.training_runs import Stage
from retina_desktop.services.training_runs_desk import Ending

_STAGES = {
    Stage.PREPARE: "Reading the photographs",
    Stage.TRAIN: "Training",
    Stage.AUDIT: "Looking for eyes that training has seen",
    Stage.EVALUATE: "Measuring on patients kept back",
    Stage.EXPORT: "Packing the model",
}
_PHASES = {
    Phase.CHOOSING: "Choose a list of photographs to begin.",
    Phase.READY: "Ready to train.",
    Phase.STOPPING: "Stopping: the run saves its state…",
    Phase.STOPPED: "Stopped. The run goes on where its state was saved.",
    Phase.TRAINED: "Trained, not measured yet.",
    Phase.MEASURED: "Trained and measured.",
}
_PHASES_WITHOUT_TRAINING = {  # where the recipe learns nothing
    Phase.READY: "Ready to measure the model and to choose its thresholds.",
    Phase.TRAINED: "Not measured yet.",
    Phase.MEASURED: "Measured; nothing was learned.",
}
# By how the command's sentence begins, where it names what this page has a button for.
_OWN_WORDS = {
    "The manifest has changed": (
        "The list of photographs has changed since it was checked; press Check data."
    ),
    "The manifest's patients or labels have changed": (
        "The list of photographs has changed since it was checked; press Check data."
    ),
    "A recipe of no epochs judges": (
        "This recipe measures a finished model and trains none; choose an installed model "
        "under Start from."
    ),
    "Nothing was prepared here": "The photographs were not checked yet; press Check data.",
}
_KILLED = (-9, 137)  # SIGKILL, as Python and as a shell tell it
_TIME = re.compile(r"^\d{4}-\d\d-\d\d [\d:,]+ ")  # before each line of a log
_MINUTE_S, _HOUR_S = 60, 3600


def shown_stage(stage: Stage) -> str:
    """Return what a stage does, in a few words."""
    return tr(_STAGES[stage])


def shown_phase(state: TrainingState) -> str:
    """Return in a sentence where the user is."""
    if state.phase is Phase.UNAVAILABLE:
        return missing_sentence(state.missing)
    if state.phase is Phase.RUNNING and state.running is not None:
        return shown_stage(state.running) + "…"
    words = _PHASES if state.learns else _PHASES | _PHASES_WITHOUT_TRAINING
    return tr(words[state.phase])


def missing_sentence(missing: tuple[str, ...]) -> str:
    """Return what is to be installed."""
    return tr(
        "Training needs packages that are not installed on this computer ({0}): install "
        "Retina Desktop with its extra “train”, then open this page again."
    ).format(", ".join(missing))


def shown_progress(state: TrainingState) -> str:
    """Return ``Epoch 3 of 20, 12 %, about 40 minutes left``; "" where nothing trains."""
    course = state.snapshot.course
    if state.running is not Stage.TRAIN:
        return ""
    if course.is_asking:
        share = f"{round(100 * course.asked)}\u00a0%"
        return tr("The teacher answers each photograph once: {0}").format(share)
    if not course.epoch:
        return tr("The first figures come after some steps.")
    epochs = course.of_epochs or _epochs(state)
    said = [
        tr("Epoch {0} of {1}").format(course.epoch, epochs)
        if epochs
        else tr("Epoch {0}").format(course.epoch),
        f"{round(100 * course.share)}\u00a0%",
    ]
    if course.remaining_s is not None:
        said.append(tr("about {0} left").format(shown_time(course.remaining_s)))
    return " \u00b7 ".join(said)


def shown_time(seconds: float) -> str:
    """Return a span of time as one would say it."""
    if seconds < 90:
        return tr("1 minute") if seconds > 40 else tr("half a minute")
    if seconds < 90 * _MINUTE_S:
        return tr("{0} minutes").format(round(seconds / _MINUTE_S))
    return tr("{0} hours").format(f"{seconds / _HOUR_S:.1f}".removesuffix(".0"))


def failure_sentence(ending: Ending) -> str:
    """Return what the user reads of a stage that did not end well."""
    for begins, words in _OWN_WORDS.items():
        if ending.words.startswith(begins):
            return tr(words)
    if ending.told_itself and ending.words:
        return in_own_words(ending.words)
    stage = shown_stage(ending.stage)
    said = tr("{0}: the process ended unexpectedly; what was saved stays.")
    if ending.code in _KILLED:
        said = tr(
            "{0}: the system ended the process, often for lack of memory; what was saved stays."
        )
    words = _TIME.sub("", ending.words)
    return said.format(stage) + (tr(" Last words: {0}").format(words) if words else "")


def tr(text: str) -> str:
    """Return `text` in the user's language."""
    return QCoreApplication.translate("training", text)


def _epochs(state: TrainingState) -> int | None:
    recorded = state.snapshot.content.recorded or {}
    run = recorded.get("run")
    epochs = run.get("epochs") if isinstance(run, dict) else None
    return epochs if isinstance(epochs, int) else None
