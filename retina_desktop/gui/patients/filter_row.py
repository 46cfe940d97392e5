"""What narrows the list of patients: one compact row, and the dates below it when wanted."""

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from retina_desktop.domain.labels import DISEASE_RISK, LABELS
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.patients.date_field import DateField
from retina_desktop.gui.patients.search_state import SearchFilters
from retina_desktop.gui.patients.typed_dates import DateOrder
from retina_desktop.gui.patients.words import shown_tier
from retina_desktop.gui.wrapped_label import WrappedLabel


class FilterRow(QWidget):
    """Shows `SearchFilters` and tells when a person changes them."""

    filters_changed = Signal(object)  # SearchFilters

    def __init__(self, order: DateOrder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = SearchFilters()
        self.unsigned = _chip(self.tr("Unsigned"), self.tr("Only with unsigned visits"))
        self.unsigned.toggled.connect(lambda on: self._change(unsigned=on))
        self.referral = _combo(self.tr("Referral"), self.tr("Referral"))
        for tier in ReferralTier:
            self.referral.addItem(shown_tier(tier), tier)
        self.referral.currentIndexChanged.connect(self._on_referral)
        self.label = _combo(self.tr("Finding"), self.tr("Finding, by model or reader"))
        for label in sorted(LABELS.values(), key=lambda label: label.name):
            if label.code != DISEASE_RISK:
                self.label.addItem(label.name, label.code)
        self.label.currentIndexChanged.connect(self._on_label)
        self.dates = _chip(self.tr("Dates"), self.tr("Birth date and dates of visits"))
        self.dates.toggled.connect(self._show_dates)
        self.born = DateField(self.tr("Birth date"), order)
        self.born.date_changed.connect(lambda day: self._change(birth_date=day))
        self.visited_from = DateField(self.tr("Visited from"), order)
        self.visited_from.date_changed.connect(lambda day: self._change(visited_from=day))
        self.visited_to = DateField(self.tr("Visited until"), order)
        self.visited_to.date_changed.connect(lambda day: self._change(visited_to=day))
        self.refusal = WrappedLabel("errorText")
        for field in (self.born, self.visited_from, self.visited_to):
            field.refused.connect(self.refusal.say)
        self.refusal.hide()
        self._lay_out()

    def render_filters(self, filters: SearchFilters) -> None:
        """Show `filters`; nothing is told."""
        if filters == self._filters:
            return
        self._filters = filters
        widgets = (self.unsigned, self.referral, self.label, self.dates)
        blockers = [QSignalBlocker(widget) for widget in widgets]
        self.unsigned.setChecked(filters.unsigned)
        self.referral.setCurrentIndex(max(0, self.referral.findData(filters.referral)))
        self.label.setCurrentIndex(max(0, self.label.findData(filters.label)))
        del blockers
        self.born.set_date(filters.birth_date)
        self.visited_from.set_date(filters.visited_from)
        self.visited_to.set_date(filters.visited_to)
        if not filters.any:
            self.refusal.say("")

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(5)
        row.addWidget(self.unsigned)
        row.addWidget(self.referral, 1)
        row.addWidget(self.label, 1)
        row.addWidget(self.dates)
        self.date_box = QWidget()
        grid = QGridLayout(self.date_box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(5)
        for line, (text, field) in enumerate(
            (
                (self.tr("Born"), self.born),
                (self.tr("Visited from"), self.visited_from),
                (self.tr("until"), self.visited_to),
            )
        ):
            name = QLabel(text)
            name.setObjectName("fieldName")
            name.setBuddy(field)
            grid.addWidget(name, line, 0)
            grid.addWidget(field, line, 1)
        self.date_box.hide()
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(5)
        layout.addLayout(row, 0, 0)
        layout.addWidget(self.date_box, 1, 0)
        layout.addWidget(self.refusal, 2, 0)

    def _show_dates(self, shown: bool) -> None:
        """Show the date fields; hidden ones are emptied, or they would act unseen."""
        self.date_box.setVisible(shown)
        if shown:
            self.born.setFocus()
        else:
            for field in (self.born, self.visited_from, self.visited_to):
                field.clear()
            self.refusal.say("")

    @Slot(int)
    def _on_referral(self, _index: int) -> None:
        chosen = self.referral.currentData()  # Qt gives an enum of strings back as a string
        self._change(referral=ReferralTier(chosen) if chosen else None)

    @Slot(int)
    def _on_label(self, _index: int) -> None:
        self._change(label=self.label.currentData())

    def _change(self, **changes: object) -> None:
        filters = replace(self._filters, **changes)  # type: ignore[arg-type]  # by name
        if filters != self._filters:
            self._filters = filters
            self.filters_changed.emit(filters)


def _chip(text: str, tip: str) -> QPushButton:
    chip = QPushButton(text)
    chip.setObjectName("chip")
    chip.setCheckable(True)
    chip.setAccessibleName(tip)
    chip.setToolTip(tip)
    return chip


def _combo(anything: str, name: str) -> QComboBox:
    combo = QComboBox()
    combo.addItem(anything, None)
    combo.setAccessibleName(name)
    combo.setToolTip(name)
    combo.setMinimumContentsLength(6)
    policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
    combo.setSizeAdjustPolicy(policy)
    return combo
