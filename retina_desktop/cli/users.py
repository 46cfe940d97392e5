"""``retina-desktop users``: who may log in, with which roles; passwords and signatures."""

from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.access import (
    RecordsState,
    check_set_up,
    records_state,
)
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.cli.picture_files import picture_bytes
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    ask_new_password,
    ask_password,
    document,
    folders_of,
    opened,
)
from retina_desktop.domain.record_errors import RecordNotFoundError
from retina_desktop.domain.users import Permission, Role, User, UserAccount

app = typer.Typer(help="Users: who may log in, as what.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the user types to log in.")]
Roles = Annotated[list[Role] | None, typer.Option("--role", help="May be repeated.")]
FullName = Annotated[
    str | None, typer.Option(help="The name that signatures and reports show.")
]


@app.command(name="list")
@guarded
def list_users(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Show everybody, the deactivated too."""
    with opened(data_dir, user) as session:
        accounts = session.list_users(session.acting)
        keyless = [
            account.user.name
            for account in accounts
            if account.user.active and not session.user_keys.has_password(account.user.name)
        ]
    if as_json:
        give_json(document(users=[_told(account) for account in accounts]))
    else:
        give("\n".join(_line(account) for account in accounts))
    for name in keyless:
        say(f"{name} has no password yet; give one with users reset-password {name}.")


@app.command()
@guarded
def add(
    name: Name,
    *,
    full_name: FullName = None,
    role: Roles = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Let somebody new in.

    The first password comes from RETINA_NEW_PASSWORD or is asked for; the user changes it.
    """
    if not role:
        stop(ExitCode.USAGE, f"Give a role: {', '.join(f'--role {each}' for each in Role)}.")
    new = User(name, full_name or name, frozenset(role))
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.ADMINISTER)  # before a password is asked for
        account = session.add_user(session.acting, new, password=ask_new_password())
    _tell(account, as_json=as_json)


@app.command()
@guarded
def change(
    name: Name,
    *,
    full_name: FullName = None,
    role: Roles = None,
    signature: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A PNG or JPEG, shown on signed reports."),
    ] = None,
    no_signature: Annotated[
        bool, typer.Option("--no-signature", help="Take the signature's picture away.")
    ] = False,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Change the name shown, the roles (all of them anew), the signature's picture.

    Everybody may change their own signature, an administrator everything.
    """
    if signature is not None and no_signature:
        stop(ExitCode.USAGE, "Choose one: --signature FILE, or --no-signature.")
    changes_user, changes_picture = bool(full_name or role), signature or no_signature
    if not changes_user and not changes_picture:
        stop(ExitCode.USAGE, "Say what to change: --full-name, --role, --signature.")
    picture = picture_bytes(signature) if signature else None
    with opened(data_dir, user) as session:
        account, acting = _account(session, name), session.acting
        if changes_user:
            before = account.user
            new = User(
                before.name,
                full_name or before.shown_name,
                frozenset(role) if role else before.roles,
            )
            account = session.change_user(
                acting, account.id, new, expected_version=account.version
            )
        if changes_picture:
            account = session.set_signature(
                acting, account.id, picture, expected_version=account.version
            )
    _tell(account, as_json=as_json)


@app.command()
@guarded
def deactivate(
    name: Name,
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Turn a user off; what was signed keeps the name."""
    with opened(data_dir, user) as session:
        account = _account(session, name)
        account = session.deactivate_user(
            session.acting, account.id, expected_version=account.version
        )
    _tell(account, as_json=as_json)


@app.command()
@guarded
def reactivate(
    name: Name,
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Turn a user on again, with a new password (RETINA_NEW_PASSWORD, or asked for)."""
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.ADMINISTER)
        account = _account(session, name)
        account = session.reactivate_user(
            session.acting,
            account.id,
            password=ask_new_password(),
            expected_version=account.version,
        )
    _tell(account, as_json=as_json)


@app.command()
@guarded
def password(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Change your own password; the new one is asked for, or in RETINA_NEW_PASSWORD."""
    folders = folders_of(data_dir)
    check_set_up(folders)
    without = records_state(folders) is RecordsState.OPEN_WITHOUT_LOGIN
    old = "" if without else ask_password()
    with opened(data_dir, user, password=old) as session:
        new = "" if without else ask_new_password()
        session.change_own_password(session.acting, old=old, new=new)
        name = session.acting.user.name
    if as_json:
        give_json(document(user=name))
    say("Your password is changed.")


@app.command(name="reset-password")
@guarded
def reset_password(
    name: Name,
    *,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Give somebody another password; the user is told so at every login until it is changed.

    It comes from RETINA_NEW_PASSWORD or is asked for.
    """
    with opened(data_dir, user) as session:
        session.acting.allowed(Permission.ADMINISTER)
        account = _account(session, name)
        session.reset_password(session.acting, account.id, password=ask_new_password())
    if as_json:
        give_json(document(user=account.user.name))
    say(f"{account.user.name} has a new password, and is told so at the next login.")


@app.command(name="recovery-key")
@guarded
def recovery_key(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Print a new recovery key; the old print opens nothing any more."""
    with opened(data_dir, user) as session:
        key = session.renew_recovery_key(session.acting)
    if as_json:
        give_json(document(recovery_key=key))
    else:
        give(key)
    say("This recovery key is shown only now: print it, lock it away, destroy the old print.")


def _account(session: OpenedRecords, name: str) -> UserAccount:
    found = session.records.users.find(name.strip().lower())
    if found is None:
        raise RecordNotFoundError("There is no such user; users list shows everybody.")
    return found


def _told(account: UserAccount) -> dict[str, object]:
    user = account.user
    return {
        "id": account.id,
        "version": account.version,
        "name": user.name,
        "full_name": user.shown_name,
        "roles": sorted(user.roles),
        "active": user.active,
        "signature": bool(account.signature_sha256),
    }


def _line(account: UserAccount) -> str:
    user = account.user
    parts = [user.shown_name, ", ".join(sorted(user.roles))]
    parts += ["signature"] * bool(account.signature_sha256)
    parts += ["deactivated"] * (not user.active)
    return f"{user.name}  {'; '.join(parts)}"


def _tell(account: UserAccount, *, as_json: bool) -> None:
    if as_json:
        give_json(document(user=_told(account)))
    else:
        give(_line(account))
