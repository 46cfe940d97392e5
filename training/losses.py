"""What is minimised: per label and photograph, and only where the source states the label.

Every loss is a sum over the stated labels divided by their number, so that photographs with
few stated labels weigh less than those with many.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from training.feature_teacher import Answers, Taught
from training.feed import Batch, Lesson
from training.manifest_data import Known, Targets
from training.recipe import LossKind, LossSection, Recipe

Loss = Callable[[Tensor, Tensor], Tensor]  # logits, targets -> a loss for every element


class Objective:
    """What a run minimises: the labels' loss, and beside it teachers' answers and the grade."""

    def __init__(self, recipe: Recipe, targets: Targets, known: Known) -> None:
        present = torch.from_numpy((targets * known).sum(axis=0))
        stated = torch.from_numpy(known.sum(axis=0))
        self._labels = make_loss(recipe.loss, present, stated - present)
        self._soft_weight = recipe.distillation.weight
        self._temperature = recipe.distillation.temperature
        self._grade_weight = recipe.loss.grade_weight
        self._feature_weight = recipe.distillation.feature_weight

    def __call__(self, told: Answers | Taught, batch: Batch) -> Tensor:
        """Return this process' share of the loss; the sum of all shares is the whole.

        `told` are the labels' logits, where there is a grade's head also its, and with a
        teacher of features the distance from them.
        """
        if isinstance(told, Taught):
            share = told.distance.sum() / batch.count
            return self(told.answers, batch) + self._feature_weight * share
        answers = told
        logits, grades = answers if isinstance(answers, tuple) else (answers, None)
        loss = _share(self._labels, logits.float(), batch.labels)
        if batch.soft is not None:
            # The square keeps the gradient's size whatever the temperature (Hinton, 2015).
            heat = self._temperature
            soft = _share(_cross_entropy, logits.float() / heat, batch.soft)
            loss = loss + self._soft_weight * heat**2 * soft
        if grades is not None and batch.grades is not None:
            grade = _share(_cross_entropy, grades.float(), batch.grades)
            loss = loss + self._grade_weight * grade
        return loss


def _share(loss: Loss, logits: Tensor, lesson: Lesson) -> Tensor:
    here = lesson.to(logits.device)
    if here.offsets is not None:
        logits = logits + here.offsets
    return (loss(logits, here.targets) * here.known).sum() / here.stated


def masked_mean(losses: Tensor, known: Tensor) -> Tensor:
    """Return the mean of `losses` over the elements that are `known`; 0 where none is."""
    return (losses * known).sum() / known.sum().clamp(min=1)


def make_loss(section: LossSection, positives: Tensor, negatives: Tensor) -> Loss:
    """Return the loss of `section`.

    Parameters
    ----------
    section : LossSection
        Kind and strengths.
    positives, negatives : Tensor
        Shape ``(labels,)``: how often each label is stated present and absent in training;
        used by the class-balanced loss.

    Returns
    -------
    Loss
        From logits and targets, both ``(N, labels)``, to losses of the same shape.
    """
    if section.kind is LossKind.FOCAL:
        elementwise = _focal(section.gamma)
    elif section.kind is LossKind.ASYMMETRIC:
        elementwise = _asymmetric(section.gamma_positive, section.gamma, section.margin)
    elif section.kind is LossKind.CLASS_BALANCED:
        elementwise = _class_balanced(section.beta, positives, negatives)
    else:
        elementwise = _cross_entropy
    return lambda logits, targets: elementwise(logits, _smoothed(targets, section.smoothing))


def _smoothed(targets: Tensor, smoothing: float) -> Tensor:
    return targets * (1 - 2 * smoothing) + smoothing if smoothing else targets


def _cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


def _focal(gamma: float) -> Loss:
    """Return the focal loss without its alpha: Lin et al., ICCV 2017, eq. 4."""

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        entropy = _cross_entropy(logits, targets)
        probability = torch.sigmoid(logits)
        missed = probability * (1 - targets) + (1 - probability) * targets
        return missed.pow(gamma) * entropy

    return loss


def _asymmetric(gamma_positive: float, gamma_negative: float, margin: float) -> Loss:
    """Return the asymmetric loss: Ridnik et al., ICCV 2021, eqs. 5 to 7."""

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        probability = torch.sigmoid(logits)
        shifted = (probability - margin).clamp(min=0)
        positive = targets * F.logsigmoid(logits) * (1 - probability).pow(gamma_positive)
        absent = torch.log((1 - shifted).clamp(min=1e-8))
        negative = (1 - targets) * absent * shifted.pow(gamma_negative)
        return -(positive + negative)

    return loss


def _class_balanced(beta: float, positives: Tensor, negatives: Tensor) -> Loss:
    """Return cross-entropy weighted by the effective number of photographs.

    Cui et al., CVPR 2019, eq. 4, for presence and absence of each label apart; the two
    weights of a label are scaled to a mean of 1.
    """

    def weight(counts: Tensor) -> Tensor:
        effective = (1 - beta ** counts.clamp(min=1).double()) / (1 - beta)
        return (1 / effective).float()

    present, absent = weight(positives), weight(negatives)
    scale = 2 / (present + absent)

    def loss(logits: Tensor, targets: Tensor) -> Tensor:
        weights = targets * (present * scale).to(logits) + (1 - targets) * (absent * scale).to(
            logits
        )
        return weights * _cross_entropy(logits, targets)

    return loss
