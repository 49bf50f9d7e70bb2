"""The command line: start the studio, work in the background, look after it, and generate without a screen."""

# What takes long to import is imported inside the commands, so that `studio --help` answers at once.
import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import StudioError
from core.stopping import Stopping

if TYPE_CHECKING:
    from core.studio import Studio

APP = Path(__file__).parent.parent / "app.py"
FINDINGS, UNUSABLE = 1, 2
"""Exit codes beside 0: it ran and something is wrong; it could not begin."""

app = typer.Typer(
    help="Image Studio: a prompt becomes kept images.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Where the browser finds it; else PORT, else 8501.")]
Host = Annotated[str, typer.Option(help="The address to listen on; without a sign-in only this machine's own.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Model = Annotated[
    list[str] | None, typer.Option(help="PROVIDER/MODEL, e.g. sketch/sketch. Repeat it to ask several models.")
]
Ratio = Annotated[str, typer.Option(help="Width to height, e.g. 16:9.")]
Count = Annotated[int, typer.Option("--n", help="Images per model.")]
Seed = Annotated[int | None, typer.Option(help="The same seed and model draw the same again, where models can.")]
Source = Annotated[Path | None, typer.Option(help="A picture to start from.")]
Mask = Annotated[Path | None, typer.Option(help="Black and white, over the source: white is what changes.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")]
Anyway = Annotated[bool, typer.Option(help="Also when an unreasonable share of everything would go.")]
Moved = Annotated[bool, typer.Option(help="The files are in another store now: this one counts from here on.")]
Who = Annotated[str | None, typer.Argument(help="An e-mail address or an id; nobody: everybody is listed.")]
Role = Annotated[str | None, typer.Option(help="Make them a member, a lead or an admin.")]
On = Annotated[bool | None, typer.Option("--on/--off", help="Let them in again, or no longer.")]
Images = Annotated[int, typer.Option(min=1, max=100_000, help="About how many images to make.")]


@app.command()
def run(port: Port = None, host: Host = "127.0.0.1") -> None:
    """Start the studio and tell where it is."""
    with _told():
        from core import sign_in
        from core.settings import Settings

        settings = Settings.from_env()
        port = port or settings.port
    if not APP.exists():
        _stop("The screens are not beside this installation. Start it from a checkout of Image Studio.")
    with _told():
        sign_in.check(settings, host)
    if _taken(host, port):
        _stop(f"Something else answers at port {port} already. Choose another one with --port.", FINDINGS)
    typer.echo(f"Image Studio: http://{'localhost' if host == '127.0.0.1' else _bracketed(host)}:{port}")
    sys.stdout.flush()
    options = {"server.port": port, "server.address": host, "server.headless": "true"}
    told = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(APP), *told])


@app.command()
def worker() -> None:
    """Do background work only, until Ctrl-C or SIGTERM; running calls are finished first."""
    with _told(FINDINGS):
        from core import worker as background

        stopping = Stopping()
        studio = _studio()
        if not background.start(studio):
            _stop("Another process works on this database already. One is enough; nothing was started.", FINDINGS)
        typer.echo("Working. Ctrl-C stops it after the running calls.")
        sys.stdout.flush()
        while not stopping.wait():
            pass
        typer.echo("Finishing running calls …")
        background.stop(studio)
        typer.echo("Stopped.")


@app.command()
def migrate() -> None:
    """Bring the database to this version."""
    with _told(FINDINGS):
        from core import database, migrations
        from core.settings import Settings

        engine = database.open_database(Settings.from_env())
        done = migrations.at_head(engine)
        migrations.migrate(engine)
        typer.echo("The database is at this version already." if done else "The database is at this version now.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything the studio needs. Exit code 0: all well; 1: findings; 2: could not look."""
    with _told(UNUSABLE):
        from core import doctor as looking
        from core.settings import Settings

        findings = looking.look(Settings.from_env())
    well = all(finding.ok for finding in findings)
    if as_json:
        checks = [{"name": f.name, "ok": f.ok, "text": f.text} for f in findings]
        typer.echo(json.dumps({"ok": well, "checks": checks}, ensure_ascii=False))
    else:
        for finding in findings:
            typer.echo(f"{'ok     ' if finding.ok else 'problem'}  {finding.name}: {finding.text}")
    raise typer.Exit(0 if well else FINDINGS)


@app.command()
def demo(images: Images = 300) -> None:
    """Fill the studio with sample content, all of it marked as practice."""
    with _told(FINDINGS):
        from core import access
        from core import demo as samples

        studio = _studio()
        made = samples.fill(studio, access.local_person(studio), images, _progress)
    typer.echo(f"Made {made} sample images." if made else "The studio is filled with sample content already.")


@app.command()
def tidy(dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Do what the team's rules for old images say: failed ones off the page, unpicked ones into the trash."""
    with _told(FINDINGS):
        from core import tidying

        studio = _studio()
        done = tidying.due(studio) if dry_run else tidying.tidy(studio)
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **asdict(done)}))
        return
    off, thrown = _counted(done.failed, "failed image"), _counted(done.unpicked, "image")
    told = f"{off} off the page and {thrown} into the trash"
    typer.echo(f"Would take {told}; nothing was changed." if dry_run else f"Took {told}.")


@app.command()
def purge(dry_run: DryRun = False, anyway: Anyway = False, moved: Moved = False, as_json: AsJson = False) -> None:
    """Purge what is over its days in the trash. Exit code 0: done; 1: refused, nothing went; 2: could not begin."""
    with _told(UNUSABLE):
        from core import retention

        studio = _studio()
        found = retention.due(studio)
    with _told(FINDINGS):
        went = None if dry_run else retention.purge(studio, anyway=anyway, moved=moved)
    facts = {"images": found.images, "conversations": found.conversations, "bytes": found.size, "used": found.used}
    if went:
        facts |= {"images": went.images, "conversations": went.conversations, "uploads": went.uploads}
        facts |= {"bytes": went.size}
    if as_json:
        typer.echo(json.dumps({"dry_run": dry_run, **facts}))
        return
    size = f"{facts['bytes'] / 1_000_000:,.1f} MB"
    told = f"{_counted(facts['images'], 'image')} ({size}) and {_counted(facts['conversations'], 'conversation')}"
    typer.echo(f"Would purge {told}; nothing was changed." if dry_run else f"Purged {told}.")
    if found.used:
        stay = "stays: something that is not over its days uses it" if found.used == 1 else "stay: they are in use"
        typer.echo(f"{_counted(found.used, 'more image')} {stay}.")


@app.command()
def people(who: Who = None, role: Role = None, on: On = None, as_json: AsJson = False) -> None:
    """List who is in the team, or change what one of them may do. Exit code 0: done; 1: refused, nothing changed."""
    with _told(FINDINGS):
        from core import access
        from core import people as team

        studio = _studio()
        operator = access.local_person(studio)
        if who is None and (role or on is not None):
            _stop("Say whom to change, by e-mail address or id.")
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


@app.command()
def generate(
    prompt: str,
    model: Model = None,
    ratio: Ratio = "1:1",
    n: Count = 1,
    seed: Seed = None,
    source: Source = None,
    mask: Mask = None,
    as_json: AsJson = False,
) -> None:
    """Ask one or more models, wait, and tell what came. Exit code 0: all succeeded; 1: not all; 2: nothing asked."""
    with _told(UNUSABLE):
        from core import generating

        studio = _studio()
        wanted = generating.Wanted(prompt, tuple(model or ()), ratio, n, seed, source, mask)
        asked = generating.begin(studio, wanted)
    stopping = Stopping()  # until here nothing was asked; from here on a call that is under way is finished first
    with _told(FINDINGS):
        waiting = generating.Waiting(studio, asked, _aside, stopping)
        ended = waiting.ended()
        told = [json.dumps(generating.facts(studio, asked), ensure_ascii=False)]
        for line in told if as_json else generating.lines(studio, asked):
            typer.echo(line)
        sys.stdout.flush()
        succeeded = generating.all_succeeded(studio, asked)
        waiting.leave()
    raise typer.Exit((0 if succeeded else FINDINGS) if ended else generating.INTERRUPTED)


@contextmanager
def _told(code: int = UNUSABLE) -> Iterator[None]:
    """Nobody at a terminal should meet a traceback: a sentence on stderr, and this exit code."""
    try:
        yield
    except StudioError as error:
        _stop(str(error), code)
    except (typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:
        from core import log

        _stop(log.apology(error), code)


def _studio() -> "Studio":
    from core import log
    from core.studio import current

    log.setup()
    return current()


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Streamlit's server does
        try:
            probe.bind((host.strip("[]"), port))
        except OSError:
            return True
    return False


def _bracketed(host: str) -> str:
    return f"[{host.strip('[]')}]" if ":" in host else host


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{done} of {total} images", err=True, nl=done >= total)


def _aside(line: str) -> None:
    typer.echo(line, err=True)


def _stop(sentence: str, code: int = UNUSABLE) -> None:
    _aside(sentence)
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
