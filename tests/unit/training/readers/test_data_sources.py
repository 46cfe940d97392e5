"""A list of data sets, and the report on what they hold."""

import pytest

from retina_desktop.domain.labels import RFMID_CODES
from tests.unit.training.readers.layouts import picture, write_odir, write_rfmid
from tests.unit.training.tiny_data import Row, write_manifest
from training.data_report import describe_data
from training.data_sources import read_data
from training.manifest_data import ManifestUnreadableError
from training.splits import Part
from training.tables import as_html, as_text

LIST = """
[[source]]
name = "RFMiD"
kind = "columns"
path = "RFMiD"
labels = "rfmid"
licence = "CC-BY-4.0"

[[source]]
name = "ODIR <5K>"
kind = "odir"
path = "odir/full_df.csv"
labels = "odir"

[[source]]
name = "clinic"
kind = "manifest"
path = "clinic/index.csv"

[[source]]
name = "RB"
kind = "class-folders"
path = "Final"
labels = "mine.toml"
"""


@pytest.fixture
def listing(tmp_path):
    write_rfmid(tmp_path / "RFMiD")
    write_odir(tmp_path / "odir", [("cataract", "normal fundus")])
    write_manifest(tmp_path / "clinic", [Row("a.png", patient="p", positives="EDN")], side=16)
    for name in ("Tumour", "Healthy"):
        picture(tmp_path / "Final" / name / "a.png")
    (tmp_path / "mine.toml").write_text(
        'known = ["RB"]\n[words]\nTumour = ["RB"]\nHealthy = []\n'
    )
    path = tmp_path / "data.toml"
    path.write_text(LIST)
    return path


def test_every_layout_is_read_through_one_list(listing):
    images = read_data(listing)
    assert [image.source for image in images] == (
        ["RFMiD"] * 9 + ["ODIR <5K>"] * 2 + ["CLINIC"] + ["RB"] * 2
    )
    assert all((listing.parent / image.path).is_file() for image in images)


def test_a_manifest_is_read_as_before(tmp_path):
    manifest = write_manifest(tmp_path, [Row("a.png", positives="EDN")], side=16)
    assert [image.path for image in read_data(manifest)] == ["a.png"]


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('kind = "odir"', 'kind = "tea leaves"', r"source\.1\.kind"),
        ('path = "Final"', 'path = "Finale"', "RB is not at Finale"),
        ('name = "RB"', 'name = "RFMiD"', "one name"),
        ('labels = "odir"', "", "needs a label map"),
        ('path = "clinic/index.csv"', 'path = "clinic/index.csv"\nlabel = "x"', "label"),
        ("[[source]]", "[[source", "cannot be read as TOML"),
    ],
)
def test_a_list_with_a_mistake_is_refused_in_one_sentence(listing, old, new, sentence):
    listing.write_text(listing.read_text().replace(old, new))
    with pytest.raises(ManifestUnreadableError, match=sentence) as refused:
        read_data(listing)
    assert "\n" not in str(refused.value)


def test_a_photograph_listed_in_two_sources_is_refused(listing):
    again = LIST.split("[[source]]")[1].replace('"RFMiD"\nkind', '"Again"\nkind')
    listing.write_text(listing.read_text() + "[[source]]" + again)
    with pytest.raises(ManifestUnreadableError, match="two sources"):
        read_data(listing)


def test_the_report_counts_by_source_label_part_and_size(listing):
    images = read_data(listing)
    parts = [Part(image.part or Part.TRAINING) for image in images]
    tables = {table.title: table for table in describe_data(images, RFMID_CODES, parts)}
    sources = {row[0]: row[1:4] for row in tables["Sources"].rows}
    assert sources["RFMiD"] == ("9", "not stated", "6")
    assert sources["ODIR <5K>"] == ("2", "1", "1")
    labels = {row[0]: row[1:] for row in tables["Labels"].rows}
    # present, stated absent, in training, validation, test
    assert labels["MH"] == ("4", "8", "2", "1", "1", "few")
    assert labels["TV"] == ("0", "12", "0", "0", "0", "none")
    text = as_text(tuple(tables.values()))
    widths = {len(line) for line in text.split("\n\n")[0].splitlines()[1:]}
    assert len(widths) == 1


def test_the_page_shows_names_as_they_are(listing):
    images = read_data(listing)
    page = as_html(describe_data(images, RFMID_CODES, []), title="Data")
    assert "ODIR &lt;5K&gt;" in page
    assert "<5K>" not in page
