"""The commands on records, gathered; loaded only when one of them is asked for."""

import typer

from retina_desktop.cli import (
    audit,
    backup,
    deletion,
    examinations,
    examinations_change,
    examine,
    export_research,
    exporting,
    importing,
    lists,
    patients,
    patients_find,
    patients_history,
    patients_merging,
    records,
    report,
    restore,
    sign,
    users,
    verify,
    worklist,
)

app = typer.Typer()
app.add_typer(records.app, name="records")
deletion.register(patients.app)
exporting.register(patients.app, examinations.app)
for commands in (patients_find, patients_history, patients_merging):
    commands.register(patients.app)
app.add_typer(patients.app, name="patients")
app.command(name="examine")(examine.examine)
app.command(name="worklist")(worklist.worklist)
lists.register(examinations.app)
examinations_change.register(examinations.app)
app.add_typer(examinations.app, name="examinations")
app.command(name="sign")(sign.sign)
app.command(name="report")(report.report)
app.command(name="report-day")(report.report_day)
app.add_typer(report.app, name="reports")
app.add_typer(importing.app, name="import")
app.command(name="export-research")(export_research.export_research)
app.add_typer(audit.app, name="audit")
app.add_typer(backup.app, name="backup")
app.command(name="restore")(restore.restore)
app.command(name="verify")(verify.verify)
app.add_typer(users.app, name="users")
