"""Commands for who looks after the studio: what goes, what bills come to, who is let in."""

# What takes long to import is imported inside the commands, so that `studio --help` answers at once.
import json
from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from core.cli_kit import FINDINGS, UNUSABLE, AsJson, Model, counted, sentences, stop, the_studio

Since = Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The first day, in UTC, e.g. 2026-11-01.")]
Until = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day; else today.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")]
Anyway = Annotated[bool, typer.Option(help="Also when an unreasonable share of everything would go.")]
Moved = Annotated[bool, typer.Option(help="The files are in another store now: this one counts from here on.")]
Who = Annotated[str | None, typer.Argument(help="An e-mail address or an id; nobody: everybody is listed.")]
Role = Annotated[str | None, typer.Option(help="Make them a member, a lead or an admin.")]
On = Annotated[bool | None, typer.Option("--on/--off", help="Let them in again, or no longer.")]


def tidy(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Do what the team's rules for old images say: failed ones off the page, unpicked ones into the trash."""
    with sentences(FINDINGS):
        from core import tidying

        studio = the_studio()
        done = tidying.due(studio) if dry_run else tidying.tidy(studio)
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **asdict(done)}))
        return
    off, thrown = counted(done.failed, "failed image"), counted(done.unpicked, "image")
    told = f"{off} off the page and {thrown} into the trash"
    typer.echo(f"Would take {told}; nothing was changed." if dry_run else f"Took {told}.")


def purge(dry_run: DryRun = False, anyway: Anyway = False, moved: Moved = False, as_json: AsJson = False) -> None:
    """Purge what is over its days in the trash. Exit code 0: done; 1: refused, nothing went; 2: could not begin."""
    with sentences(UNUSABLE):
        from core import retention

        studio = the_studio()
        found = retention.due(studio)
    with sentences(FINDINGS):
        went = None if dry_run else retention.purge(studio, anyway=anyway, moved=moved)
    facts = {"images": found.images, "conversations": found.conversations, "bytes": found.size, "used": found.used}
    if went:
        facts |= {"images": went.images, "conversations": went.conversations, "uploads": went.uploads}
        facts |= {"bytes": went.size}
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **facts}))
        return
    size = f"{facts['bytes'] / 1_000_000:,.1f} MB"
    told = f"{counted(facts['images'], 'image')} ({size}) and {counted(facts['conversations'], 'conversation')}"
    typer.echo(f"Would purge {told}; nothing was changed." if dry_run else f"Purged {told}.")
    if found.used:
        stay = "stays: something that is not over its days uses it" if found.used == 1 else "stay: they are in use"
        typer.echo(f"{counted(found.used, 'more image')} {stay}.")


def reprice(since: Since, until: Until = None, model: Model = None, dry_run: DryRun = False) -> None:
    """Compute bills anew after prices were put right; what a provider reported stays. Exit code 0: done; 1: refused."""
    with sentences(FINDINGS):
        from core import repricing

        studio = the_studio()
        days = since.date(), (until or studio.now()).date()
        found = repricing.reprice(studio, *days, tuple(model or ()), dry_run=dry_run)
    for one in found:
        typer.echo(f"{one.model}: {counted(one.calls, 'call')}, ${one.before:,.4f} becomes ${one.after:,.4f}")
    typer.echo("Nothing differs." if not found else "Nothing was changed." if dry_run else "Changed.")


def people(who: Who = None, role: Role = None, on: On = None, as_json: AsJson = False) -> None:
    """List who is in the team, or change what one of them may do. Exit code 0: done; 1: refused, nothing changed."""
    with sentences(FINDINGS):
        from core import access
        from core import people as team

        studio = the_studio()
        operator = access.local_person(studio)
        if who is None and (role or on is not None):
            stop("Say whom to change, by e-mail address or id.")
        told = [team.found(studio, operator, who)] if who else team.everybody(studio, operator)
        if role:
            team.set_role(studio, operator, told[0].id, role)
        if on is not None:
            (team.switch_on if on else team.switch_off)(studio, operator, told[0].id)
        told = [team.found(studio, operator, told[0].id)] if who else told
        rows = [{**asdict(member), "since": str(member.since), "off_at": str(member.off_at or "")} for member in told]
    if as_json:
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for member in told:
        state = "switched off" if member.off_at else member.role
        typer.echo(f"{member.id}  {state:12}  {member.name}{f' <{member.email}>' if member.email else ''}")
