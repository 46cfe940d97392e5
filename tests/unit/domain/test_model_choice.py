import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import LabelEntry
from retina_desktop.domain.model_choice import (
    CHILDREN_BELOW,
    ModelChoice,
    age_caution,
    choice_of,
    suggested,
)
from tests.helpers.bundles import make_manifest

ADULTS = ModelChoice("rfmid", "RFMiD labels", in_force=True)
CHILDREN = ModelChoice("rb", "Retinoblastoma screening (children)", for_children=True)
AGES = st.none() | st.integers(0, 120)


def test_a_model_of_retinoblastoma_alone_is_for_children_and_says_what_it_is():
    manifest = dataclasses.replace(
        make_manifest(), labels=(LabelEntry("RB", LabelStatus.DEMONSTRATION, 0.3),)
    )

    choice = choice_of(manifest)

    assert choice.for_children
    assert choice.name == "Retinoblastoma screening (children), demonstration"


def test_a_model_of_adults_goes_by_its_name():
    choice = choice_of(make_manifest(), in_force=True)

    assert choice == ModelChoice("random", "Random weights", for_children=False, in_force=True)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(0, CHILDREN), (5, CHILDREN), (6, ADULTS), (54, ADULTS), (None, ADULTS)],
)
def test_small_children_get_their_model_and_nobody_else(age, expected):
    assert suggested((ADULTS, CHILDREN), age) == expected


@given(AGES)
def test_a_model_for_children_never_runs_by_itself_on_others(age):
    in_force = dataclasses.replace(CHILDREN, in_force=True)
    other = dataclasses.replace(ADULTS, in_force=False)

    choice = suggested((in_force, other), age)

    assert choice is not None
    assert choice.for_children == (age is not None and age < CHILDREN_BELOW)


@given(AGES)
def test_the_only_model_answers_whoever_comes(age):
    assert suggested((ADULTS,), age) == ADULTS


def test_no_other_takes_the_place_of_a_missing_model_in_force():
    assert suggested((dataclasses.replace(ADULTS, in_force=False), CHILDREN), 54) is None


def test_without_a_model_there_is_none():
    assert suggested((), 3) is None


@pytest.mark.parametrize(
    ("choice", "age", "words"),
    [
        (CHILDREN, 54, "not for a patient of 54 years"),
        (CHILDREN, None, "whose age is not known"),
        (ADULTS, 2, "not made for children"),
        (CHILDREN, 2, ""),
        (ADULTS, 54, ""),
        (ADULTS, None, ""),
        (None, 3, ""),
    ],
)
def test_what_speaks_against_a_choice_is_said(choice, age, words):
    said = age_caution(choice, age)

    assert words in said
    assert bool(words) == bool(said)
