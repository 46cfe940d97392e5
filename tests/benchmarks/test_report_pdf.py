from retina_desktop.domain.report_content import Language
from tests.benchmarks.report_pdf import measure, new_visit


def test_the_campaign_on_reports_runs(tmp_path):
    visit = new_visit(tmp_path, size=(178, 268))
    rows = {row.what: row for row in measure(visit, repeat=1, languages=[Language.ARABIC])}
    visit.records.close()
    assert rows["the same bytes again"].met
    assert "letter, ar: made" in rows
