"""A recipe's learning in one sentence, for the model card."""

from collections.abc import Iterator, Sequence

from training.recipe import LossKind, LossSection, OptimizerSection, Recipe, ScheduleKind

_LOSSES = {
    LossKind.BCE: "binary cross-entropy with logits",
    LossKind.FOCAL: "focal loss",
    LossKind.ASYMMETRIC: "asymmetric loss",
    LossKind.CLASS_BALANCED: "class-balanced binary cross-entropy",
}
_OPTIMIZERS = {"adam": "Adam", "adamw": "AdamW", "sgd": "SGD with Nesterov momentum"}
_SCHEDULES = {
    ScheduleKind.COSINE: "and falling along half a cosine",
    ScheduleKind.ONE_CYCLE: "along half a cosine and falling along another",
    ScheduleKind.PLATEAU: "and lowered whenever the validation stood still",
}


def learning_in_words(recipe: Recipe, averaged: Sequence[float] = ()) -> str:
    """Return loss, optimizer and schedule, and what else was switched on.

    ``averaged`` are the shares of further networks whose weights were added at the end.
    """
    rate = f"learning rate rising to {recipe.optimizer.peak_rate:g}"
    parts = [
        f"{_loss(recipe.loss)}, masked where a source does not state a label",
        f"{_optimizer(recipe.optimizer)}, {rate} {_SCHEDULES[recipe.schedule.kind]}",
        *([f"weights averaged with a decay of {recipe.run.ema:g}"] if recipe.run.ema else []),
        *_beside_the_labels(recipe),
        *_shown(recipe),
    ]
    for share in averaged:
        parts.append(
            f"the weights kept were then averaged with {share:.0%} of another network's, the "
            "share that validation liked best"
        )
    return "; ".join(parts)


def varied_in_words(recipe: Recipe) -> str:
    """Return how photographs are varied in training, as a sentence."""
    a, mixing = recipe.augmentation, recipe.mixing
    changes = {
        "turns": a.turn_deg,
        "zooms": a.zoom != (1.0, 1.0),
        "shifts": a.shift,
        "mirror images": a.flip_share or a.flip_vertical_share,
        "stretching": a.stretch,
        "a field cut above and below": a.cut_share,
        "changes of brightness": a.brightness,
        "of contrast": a.contrast,
        "of saturation": a.saturation,
        "of gamma": a.gamma,
        "of the colours' balance": a.channel_gain,
        "a slight blur": a.blur_share,
        "compression once more": a.jpeg_share,
        "MixUp": mixing.mixup_share,
        "CutMix": mixing.cutmix_share,
    }
    told = [words for words, amount in changes.items() if amount]
    if not told:
        return "Photographs are shown in training as they are."
    sentence = ", ".join(told[:-1]) + (" and " if told[1:] else "") + told[-1]
    return f"Photographs are varied in training: {sentence}."


def _beside_the_labels(recipe: Recipe) -> Iterator[str]:
    section = recipe.distillation
    if section.places:
        count = len(section.places)
        yield (
            f"the answers of {count} {'teachers' if count > 1 else 'teacher'} learned beside "
            f"the labels (weight {section.weight:g}, temperature {section.temperature:g})"
        )
    if section.answers:
        yield (
            "what another run's teachers answered to the same photographs learned beside the "
            f"labels (weight {section.weight:g}, temperature {section.temperature:g})"
        )
    if section.feature_teacher:
        count = len(section.feature_stages)
        yield (
            f"the last feature map of a trained {section.feature_architecture}"
            f"{f' and those after {count} stages' if count else ''} learned place by place "
            f"beside the labels (weight {section.feature_weight:g})"
        )
    if recipe.loss.grade_weight:
        yield (
            "the grade of a diabetic retinopathy learned beside the labels (weight "
            f"{recipe.loss.grade_weight:g})"
        )


def _shown(recipe: Recipe) -> Iterator[str]:
    """Tell which photographs are shown how, and how much of the network sees them."""
    run = recipe.run
    if run.early_depth is not None and run.early_depth_share:
        depth = run.early_depth if isinstance(run.early_depth, tuple) else (run.early_depth,)
        yield (
            f"the first {', '.join(map(str, depth))} blocks of each stage alone for "
            f"{run.early_depth_share:.0%} of the run, then all"
        )
    if recipe.loss.source_prior:
        yield (
            "the logit of a label's share in its source added while learning, so that the "
            "source itself is no answer"
        )
    if recipe.sampling.source_power:
        yield (
            "photographs drawn so that a source's share is its size to the power of "
            f"{1 - recipe.sampling.source_power:g}"
        )
    if recipe.augmentation.balance_share:
        yield (
            f"{recipe.augmentation.balance_share:.0%} of the photographs given the white "
            "balance of another camera"
        )
    if recipe.sampling.leave_out:
        yield f"without the sources {', '.join(recipe.sampling.leave_out)}"


def _loss(section: LossSection) -> str:
    words = _LOSSES[section.kind]
    if section.kind is LossKind.FOCAL:
        words += f" (gamma {section.gamma:g})"
    if section.kind is LossKind.ASYMMETRIC:
        words += (
            f" (gamma {section.gamma_positive:g} for present, {section.gamma:g} for absent "
            f"labels, margin {section.margin:g})"
        )
    if section.kind is LossKind.CLASS_BALANCED:
        words += f" (beta {section.beta:g})"
    return words + (f", targets smoothed by {section.smoothing:g}" if section.smoothing else "")


def _optimizer(section: OptimizerSection) -> str:
    words = _OPTIMIZERS[section.kind]
    if section.weight_decay:
        words += f" (weight decay {section.weight_decay:g})"
    if section.layer_decay < 1:
        words += f", each block's rate {section.layer_decay:g} of the one above"
    if section.frozen_blocks:
        words += f", stem and first {section.frozen_blocks} stages unchanged"
    if section.head_epochs:
        words += f", the head alone for {section.head_epochs} epochs"
    if section.clip_norm:
        words += f", gradients clipped to {section.clip_norm:g}"
    return words
