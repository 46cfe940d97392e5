"""The tables of a research export, and the dictionary that explains every column."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

TABLES: Mapping[str, Mapping[str, str]] = {
    "visits": {
        "visit": "Pseudonym of the visit.",
        "patient": "Pseudonym of the patient; the same in every export of this clinic.",
        "day": "Day of the visit, shifted by a number of days that is constant for a patient.",
        "age": "Completed years on the day of the visit; 90+ above 89; empty if unknown.",
        "sex": "F, M, O (other) or U (not stated).",
        "diabetes": "yes, no or unknown.",
        "hypertension": "yes, no or unknown.",
        "right_mmhg": "Intraocular pressure of the right eye in mmHg; empty if not measured.",
        "left_mmhg": "Intraocular pressure of the left eye in mmHg; empty if not measured.",
        "referral": "The reader's referral; empty if none was chosen.",
        "signed": "Whether a reader has signed the visit: yes or no.",
    },
    "photographs": {
        "photograph": "Pseudonym of the photograph.",
        "visit": "The visit it belongs to.",
        "patient": "The patient it belongs to.",
        "file": "Its picture in this export.",
        "eye": "R or L; empty if not stated.",
        "width": "Pixels.",
        "height": "Pixels.",
        "source_format": "Format of the original file.",
        "gradable": "yes or no, as the program judged it; empty if it was not analysed.",
        "quality": "Score of the image quality in [0, 1]; empty if it was not analysed.",
    },
    "findings": {
        "photograph": "The photograph; its newest analysis is given.",
        "model": "Id of the model.",
        "model_version": "Version of the model.",
        "label": "Code of the label.",
        "status": "evaluated, demonstration or not assessed.",
        "probability": "Calibrated, in [0, 1]; empty if not assessed.",
        "threshold": "The operating point; empty if not assessed.",
        "present": "yes where the probability reaches the threshold, else no; empty if not "
        "assessed.",
    },
    "decisions": {
        "visit": "The visit.",
        "eye": "R or L; empty if not stated.",
        "label": "Code of the label.",
        "grade": "The reader's word: present, absent, questionable or cannot grade.",
        "agreement": "How it stands to the model's: agree, disagree, unsure; empty if the "
        "model said nothing.",
        "severity": "not stated, mild, moderate or severe.",
        "ungradable": "Why it cannot be graded; empty otherwise.",
        "signed": "Whether the reading is signed: yes or no (a draft).",
    },
    "refused": {
        "photograph": "Pseudonym of a photograph that was left out.",
        "visit": "The visit it belongs to.",
        "reason": "Why it was left out.",
    },
}

README = """\
De-identified export from Retina Desktop
========================================

photographs/      one picture each; everything outside of the field of view is black
*.csv             visits, photographs, findings (models), decisions (readers), refused
data_dictionary.csv   every column of every table
manifest.json     counts, and the SHA-256 of every file

Removed or changed
------------------
- Names, record numbers, birth dates, contacts, notes, risk factors, comments, reasons, own
  findings in words, addenda, operators, readers, file names, hashes of the original files:
  not in this export.
- Patients, visits and photographs have pseudonyms made with a key that stays in the clinic.
- Days are shifted back by a number of days that is constant for each patient: intervals
  between a patient's visits are true, seasons and years are not.
- Ages above 89 are given as 90+.
- Pictures were decoded and written anew: no EXIF, XMP, IPTC, colour profile text, comments or
  DICOM headers are left. They are upright and in sRGB; inside of the field of view no pixel
  was changed{jpeg}.
- Photographs in which text was detected inside of the field of view were left out
  (refused.csv).

What this cannot promise
------------------------
A detector of text misses some: look at the pictures before they leave the clinic. A retina is
itself a biometric feature, and a rare disease can point to a person: share under an agreement
that forbids re-identification.
"""


@dataclass(frozen=True, slots=True)
class TableRows:
    """Rows of one table, in the order of its columns."""

    name: str
    rows: Sequence[Mapping[str, str]]

    def as_csv(self) -> bytes:
        """Return the table as CSV in UTF-8, sorted so that the order tells nothing."""
        columns = list(TABLES[self.name])
        rows = sorted([row[column] for column in columns] for row in self.rows)
        return _csv([columns, *rows])


def dictionary_csv() -> bytes:
    """Return the data dictionary."""
    rows = [
        [f"{table}.csv", column, meaning]
        for table, columns in TABLES.items()
        for column, meaning in columns.items()
    ]
    return _csv([["file", "column", "meaning"], *rows])


def _csv(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
