"""What a report says of photographs outside the model's validated range."""

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.reporting import styles
from retina_desktop.reporting.blocks import Cell, TextBlock
from retina_desktop.reporting.eye_findings import EyeFindings
from retina_desktop.reporting.palette import POSITIVE
from retina_desktop.reporting.report_texts import ReportTexts
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.typesetting.type_styles import Span


def range_lines(sheet: Sheet, eye: EyeFindings) -> Cell:
    """Return the caution of an eye with such a photograph, and what a person must look for."""
    if not eye.outside_range:
        return []
    texts, press, photos = sheet.texts, sheet.press, eye.photographs
    outside = sum(p.analysis is not None and p.analysis.in_range is False for p in photos)
    sentences = [
        texts("findings.outside_range")
        if outside == len(photos)
        else texts("findings.outside_range_some", count=outside, total=len(photos))
    ]
    if eye.suspected:
        names = texts("language.list_separator").join(map(texts.label_name, eye.suspected))
        sentences.append(texts("findings.not_relied_on", labels=names))
    return [
        TextBlock(press, [Span(sentence, bold=True, colour=POSITIVE)], styles.SMALL)
        for sentence in sentences
    ]


def suspicion(sheet: Sheet) -> str:
    """Return why the referral rests on such a photograph; empty where none is there."""
    texts = sheet.texts
    codes = dict.fromkeys(code for eye in sheet.eyes for code in eye.suspected)
    if codes:
        names = texts("language.list_separator").join(map(texts.label_name, codes))
        return texts("findings.not_relied_on", labels=names)
    outside = any(eye.outside_range for eye in sheet.eyes)
    return texts("referral.because_outside_range") if outside else ""


def shown_name(texts: ReportTexts, code: str, finding: Finding | None) -> str:
    """Return a label's name, with a word of caution where the model saw too few patients."""
    name = texts.label_name(code)
    if finding is None or finding.status is not LabelStatus.DEMONSTRATION:
        return name
    return f"{name} ({texts('findings.demonstration')})"
