"""The command line: start the studio, work in the background, look after it, and generate without a screen."""

# What takes long to import is imported inside the commands, so that `studio --help` answers at once.
import json
import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from core import cli_upkeep
from core.cli_kit import FINDINGS, UNUSABLE, AsJson, Model, aside, sentences, stop, the_studio
from core.stopping import Stopping

APP = Path(__file__).parent.parent / "app.py"

app = typer.Typer(
    help="Image Studio: a prompt becomes kept images.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Where the browser finds it; else PORT, else 8501.")]
Host = Annotated[str, typer.Option(help="The address to listen on; without a sign-in only this machine's own.")]
Ratio = Annotated[str, typer.Option(help="Width to height, e.g. 16:9.")]
Count = Annotated[int, typer.Option("--n", help="Images per model.")]
Seed = Annotated[int | None, typer.Option(help="The same seed and model draw the same again, where models can.")]
Source = Annotated[Path | None, typer.Option(help="A picture to start from.")]
Mask = Annotated[Path | None, typer.Option(help="Black and white, over the source: white is what changes.")]
MetricsPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Where Prometheus on this machine finds what this process counts.")
]
Images = Annotated[int, typer.Option(min=1, max=100_000, help="About how many images to make.")]


@app.command()
def run(port: Port = None, host: Host = "127.0.0.1") -> None:
    """Start the studio and tell where it is."""
    with sentences():
        from core import sign_in
        from core.settings import Settings

        settings = Settings.from_env()
        port = port or settings.port
    if not APP.exists():
        stop("The screens are not beside this installation. Start it from a checkout of Image Studio.")
    with sentences():
        sign_in.check(settings, host)
    if _taken(host, port):
        stop(f"Something else answers at port {port} already. Choose another one with --port.", FINDINGS)
    typer.echo(f"Image Studio: http://{'localhost' if host == '127.0.0.1' else _bracketed(host)}:{port}")
    sys.stdout.flush()
    options = {"server.port": port, "server.address": host, "server.headless": "true"}
    told = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", str(APP), *told])


@app.command()
def worker(metrics_port: MetricsPort = None) -> None:
    """Do background work only, until Ctrl-C or SIGTERM; running calls are finished first."""
    if metrics_port and _taken("127.0.0.1", metrics_port):
        stop(f"Something else answers at port {metrics_port} already. Choose another --metrics-port.", FINDINGS)
    with sentences(FINDINGS):
        from core import worker as background

        stopping = Stopping()
        studio = the_studio()
        if metrics_port:
            background.tell(studio, metrics_port)
        if not background.start(studio):
            stop("Another process works on this database already. One is enough; nothing was started.", FINDINGS)
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
    with sentences(FINDINGS):
        from core import database, migrations
        from core.settings import Settings

        engine = database.open_database(Settings.from_env())
        done = migrations.at_head(engine)
        migrations.migrate(engine)
        typer.echo("The database is at this version already." if done else "The database is at this version now.")


@app.command()
def doctor(as_json: AsJson = False) -> None:
    """Look at everything the studio needs. Exit code 0: all well; 1: findings; 2: could not look."""
    with sentences(UNUSABLE):
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
    with sentences(FINDINGS):
        from core import access
        from core import demo as samples

        studio = the_studio()
        made = samples.fill(studio, access.local_person(studio), images, _progress)
    typer.echo(f"Made {made} sample images." if made else "The studio is filled with sample content already.")


for upkeep in (cli_upkeep.tidy, cli_upkeep.purge, cli_upkeep.reprice, cli_upkeep.people):
    app.command()(upkeep)


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
    with sentences(UNUSABLE):
        from core import generating

        studio = the_studio()
        wanted = generating.Wanted(prompt, tuple(model or ()), ratio, n, seed, source, mask)
        asked = generating.begin(studio, wanted)
    stopping = Stopping()  # until here nothing was asked; from here on a call that is under way is finished first
    with sentences(FINDINGS):
        waiting = generating.Waiting(studio, asked, aside, stopping)
        ended = waiting.ended()
        told = [json.dumps(generating.facts(studio, asked), ensure_ascii=False)]
        for line in told if as_json else generating.lines(studio, asked):
            typer.echo(line)
        sys.stdout.flush()
        succeeded = generating.all_succeeded(studio, asked)
        waiting.leave()
    raise typer.Exit((0 if succeeded else FINDINGS) if ended else generating.INTERRUPTED)


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


def _progress(done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{done} of {total} images", err=True, nl=done >= total)


if __name__ == "__main__":
    app()
