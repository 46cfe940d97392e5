from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.decisions import Agreement, Grade, Severity, UngradableReason
from retina_desktop.domain.labels import LABELS
from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.domain.quality import QualityReason
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import Language, Template
from retina_desktop.reporting.report_texts import keys_and_placeholders, load_texts, quoted

FROM_ENUMS = [
    *(f"title.{item.value}" for item in Template),
    *(f"sex.{item.value}" for item in Sex),
    *(f"condition.{item.value}" for item in Condition),
    *(f"grade.{item.value}" for item in Grade),
    *(f"agreement.{item.value}" for item in Agreement),
    *(f"ungradable.{item.value}" for item in UngradableReason),
    *(f"severity.{item.value}" for item in Severity if item is not Severity.NOT_STATED),
    *(f"tier.{item.value}" for item in ReferralTier),
    *(f"leaflet.tier_{item.value}" for item in ReferralTier),
    *(f"quality_advice.{item.value}" for item in QualityReason),
    *(f"label.{code}.{part}" for code in LABELS for part in ("name", "meaning")),
]


@pytest.fixture(scope="module")
def languages(texts_folder):
    return {language: load_texts(texts_folder, language) for language in Language}


@pytest.fixture(scope="module")
def english(languages):
    return languages[Language.ENGLISH]


@pytest.mark.parametrize("language", list(Language))
def test_every_language_has_every_key_with_its_placeholders(languages, english, language):
    assert keys_and_placeholders(languages[language]) == keys_and_placeholders(english)


@pytest.mark.parametrize("language", list(Language))
def test_no_text_is_empty_or_left_in_english(languages, english, language):
    texts = languages[language]
    assert all(text.strip() for text in texts._texts.values())
    if language is not Language.ENGLISH:
        sentences = [key for key, text in english._texts.items() if len(text) > 40]
        assert [key for key in sentences if texts._texts[key] == english._texts[key]] == []


@pytest.mark.parametrize("key", FROM_ENUMS)
def test_every_value_of_the_domain_has_words(english, key):
    assert key in keys_and_placeholders(english)


def test_english_names_are_the_domains(english):
    assert {code: english.label_name(code) for code in LABELS} == {
        code: label.name for code, label in LABELS.items()
    }


def test_english_advice_and_tiers_are_the_domains(english):
    for reason in QualityReason:
        assert english(f"quality_advice.{reason.value}") == reason.advice


@pytest.mark.parametrize("language", list(Language))
def test_the_fonts_have_every_character_of_every_text(languages, fonts, language):
    letters = set("".join(languages[language]._texts.values()))
    assert {letter for letter in letters if fonts.choose(letter, bold=False) is None} == set()


def test_only_arabic_runs_right_to_left(languages):
    assert [lang for lang, texts in languages.items() if texts.is_right_to_left] == [
        Language.ARABIC
    ]


def test_a_foreign_models_label_goes_by_its_code(english):
    assert "XYZ" in english.label_name("XYZ")
    assert english.label_meaning("XYZ") == ""


def test_braces_and_directions_in_values_are_only_text(english):
    filled = english("leaflet.greeting", name="{clinic}\u202e\u2069")
    assert filled == "For \u2068{clinic}\u2069"


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.0, "0%"), (0.004, "<1%"), (0.01, "1%"), (0.875, "88%"), (0.999, "99%"), (1.0, "100%")],
)
def test_percent(english, share, shown):
    assert english.percent(share) == quoted(shown)


def test_dates_have_their_month_in_words(languages):
    day = date(2026, 3, 2)
    assert languages[Language.FRENCH].date(day) == "2 mars 2026"
    assert languages[Language.SPANISH].date(day) == "2 de marzo de 2026"


@given(st.text())
def test_a_quoted_value_is_balanced(value):
    text = quoted(value)
    assert text.count("\u2068") == text.count("\u2069") == 1
