"""What averaging several views of a photograph would give, beside the plain figures."""

from retina_desktop.domain.manifests import Metric
from training.answers import Answers, as_metric
from training.challenge_score import SCORE
from training.comparison import compare_runs
from training.evaluate import Logits, evaluate
from training.metrics import RESAMPLES
from training.prepared import PreparedData
from training.results import EvaluationResult

CHANGE = "mean_auroc_change"


def compare_views(
    data: PreparedData,
    views: Logits,
    result: EvaluationResult,
    answers: Answers,
    *,
    resamples: int = RESAMPLES,
) -> tuple[Metric, ...]:
    """Return the mean AUROC and the challenge's score of the averaged views, and the change.

    The views are calibrated on their own, as if they were shipped; the change of the mean AUROC
    is the views' minus the plain one, by a paired bootstrap over patients.

    Parameters
    ----------
    data : PreparedData
        The split that both answer.
    views : Logits
        Of the averaged views.
    result, answers : EvaluationResult, Answers
        Of the photographs as they are.
    """
    other, averaged = evaluate(data, views, result.run, resamples=resamples)
    found = [m for m in other.metrics if m.name in {"mean_auroc", SCORE}]
    rows = tuple(map(str, range(len(answers.sources))))
    mean = compare_runs(
        answers, averaged, files=(rows, rows), seed=result.run.seed, resamples=resamples
    )[:1]
    return (*found, *(as_metric(CHANGE, d.change, "", "", None, None) for d in mean))
