"""The page's own words go through the translator: none is left in plain English."""

import re
from dataclasses import astuple

import pytest
from PySide6.QtCore import QCoreApplication, QTranslator
from PySide6.QtWidgets import QAbstractButton, QLabel

from retina_desktop.domain.users import Role, User
from retina_desktop.gui.examination.sign_dialog import caution_lines, summary_lines
from retina_desktop.gui.examination.state import powers_of
from tests.helpers.fakes import NO_FUNDUS, POOR


class Marking(QTranslator):
    """Puts every text between signs, so that one that was not asked for is seen."""

    def isEmpty(self):  # noqa: N802 - Qt's name
        return False

    def translate(self, context, source, disambiguation=None, number=-1):
        return f"«{source}»"


@pytest.fixture(autouse=True)
def marked(qapp):
    translator = Marking()
    QCoreApplication.installTranslator(translator)
    yield
    QCoreApplication.removeTranslator(translator)


def plain_words(text, known=()):
    """Return the words outside of the signs, but for values: names, numbers, units."""
    while "«" in text:
        shorter = re.sub("«[^«»]*»", "", text)
        if shorter == text:
            break
        text = shorter
    for value in known:
        text = text.replace(value, "")
    return re.findall(r"[A-Za-z]{3,}", text)


VALUES = ("Asha Rao", "Diabetic retinopathy", "a.jpg")


def words_of(widget):
    parts = [*widget.findChildren(QLabel), *widget.findChildren(QAbstractButton)]
    return {part.text() for part in parts if part.isVisibleTo(widget) and part.text()}


@pytest.mark.parametrize("quality", [None, POOR, NO_FUNDUS])
def test_banner_tiles_and_cautions(qtbot, page, photographed, model, quality):
    if quality is not None:
        model.say(quality=quality)
    photographed("a.jpg")
    banner = page.banner
    for text in (banner.facts.whole, banner.saved.text(), page.panel.caution.text()):
        assert plain_words(text, VALUES) == [], text
    for tile in page.tiles.tiles.values():
        assert plain_words(tile._words, VALUES) == [], tile._words
        assert plain_words(tile.toolTip(), VALUES) == [], tile.toolTip()
    for text in words_of(page.tiles):
        assert plain_words(text, VALUES) == [], text
    if quality is not None:
        assert page.panel.caution.text().startswith("«")


def test_summary_cautions_and_what_was_signed(qtbot, page, photographed):
    photographed("a.jpg", "b.jpg")
    page.reader.accept_all()
    state = page.model.state
    *eyes, referral = summary_lines(state)
    assert plain_words(referral) == []
    assert "«present»" in eyes[0]  # labels keep the names that the model's table gives them
    cautions = caution_lines(state)
    assert cautions
    for line in cautions:
        assert plain_words(line) == [], line


def test_why_something_may_not_be_done():
    technician = User("t.ilves", "Tiina Ilves", frozenset({Role.TECHNICIAN}))
    for signed in (False, True):
        for user in (None, technician):
            for sentence in astuple(powers_of(user, signed=signed)):
                assert plain_words(sentence) == [], sentence


def test_an_empty_visit(qtbot, page, shown):
    shown()
    assert plain_words(page.panel.caution.text()) == []
    assert page.panel.caution.text().startswith("«No photograph yet")
    assert plain_words(page.pictures._message) == []
