"""Which model answers, how well it was measured, and which bundles were refused."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import label_of
from retina_desktop.gui.help.close_box import close_box

if TYPE_CHECKING:
    from retina_desktop.domain.manifests import Metric, ModelManifest
    from retina_desktop.gui.services_port import LoadedModel

_NAMES = {
    "auroc": "AUROC",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "ece": "Calibration error (ECE)",
    "mean_auroc": "Mean AUROC",
    "mean_auroc_one_size": "Mean AUROC at one original size",
    "riadd_score": "RIADD challenge's score",
    "specificity_all_labels": "Healthy eyes free of every label",
    "specificity_named_labels": "Healthy eyes free of named labels",
}


class ModelDialog(QDialog):
    """Shows a `LoadedModel`; refused bundles are added when they are known."""

    def __init__(
        self, model: "LoadedModel | None", error: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Model information"))
        self.resize(680, 600)
        self._model, self._error = model, error
        self.text = QTextBrowser()
        self.text.setAccessibleName(self.tr("Model information"))
        buttons = close_box(self)
        if model is not None and model.card is not None:
            card = buttons.addButton(
                self.tr("Open model card"), QDialogButtonBox.ButtonRole.ActionRole
            )
            card.setAccessibleName(self.tr("Open model card"))
            card.setToolTip(str(model.card))
            url = QUrl.fromLocalFile(str(model.card))
            card.clicked.connect(lambda: QDesktopServices.openUrl(url))
        layout = QVBoxLayout(self)
        layout.addWidget(self.text)
        layout.addWidget(buttons)
        self.show_refused(None)

    @Slot(object)
    def show_refused(self, refused: Sequence[str] | None) -> None:
        """Show the sentences on refused bundles; None while they are being checked."""
        self.text.setHtml(model_html(self._model, self._error) + refused_html(refused))


def model_html(model: "LoadedModel | None", error: str) -> str:
    """Return what is known of the model as HTML, every text escaped."""
    if model is None:
        return f"<h3>No model</h3><p>{escape(error or 'The model is still being loaded.')}</p>"
    manifest, identity = model.manifest, model.identity
    facts = [
        ("Identifier", f"{identity.id} {identity.version}"),
        ("Engine", f"{identity.engine}, {identity.device}"),
        ("Network", f"{manifest.architecture}, {manifest.input_size} pixels"),
        ("Made on", manifest.created_on),
        ("Licence", manifest.licence),
        ("Card", str(model.card) if model.card else "none"),
    ]
    return (
        f"<h3>{escape(manifest.name)}</h3>"
        + _table([(escape(name), escape(value)) for name, value in facts])
        + f"<h4>Intended use</h4><p>{escape(manifest.intended_use)}</p>"
        + _limits_html(manifest)
        + _labels_html(manifest)
        + _metrics_html(manifest)
    )


def refused_html(refused: Sequence[str] | None) -> str:
    """Return the refused bundles as HTML."""
    if refused is None:
        return "<h4>Refused bundles</h4><p>Being checked\u2026</p>"
    if not refused:
        return "<h4>Refused bundles</h4><p>None.</p>"
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in refused)
    return f"<h4>Refused bundles</h4><ul>{items}</ul>"


def _limits_html(manifest: "ModelManifest") -> str:
    items = "".join(f"<li>{escape(limit)}</li>" for limit in manifest.limits)
    return f"<h4>Limits</h4><ul>{items}</ul>" if items else ""


def _labels_html(manifest: "ModelManifest") -> str:
    lines = []
    for status, title in (
        (LabelStatus.EVALUATED, "Evaluated"),
        (LabelStatus.DEMONSTRATION, "Demonstration only"),
        (LabelStatus.NOT_ASSESSED, "Not assessed"),
    ):
        names = [label_of(e.code).name for e in manifest.labels if e.status is status]
        if names:
            lines.append((f"{title} ({len(names)})", escape(", ".join(names))))
    return "<h4>Labels</h4>" + _table(lines)


def _metrics_html(manifest: "ModelManifest") -> str:
    overall = [metric for metric in manifest.metrics if not metric.label]
    if not overall:
        return ""
    lines = [(escape(_metric_name(metric)), _interval(metric)) for metric in overall]
    return "<h4>Measured, over all labels</h4>" + _table(lines)


def _metric_name(metric: "Metric") -> str:
    name = _NAMES.get(metric.name, metric.name.replace("_", " "))
    return f"{name}, {metric.source}" if metric.source else name


def _interval(metric: "Metric") -> str:
    if metric.low is None or metric.high is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} (95 %: {metric.low:.3f} to {metric.high:.3f})"


def _table(lines: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><td style='padding-right:14px'><b>{name}</b></td><td>{value}</td></tr>"
        for name, value in lines
    )
    return f"<table>{rows}</table>"
