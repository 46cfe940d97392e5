"""The labels' names, order and urgency, where a slip would reach a patient."""

import pytest

from retina_desktop.domain.labels import LABELS, RFMID_CODES, label_of
from retina_desktop.domain.referral_tiers import ReferralTier

RIADD_ORDER = (  # noqa: SIM905 - as the release prints them
    "Disease_Risk DR ARMD MH DN MYA BRVO TSLN ERM LS MS CSR ODC CRVO TV AH ODP ODE ST AION PT "
    "RT RS CRS EDN RPEC MHL RP OTHER"
).split()


def test_the_order_is_that_of_the_riadd_release():
    assert list(RFMID_CODES) == RIADD_ORDER
    assert len(RFMID_CODES) == 29


def test_mh_is_media_haze_and_mhl_the_macular_hole():
    assert LABELS["MH"].name == "Media haze"
    assert LABELS["MHL"].name == "Macular hole"
    assert LABELS["MH"].icd10 == ""  # H35.34- is the hole's
    assert LABELS["MHL"].icd10 == "H35.34-"
    assert LABELS["MH"].tier is ReferralTier.ROUTINE
    assert LABELS["MHL"].tier is ReferralTier.URGENT


def test_names_and_explanations_are_there_and_distinct():
    names = [label.name for label in LABELS.values()]
    assert len(set(names)) == len(names)
    assert all(label.explanation.endswith(".") for label in LABELS.values())


@pytest.mark.parametrize("code", ["ODE", "AION", "CRVO", "ARMD", "RS", "CRS", "OTHER"])
def test_labels_with_an_emergency_among_their_forms_are_urgent(code):
    assert LABELS[code].tier is ReferralTier.URGENT


def test_icd10_codes_are_used_once_each():
    codes = [label.icd10 for label in LABELS.values() if label.icd10]
    assert len(set(codes)) == len(codes)


def test_a_foreign_label_is_read_by_a_person():
    label = label_of("MY_OWN")
    assert label.name == "MY_OWN"
    assert label.tier is ReferralTier.SOON
