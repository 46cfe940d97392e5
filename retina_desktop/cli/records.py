"""``retina-desktop records``: set up the encrypted records, recover, check every file."""

from typing import Annotated

import typer

from retina_desktop.bootstrap_records.access import (
    WHAT_NO_PASSWORD_MEANS,
    check_set_up,
    first_user,
    recover_records,
    set_up_records,
)
from retina_desktop.cli import clinic
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    ask_new_password,
    ask_password,
    ask_recovery_key,
    document,
    folders_of,
    opened,
)
from retina_desktop.cli.verify import verify

app = typer.Typer(
    help="The clinic's records: set up, log in, recover, verify; the clinic's own page.",
    no_args_is_help=True,
)
app.add_typer(clinic.app, name="clinic")
app.command(name="verify")(verify)


@app.command(name="setup")
@guarded
def set_up(
    *,
    single_user: Annotated[
        bool, typer.Option("--single-user", help="You work alone: a password, no user names.")
    ] = False,
    administrator: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the first user.")
    ] = None,
    full_name: Annotated[
        str, typer.Option(help="The name that signatures and reports show.")
    ] = "",
    no_password: Annotated[
        bool,
        typer.Option(
            "--no-password",
            help="With --single-user: open without a login; the key lies on this computer.",
        ),
    ] = False,
    data_dir: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Create the encrypted database and its keys, once; prints the recovery key.

    Either choice makes one user, who is administrator and reader. The password comes from
    RETINA_PASSWORD or is asked for.
    """
    if single_user == (administrator is not None):
        stop(ExitCode.USAGE, "Choose one: --single-user, or --administrator NAME.")
    if no_password and not single_user:
        stop(ExitCode.USAGE, "--no-password goes with --single-user: several people log in.")
    user = first_user(administrator=administrator, full_name=full_name)
    folders = folders_of(data_dir)
    password = None if no_password else ask_password(new=True)
    recovery = set_up_records(folders, user=user, password=password)
    if as_json:
        give_json(document(user=user.name, recovery_key=recovery))
    else:
        give(recovery)
    if no_password:
        say(WHAT_NO_PASSWORD_MEANS)
    say(
        "This recovery key is shown only now: print it and lock it away; without it a "
        "forgotten password or a broken computer loses every record (records recover)."
    )


@app.command()
@guarded
def login(
    *,
    password: Annotated[
        bool | None,
        typer.Option("--password/--no-password", help="Ask for a password, or do without."),
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Switch between opening with and without a password, where one person works alone.

    The new password comes from RETINA_NEW_PASSWORD or is asked for.
    """
    if password is None:
        stop(ExitCode.USAGE, "Choose one: --password, or --no-password.")
    with opened(data_dir, user) as session:
        if password:
            session.ask_for_password(session.acting, password=ask_new_password())
        else:
            session.stop_asking_for_password(session.acting, password=ask_password())
        name = session.acting.user.name
    if as_json:
        give_json(document(user=name, password=password))
    if password:
        say("The records ask for the password from now on.")
    else:
        say(WHAT_NO_PASSWORD_MEANS)


@app.command()
@guarded
def recover(
    *,
    user: Annotated[
        str | None,
        typer.Option(
            "--user",
            envvar="RETINA_USER",
            help="The administrator who gets the password; not needed where there is one.",
        ),
    ] = None,
    data_dir: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Set a new password with the recovery key, when the old one is forgotten.

    The key comes from RETINA_RECOVERY_KEY or is asked for, the new password from
    RETINA_PASSWORD or asked for. Others than administrators are helped by an administrator
    (users reset-password).
    """
    folders = folders_of(data_dir)
    check_set_up(folders)
    key = ask_recovery_key()
    name = recover_records(
        folders, recovery_key=key, new_password=ask_password(new=True), user=user
    )
    if as_json:
        give_json(document(user=name))
    say(f"{name} has a new password; the recovery key stays valid, keep it locked away.")
