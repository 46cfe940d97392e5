import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.compact_heatmaps import pack_maps, unpack_maps
from retina_desktop.domain.examinations import AdviceMark
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import FieldOfView
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.referral import Referral, ReferralTier
from retina_desktop.domain.stored_analyses import (
    NewAnalysis,
    bundle_digest,
    changes_between,
    keep_analysis,
)
from retina_desktop.persistence.analysis_documents import read_content, write_content
from tests.helpers.analyses import make_analysis
from tests.helpers.records import make_manifest, make_new_analysis

VALUES = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 9), st.integers(1, 9)),
    elements=st.floats(-1e4, 1e4, width=32),
)


@given(VALUES)
def test_packed_maps_are_right_to_half_a_step_of_their_peak(values):
    codes = tuple(f"L{n}" for n in range(len(values)))
    field = FieldOfView(10.25, 11.5, 9.0, 0.9, top=4.5, bottom=18.5)  # bars above and below
    again = unpack_maps(pack_maps(ActivationMaps(codes, values, 1.5, -2.0, 64.0, field)))

    peaks = np.abs(values).max(axis=(1, 2), keepdims=True)
    assert np.all(np.abs(again.values - values) <= peaks * (0.5 / 127 + 1e-5))
    assert (again.codes, again.left, again.top, again.side) == (codes, 1.5, -2.0, 64.0)
    assert again.field_of_view == field
    assert again.values.dtype == np.float32


def test_29_maps_take_a_kilobyte_or_two():
    values = np.random.default_rng(5).normal(size=(29, 7, 7)).astype(np.float32)
    packed = pack_maps(ActivationMaps(tuple(f"L{n}" for n in range(29)), values))
    assert len(packed) < 2048 < values.nbytes


@given(st.binary(max_size=60))
def test_anything_else_is_refused(data):
    with pytest.raises(ValueError, match="heatmaps"):
        unpack_maps(data)


def test_a_cut_or_changed_pack_is_refused_or_reads_as_maps():
    maps = make_analysis().maps
    packed = pack_maps(maps)
    for length in range(len(packed)):
        with pytest.raises(ValueError, match="heatmaps"):
            unpack_maps(packed[:length])
    bad = ActivationMaps(("A",), np.full((1, 2, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="finite"):
        pack_maps(bad)


def test_a_kept_analysis_is_the_analysis_with_its_model():
    analysis, manifest = make_analysis(), make_manifest()
    kept = keep_analysis(analysis, manifest, software_version="9.9")

    assert kept.content.findings == analysis.findings
    assert kept.content.model.sha256 == bundle_digest(manifest)
    assert kept.content.software_version == "9.9"
    assert [finding.label for finding in kept.content.positives] == ["Disease_Risk", "DR"]
    with pytest.raises(ValueError, match="manifest"):
        keep_analysis(analysis, replace(manifest, version="2.0.0"), software_version="9.9")
    with pytest.raises(ValueError, match="heatmaps"):
        NewAnalysis(kept.content, b"other maps")


def test_an_analysis_comes_back_from_its_document():
    for content in (
        make_new_analysis("ab" * 32).content,
        replace(make_new_analysis("ab" * 32).content, field_of_view=None, maps_sha256=""),
    ):
        assert read_content(write_content(content)) == content
    outside = replace(content, range_check=RangeCheck(9.5, 4.0, ("DR",)))
    assert read_content(write_content(outside)) == outside
    for text in ("", "{}", "[]", '{"schema":2}', write_content(content).replace("DR", '"')):
        with pytest.raises(RecordsDamagedError):
            read_content(text)


def test_what_was_stored_before_ranges_existed_reads_and_is_digested_as_then():
    content = make_new_analysis("ab" * 32).content
    text = write_content(content)

    assert set(json.loads(text)) == {
        *("schema", "image_sha256", "size", "model", "software_version", "quality"),
        *("laterality", "referral", "findings", "field_of_view", "maps_sha256"),
    }
    assert read_content(text).range_check is None
    assert "range_check" not in canonical_json(content)


def test_a_damaged_range_is_told():
    text = write_content(
        replace(make_new_analysis("ab" * 32).content, range_check=RangeCheck(9.5, 4.0))
    )
    with pytest.raises(RecordsDamagedError):
        read_content(text.replace("9.5", "-9.5"))


def test_a_list_s_mark_says_what_an_advice_rests_on():
    content = make_new_analysis("ab" * 32).content
    only = (Finding("RB", 0.9, 0.3, LabelStatus.DEMONSTRATION),)
    firm = (*only, Finding("DR", 0.9, 0.3, LabelStatus.EVALUATED))  # of the same urgency
    soon = Referral(ReferralTier.SOON, "Found.")

    marks = [replace(content, findings=found, referral=soon).mark for found in ((), only, firm)]
    assert marks == [AdviceMark.NONE, AdviceMark.DEMONSTRATION, AdviceMark.NONE]
    outside = replace(content, range_check=RangeCheck(9.5, 4.0))
    assert outside.mark is AdviceMark.OUTSIDE_RANGE
    assert replace(content, range_check=RangeCheck(1.0, 4.0)).mark is content.mark


def test_a_rerun_shows_what_changed():
    older, newer = (make_new_analysis("ab" * 32, dr=dr).content for dr in (0.9, 0.4))
    changes = changes_between(older, newer)
    assert [(change.label, change.crossed) for change in changes] == [
        ("Disease_Risk", True),
        ("DR", True),
    ]
    assert changes_between(older, older) == ()
    with pytest.raises(ValueError, match="different photographs"):
        changes_between(older, make_new_analysis("cd" * 32).content)
