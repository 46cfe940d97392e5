"""Each layout as its authors publish it, and what may be wrong with it."""

import codecs

import pytest

from retina_desktop.domain.labels import RFMID_CODES, label_of
from tests.unit.training.readers.layouts import ALL_45, picture, write_odir, write_rfmid
from training.manifest_data import ManifestUnreadableError
from training.readers.class_folders import read_class_folders
from training.readers.column_tables import read_column_tables
from training.readers.label_maps import TABLES, load_label_map
from training.readers.odir import read_odir
from training.splits import Part

TESTING = "Test_Set/RFMiD_Testing_Labels.csv"


def rfmid(folder, name="rfmid"):
    labels = load_label_map(name)
    return read_column_tables(folder, labels, source="RFMiD", licence="CC-BY-4.0", root=folder)


def test_rfmid_with_46_columns_becomes_the_29_labels(tmp_path):
    images = rfmid(write_rfmid(tmp_path))

    by_part = {}
    for image in images:
        by_part.setdefault(image.part, []).append(image)
    assert set(by_part) == {Part.TRAINING, Part.VALIDATION, Part.TEST}
    for own in by_part.values():
        assert [image.positives for image in own] == [
            {"Disease_Risk", "DR"},
            {"Disease_Risk", "MH", "OTHER"},
            frozenset(),
        ]
        assert all(image.states(code) for image in own for code in RFMID_CODES)
    assert images[0].path.startswith("Evaluation_Set/Validation/")


def test_rfmid_with_29_columns_reads_alike(tmp_path):
    wide = rfmid(write_rfmid(tmp_path / "wide", ALL_45))
    positives = (("DR",), ("MH", "OTHER"), ())
    narrow = rfmid(write_rfmid(tmp_path / "narrow", RFMID_CODES, positives))
    assert [image.positives for image in narrow] == [image.positives for image in wide]


def test_folders_wrapped_in_themselves_are_found(tmp_path):
    write_rfmid(tmp_path / "archive" / "RFMiD")
    assert len(rfmid(tmp_path)) == 9


def test_rfmid2_in_the_code_page_of_its_authors(tmp_path):
    place = tmp_path / "Training_set"
    for number in (1, 2):
        picture(place / f"{number}.jpg")
    header = "ID,WNL,CSC,HTN\xa0\n"
    (place / "RFMiD_2_Training_labels.csv").write_bytes(
        (header + "1,1,0,0\n2,0,1,1\n").encode("cp1252")
    )
    healthy, ill = rfmid(tmp_path, "rfmid2")
    assert healthy.positives == frozenset()
    assert ill.positives == {"Disease_Risk", "CSR", "OTHER"}


def test_media_haze_stays_media_haze_in_every_table():
    for name in ("rfmid", "rfmid2"):
        words = load_label_map(name).words
        assert words["mh"] == ("MH",)
        assert words["mhl"] == ("MHL",)
    odir = load_label_map("odir").words
    assert odir["macular hole"] == ("MHL",)
    assert odir["cataract"] == ("MH",)
    assert "haze" in label_of("MH").name.lower()


@pytest.mark.parametrize("table", sorted(path.stem for path in TABLES.glob("*.toml")))
def test_every_table_that_comes_along_can_be_read(table):
    assert load_label_map(table).words


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda f: (f / "Test_Set/Test/2.png").unlink(), "not there"),
        (lambda f: picture(f / "Test_Set/Test/77.png"), "have no row"),
        (lambda f: append(f, "1" + ",0" * 46), "twice"),
        (lambda f: replace(f, "1,1,1", "1,1,7"), "other than 0 and 1"),
        (lambda f: append(f, "4,0"), "line 5 has fewer values"),
        (lambda f: append(f, "4" + ",0" * 47), "line 5 has more values"),
        (lambda f: append(f, '"4' + ",0" * 46), "no whole CSV after line 4"),
        (lambda f: (f / TESTING).write_text(""), "is empty"),
        (lambda f: replace(f, ",DR,", ",DRX,"), "drx"),
        (lambda f: replace(f, "ID,", "Number,"), "no column ID"),
    ],
)
def test_a_table_that_does_not_fit_its_photographs_is_refused(tmp_path, change, sentence):
    write_rfmid(tmp_path)
    change(tmp_path)
    with pytest.raises(ManifestUnreadableError, match=sentence):
        rfmid(tmp_path)


def append(folder, row):
    with (folder / TESTING).open("a") as stream:
        stream.write(row + "\n")


def replace(folder, old, new):
    table = folder / TESTING
    table.write_text(table.read_text().replace(old, new))


def test_a_folder_without_a_table_is_refused(tmp_path):
    with pytest.raises(ManifestUnreadableError, match="no file named like"):
        rfmid(tmp_path)


def test_each_eye_of_odir_has_its_own_keywords(tmp_path):
    table = write_odir(
        tmp_path / "ODIR-5K",
        [
            ("cataract", "normal fundus"),
            ("moderate non proliferative retinopathy\N{FULLWIDTH COMMA}laser spot", "drusen"),
            ("white vessel,lens dust", "no fundus image"),
        ],
    )
    images = read_odir(
        table, load_label_map("odir"), source="ODIR", licence="none stated", root=tmp_path
    )
    assert [(image.patient, image.positives) for image in images] == [
        ("0", {"Disease_Risk", "MH"}),
        ("0", frozenset()),
        ("1", {"Disease_Risk", "DR", "LS"}),
        ("1", {"Disease_Risk", "DN"}),
        ("2", {"Disease_Risk", "OTHER"}),
    ]
    assert images[0].path == "ODIR-5K/Training Images/0_left.jpg"


def test_odir_without_its_photographs_or_columns_is_refused(tmp_path):
    labels = load_label_map("odir")
    table = write_odir(tmp_path, [("cataract", "drusen")])
    (tmp_path / "Training Images" / "0_left.jpg").unlink()
    with pytest.raises(ManifestUnreadableError, match="not there"):
        read_odir(table, labels, source="ODIR", licence="", root=tmp_path)
    table.write_text("ID,Left-Fundus\n1,a.jpg\n")
    with pytest.raises(ManifestUnreadableError, match="lacks the columns Left-Diagnostic"):
        read_odir(table, labels, source="ODIR", licence="", root=tmp_path)


def test_tables_as_excel_saves_them_are_read(tmp_path):
    table = write_odir(tmp_path / "odir", [("cataract", "drusen")])
    testing = write_rfmid(tmp_path / "rfmid") / TESTING
    for file in (table, testing):
        file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    labels = load_label_map("odir")
    images = read_odir(table, labels, source="ODIR", licence="", root=tmp_path)
    assert [image.patient for image in images] == ["0", "0"]
    assert len(rfmid(tmp_path / "rfmid")) == 9


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("1,60,Female,1_left.jpg", "line 3 has fewer values"),
        ('"1,60', "no whole CSV after line 2"),
        ("1,60,Female,1_left.jpg,1_right.jpg,a, b,drusen,0,0,0,0,0,0,0,0", "more values"),
    ],
)
def test_odirs_rows_of_another_length_are_refused(tmp_path, row, sentence):
    table = write_odir(tmp_path, [("cataract", "drusen")])
    with table.open("a") as stream:
        stream.write(row + "\n")
    with pytest.raises(ManifestUnreadableError, match=sentence):
        read_odir(table, load_label_map("odir"), source="ODIR", licence="", root=tmp_path)


def test_a_folder_a_class(tmp_path):
    final = tmp_path / "Final"
    picture(final / "Retinoblastoma" / "a.jpg")
    picture(final / "Normal" / "b.jpg")
    images = read_class_folders(
        final, load_label_map("retinoblastoma"), source="RB", licence="MIT", root=tmp_path
    )
    assert [(image.path, image.positives, image.known) for image in images] == [
        ("Final/Normal/b.jpg", frozenset(), {"RB"}),
        ("Final/Retinoblastoma/a.jpg", {"RB"}, {"RB"}),
    ]


def test_class_folders_that_teach_nothing_are_refused(tmp_path):
    labels = load_label_map("retinoblastoma")
    (tmp_path / "Normal").mkdir()
    with pytest.raises(ManifestUnreadableError, match="at least two folders"):
        read_class_folders(tmp_path, labels, source="RB", licence="", root=tmp_path)
    with pytest.raises(ManifestUnreadableError, match="found 0"):
        read_class_folders(
            picture_file(tmp_path), labels, source="RB", licence="", root=tmp_path
        )
    (tmp_path / "Retinoblastoma").mkdir()
    with pytest.raises(ManifestUnreadableError, match="holds no photograph"):
        read_class_folders(tmp_path, labels, source="RB", licence="", root=tmp_path)
    picture(tmp_path / "Normal" / "b.jpg")
    picture(tmp_path / "Retinoblastoma" / "a.jpg")
    picture(tmp_path / "Unsure" / "c.jpg")
    with pytest.raises(ManifestUnreadableError, match='"unsure" is not in the label map'):
        read_class_folders(tmp_path, labels, source="RB", licence="", root=tmp_path)


def picture_file(folder):
    picture(folder / "a.jpg")
    return folder / "a.jpg"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('known = ["*"]\n[words]\nDR = ["DX"]\n', "unknown labels DX"),
        ('known = ["*"]\nunlisted = "XX"\n[words]\n', "unknown labels XX"),
        ("known = [", "cannot be read"),
        ('[words]\nDR = ["DR"]\n', "cannot be read"),
    ],
)
def test_a_table_with_a_mistake_is_refused(tmp_path, content, sentence):
    path = tmp_path / "mine.toml"
    path.write_text(content)
    with pytest.raises(ManifestUnreadableError, match=sentence):
        load_label_map(str(path))


def test_an_unknown_table_names_those_there_are(tmp_path):
    with pytest.raises(ManifestUnreadableError, match="odir, retinoblastoma, rfmid, rfmid2"):
        load_label_map("rfmid3")
