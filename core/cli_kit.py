"""What all commands share: errors as sentences, the studio, options that several take."""

# What takes long to import is imported inside, so that `studio --help` answers at once.
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from core.errors import StudioError

if TYPE_CHECKING:
    from core.studio import Studio

FINDINGS, UNUSABLE = 1, 2
"""Exit codes beside 0: it ran and something is wrong; it could not begin."""

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Model = Annotated[
    list[str] | None, typer.Option(help="PROVIDER/MODEL, e.g. sketch/sketch. Repeat it to ask several models.")
]


@contextmanager
def sentences(code: int = UNUSABLE) -> Iterator[None]:
    """Nobody at a terminal should meet a traceback: a sentence on stderr, and this exit code."""
    try:
        yield
    except StudioError as error:
        stop(str(error), code)
    except (typer.Exit, KeyboardInterrupt):
        raise
    except Exception as error:
        from core import log

        stop(log.apology(error), code)


def the_studio() -> "Studio":
    """The studio of this environment."""
    from core import watching
    from core.settings import Settings
    from core.studio import current

    watching.start(Settings.from_env())
    return current()


def counted(n: int, what: str) -> str:
    """“1 image”, “2 images”."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


def aside(line: str) -> None:
    """A line for people, beside what a command gives."""
    typer.echo(line, err=True)


def stop(sentence: str, code: int = UNUSABLE) -> None:
    """Say why, and end with this exit code."""
    aside(sentence)
    raise typer.Exit(code)
