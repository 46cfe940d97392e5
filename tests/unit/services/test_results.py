"""Results for other programs."""

import json
from pathlib import Path

from retina_desktop.domain.errors import ImageTruncatedError
from retina_desktop.services.results import csv_error_row, csv_header, csv_row, results_json
from tests.helpers.analyses import CODES, make_analysis


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
    header = csv_header(CODES)
    assert len(csv_row(Path("a"), make_analysis(), CODES)) == len(header)
    assert len(csv_error_row(Path("a"), "x", CODES)) == len(header)
    assert csv_row(Path("a"), make_analysis(dr=0.25), CODES)[header.index("p_DR")] == "0.250000"
    assert csv_row(Path("a"), make_analysis(), CODES)[header.index("p_RP")] == ""
