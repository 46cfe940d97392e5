"""Results for other programs."""

import dataclasses
import json
from pathlib import Path

from retina_desktop.domain.errors import ImageTruncatedError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import RANGE_SCHEMA, LabelEntry, ValidatedRange
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.services.results import ScreeningColumns, results_json
from tests.helpers.analyses import CODES, make_analysis, outside_range
from tests.helpers.bundles import make_manifest


def test_not_assessed_is_null_and_never_a_number():
    document = results_json([(Path("a.jpg"), make_analysis())], [])
    finding = document["results"][0]["findings"][-1]
    assert finding == {
        "label": "RP",
        "name": "Retinitis pigmentosa",
        "probability": None,
        "threshold": None,
        "positive": None,
        "status": "not_assessed",
    }


def test_the_document_is_json_as_it_is():
    document = results_json(
        [(Path("a.jpg"), make_analysis())], [(Path("b.jpg"), ImageTruncatedError("Cut off."))]
    )
    again = json.loads(json.dumps(document))
    assert again == document
    assert again["errors"] == [
        {"path": "b.jpg", "error": "image_truncated", "message": "Cut off."}
    ]
    assert again["results"][0]["laterality"]["value"] == "R"


def test_rows_have_the_header_s_length():
    for columns in (ScreeningColumns(CODES), ScreeningColumns(CODES, has_range=True)):
        header = columns.header
        assert len(columns.row(Path("a"), make_analysis())) == len(header)
        assert len(columns.row(Path("a"), outside_range("DR"))) == len(header)
        assert len(columns.error_row(Path("a"), "x")) == len(header)
        row = columns.row(Path("a"), make_analysis(dr=0.25))
        assert row[header.index("p_DR")] == "0.250000"
        assert row[header.index("p_RP")] == ""


def test_a_model_without_a_range_has_the_columns_it_always_had():
    assert ScreeningColumns.of(make_manifest(labels=CODES)).header == [
        *("path", "error", "is_fundus", "gradable", "quality", "referral"),
        *(f"p_{code}" for code in CODES),
    ]


def test_a_photograph_outside_the_range_is_neither_positive_nor_negative_in_the_table():
    manifest = dataclasses.replace(
        make_manifest(labels=CODES),
        schema=RANGE_SCHEMA,
        validated_range=ValidatedRange("range.safetensors", 4.0),
        labels=(LabelEntry("RB", LabelStatus.DEMONSTRATION, 0.5),),
    )
    columns = ScreeningColumns.of(manifest)
    outside = columns.row(Path("a"), outside_range("RB", codes=("RB",)))
    row = dict(zip(columns.header, outside, strict=True))

    assert (row["in_range"], row["not_relied_on"], row["p_RB"]) == ("false", "RB", "")
    assert row["demonstration"] == "RB"
    assert row["referral"] == "soon"


def test_the_range_is_in_the_json_and_null_without_one():
    inside = dataclasses.replace(make_analysis(), range_check=RangeCheck(2.5, 4.0))
    analyses = [make_analysis(), inside, outside_range("DR")]
    document = results_json([(Path("a.jpg"), analysis) for analysis in analyses], [])

    without, within, outside = (result["range"] for result in document["results"])
    assert without is None
    assert within == {"in_range": True, "distance": 2.5, "threshold": 4.0, "not_relied_on": []}
    assert outside is not None
    assert (outside["in_range"], outside["not_relied_on"]) == (False, ["DR"])
    findings = document["results"][2]["findings"]
    assert {finding["positive"] for finding in findings} == {None}
