"""``retina-desktop records clinic``: the clinic's name, address and logo; the idle lock."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, stop
from retina_desktop.cli.picture_files import picture_bytes
from retina_desktop.cli.records_session import (
    AsJson,
    DataFolder,
    UserName,
    document,
    opened,
)
from retina_desktop.domain.clinic import LONGEST_LOCK_MINUTES, ClinicProfile
from retina_desktop.services.clinic_profile import VersionedMinutes, VersionedProfile

app = typer.Typer(
    help="The clinic as reports show it, and when windows lock.", no_args_is_help=True
)


@app.command()
@guarded
def show(
    *, data_dir: DataFolder = None, user: UserName = None, as_json: AsJson = False
) -> None:
    """Show the clinic's name, address, contact and logo, and the idle lock."""
    with opened(data_dir, user) as session:
        stored = session.open_clinic_profile(session.acting)
        lock = session.open_lock_time(session.acting)
    _tell(stored, lock, as_json=as_json)


@app.command(name="set")
@guarded
def set_clinic(
    *,
    name: Annotated[str | None, typer.Option(help="The clinic's name.")] = None,
    address: Annotated[
        list[str] | None, typer.Option(help="One line; repeat it for each.")
    ] = None,
    contact: Annotated[str | None, typer.Option(help="Telephone, e-mail ...")] = None,
    logo: Annotated[Path | None, typer.Option(metavar="FILE", help="A PNG or JPEG.")] = None,
    no_logo: Annotated[bool, typer.Option("--no-logo", help="Take the logo away.")] = False,
    lock_after: Annotated[
        int | None,
        typer.Option(
            metavar="MINUTES",
            help=f"Idle minutes until windows lock, up to {LONGEST_LOCK_MINUTES}; 0 is never.",
        ),
    ] = None,
    data_dir: DataFolder = None,
    user: UserName = None,
    as_json: AsJson = False,
) -> None:
    """Change what is named here; the rest stays."""
    if logo is not None and no_logo:
        stop(ExitCode.USAGE, "Choose one: --logo FILE, or --no-logo.")
    changes: dict[str, str | bytes] = {}
    if name is not None:
        changes["name"] = name
    if address is not None:
        changes["address"] = "\n".join(address)
    if contact is not None:
        changes["contact"] = contact
    if logo is not None or no_logo:
        changes["logo"] = picture_bytes(logo) if logo is not None else b""
    if not changes and lock_after is None:
        stop(ExitCode.USAGE, "Say what to set: --name, --address, --logo, --lock-after ...")
    with opened(data_dir, user) as session:
        stored = _changed_profile(session, changes)
        lock = session.open_lock_time(session.acting)
        if lock_after is not None:
            lock = session.save_lock_time(
                session.acting, lock_after, expected_version=lock.version
            )
    _tell(stored, lock, as_json=as_json)


def _changed_profile(
    session: OpenedRecords, changes: dict[str, str | bytes]
) -> VersionedProfile:
    stored = session.open_clinic_profile(session.acting)
    if not changes:
        return stored
    if stored.profile is None and "name" not in changes:
        stop(ExitCode.USAGE, "Give the clinic's name first: --name.")
    before = stored.profile or ClinicProfile(str(changes["name"]))
    profile = replace(before, **changes)  # type: ignore[arg-type]  # by the fields' names
    return session.save_clinic_profile(session.acting, profile, expected_version=stored.version)


def _tell(stored: VersionedProfile, lock: VersionedMinutes, *, as_json: bool) -> None:
    profile = stored.profile
    if as_json:
        told = None
        if profile is not None:
            told = {
                "name": profile.name,
                "address": profile.address_lines,
                "contact": profile.contact,
                "logo_bytes": len(profile.logo),
            }
        give_json(document(clinic=told, lock_after_minutes=lock.minutes))
        return
    lines = ["No clinic is named yet (records clinic set --name)."]
    if profile is not None:
        lines = [profile.name, *profile.address_lines, *profile.contact.split("\n")]
        lines.append("with a logo" if profile.logo else "without a logo")
    idle = f"after {lock.minutes} idle minutes" if lock.minutes else "never"
    give("\n".join([*(line for line in lines if line), f"Windows lock {idle}."]))
