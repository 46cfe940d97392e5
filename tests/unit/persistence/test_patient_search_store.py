"""Searching through the index, on every kind of database."""

from datetime import date

import pytest
from sqlalchemy import text

from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.persistence.patient_search_store import SqlPatientSearchStore
from retina_desktop.persistence.search_index import (
    bring_index_in_step,
    index_is_in_step,
    rebuild_index,
    unindex_patient,
)
from tests.helpers.records import keep_photograph, make_details, make_visit, stamp

NAMES = (
    "Asha Rao", "आशा राव", "Иванов Пётр", "इवानोव", "王小明", "Wang Xiaoming", "Seán O'Brien",
    "محمد أحمد", "Muhammad Ahmed", "Jürgen Groß", "Zebulon Quillfeather", "Usha Raoul",
)  # fmt: skip


@pytest.fixture
def find(records):
    """Give a search that returns names, over a dozen patients."""
    for place, name in enumerate(NAMES):
        born = date(1950 + place, 2, 3)
        records.patients.add(
            make_details(f"P-{place + 1:03d}", name=name, birth_date=born), by=stamp(place)
        )
    return finder(records)


def finder(records):
    store = SqlPatientSearchStore(records.audited)

    def ask(words="", **filters):
        page = store.find(PatientQuery(words, **filters))
        return [hit.patient.details.name for hit in page.hits]

    return ask


def similar(records, words):
    hits = SqlPatientSearchStore(records.audited).find(PatientQuery(words)).hits
    return [hit.patient.details.name for hit in hits if hit.similar]


def test_names_are_found_by_parts_in_any_order_script_and_spelling(records, find):
    assert find("rao")[:2] == ["Asha Rao", "Usha Raoul"]
    assert find("RAO asha")[0] == "Asha Rao"
    assert set(find("ivanov")) == {"Иванов Пётр", "इवानोव"}
    assert find("Иванов")[0] == "Иванов Пётр"
    assert find("इवानोव")[0] == "इवानोव"
    assert find("王")[0] == "王小明"
    assert find("明") == ["王小明", "Wang Xiaoming"]
    assert find("xiaoming")[0] == "Wang Xiaoming"
    assert find("feather") == ["Zebulon Quillfeather"]
    assert find("gros jurg")[0] == "Jürgen Groß"
    assert find("o'b") == find("OBrien") == ["Seán O'Brien"]
    assert find("q") == ["Zebulon Quillfeather"]
    assert find("nobody at all") == find("%") == find("_") == find('"') == []


def test_wrong_letters_are_forgiven_after_what_is_right(records, find):
    for typed in ("Quilfeather", "zebulom", "Quillfaether", "quilfether", "zebluon"):
        assert similar(records, typed) == ["Zebulon Quillfeather"], typed
    assert similar(records, "Petrr") == ["Иванов Пётр"]
    assert set(similar(records, "Mohamed")) == {"Muhammad Ahmed", "محمد أحمد"}
    assert similar(records, "P-0o1") == []


def test_record_numbers_are_exact_and_not_forgiving(find):
    assert find("P-003") == ["Иванов Пётр"]
    assert find("p003") == ["Иванов Пётр"]
    assert find("003") == find("3") == ["Иванов Пётр"]
    assert find("P-0")[:2] == ["Asha Rao", "आशा राव"]
    assert find("P-999") == []


def test_pages_follow_each_other_without_gap_or_twin(records, find):
    for place in range(230):
        details = make_details(f"X-{place}", name=f"Sam Common{place % 7}")
        records.patients.add(details, by=stamp(99))
    store = SqlPatientSearchStore(records.audited)
    seen = []
    for offset in range(0, 300, 50):
        page = store.find(PatientQuery("common", offset=offset))
        seen += [hit.patient.id for hit in page.hits]
        assert page.more is (offset < 200)
    assert len(seen) == len(set(seen)) == 230


def test_a_birth_date_alone_or_with_words(find):
    assert find(birth_date=date(1950, 2, 3)) == ["Asha Rao"]
    assert find("rao", birth_date=date(1961, 2, 3)) == ["Usha Raoul"]
    assert find("rao", birth_date=date(1999, 2, 3)) == []


@pytest.fixture
def clinic(records):
    """Give three patients: DR unsigned in March; DR signed away in May; nothing, in May."""
    ids = [
        records.patients.add(make_details(f"C-{n}", name=name), by=stamp(n)).id
        for n, name in enumerate(("March Present", "May Decided", "May Nothing", "No Visit"))
    ]
    march, may = date(2026, 3, 4), date(2026, 5, 6)
    for patient_id, day, dr in zip(ids, (march, may, may), (0.9, 0.1, 0.1), strict=False):
        photographs = [keep_photograph(records, bytes([patient_id]) * 99, dr=dr)]
        visit = records.examinations.add(
            patient_id, make_visit(visit_date=day), photographs=photographs, by=stamp(20)
        )
        if patient_id == ids[1]:
            said = Decision(Laterality.RIGHT, "DR", Grade.PRESENT)
            reading = Reading((said,), referral=ReferralTier.URGENT)
            records.readings.save(visit.id, reading, expected_version=0, by=stamp(21))
            records.readings.sign(
                visit.id, shown_name="Dr Ito", expected_version=1, by=stamp(22)
            )
    return ids


def test_visits_are_asked_for_by_dates_label_referral_and_signature(records, clinic):
    ask = finder(records)
    assert ask(label="DR") == ["May Decided", "March Present"]
    assert ask("march", label="DR") == ["March Present"]
    assert ask(unsigned=True) == ["May Nothing", "March Present"]
    assert ask(unsigned=True, label="DR") == ["March Present"]
    assert ask(referral=ReferralTier.URGENT) == ["May Decided"]
    assert ask("may", referral=ReferralTier.NONE) == ["May Nothing"]
    assert ask(visited_from=date(2026, 5, 1)) == ["May Nothing", "May Decided"]
    assert ask(visited_to=date(2026, 4, 1)) == ["March Present"]
    assert ask(label="ARMD") == ask(label="DR", visited_from=date(2027, 1, 1)) == []
    assert ask()[0] == "No Visit"  # nothing asked: the newest first
    with pytest.raises(InvalidEntryError, match="swap"):
        PatientQuery(visited_from=date(2026, 5, 2), visited_to=date(2026, 5, 1))


def test_a_hit_tells_of_the_visits(records, clinic):
    store = SqlPatientSearchStore(records.audited)
    decided, nobody = store.find(PatientQuery("decided")), store.find(PatientQuery("visit"))
    (hit,) = decided.hits
    assert (hit.visits, hit.last_visit, hit.unsigned_visits) == (1, date(2026, 5, 6), 0)
    assert hit.tier is ReferralTier.URGENT
    (hit,) = nobody.hits
    assert (hit.visits, hit.last_visit, hit.unsigned_visits, hit.tier) == (0, None, 0, None)


def test_the_index_follows_every_change(records, find):
    (known,) = SqlPatientSearchStore(records.audited).find(PatientQuery("zebulon")).hits
    patient = known.patient
    renamed = make_details(patient.details.record_number, name="Tabitha Newname")
    records.patients.update(patient.id, renamed, expected_version=1, by=stamp(50))

    assert find("tabitha") == ["Tabitha Newname"]
    assert find("zebulon") == find("quillfeather") == []
    with records.database.read() as session:
        assert index_is_in_step(session)
        left = session.execute(text("SELECT count(*) FROM search_word WHERE word='zebulon'"))
        assert left.scalar_one() == 0

    with records.database.write() as session:
        unindex_patient(session, patient.id)
    assert find("tabitha") == []
    with records.database.read() as session:
        assert not index_is_in_step(session)


def test_a_stale_index_is_noticed_and_made_anew_at_the_next_start(backend, records, find):
    with records.database.write() as session:
        session.execute(text("DELETE FROM search_patient WHERE patient_id = 1"))
        session.execute(text("UPDATE search_patient SET folding = 0 WHERE patient_id = 2"))
        session.execute(text("UPDATE search_patient SET version = 7 WHERE patient_id = 3"))
    assert "Asha Rao" not in find("asha")
    backend.open(90).close()

    assert find("asha")[0] == "Asha Rao"
    with records.database.read() as session:
        assert index_is_in_step(session)
    assert bring_index_in_step(records.database) == 0


def test_an_index_altered_by_hand_is_told_and_rebuilt(records, find):
    with records.database.write() as session:
        session.execute(text("DELETE FROM search_entry WHERE word = 'asha'"))
    with records.database.read() as session:
        assert not index_is_in_step(session)

    assert rebuild_index(records.database) == len(NAMES)

    with records.database.read() as session:
        assert index_is_in_step(session)
    assert find("asha")[0] == "Asha Rao"
    assert similar(records, "zebulom") == ["Zebulon Quillfeather"]
