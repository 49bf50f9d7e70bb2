"""What the README says is so: settings, commands, places to open, libraries; and the lock files fit."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from typer.main import get_command

from core.cli import app
from core.settings import Settings

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
LOCKS = ("requirements.lock", "requirements-dev.lock")
MUST = ("run", "test", "demo", "bench", "lint", "kills", "install", "lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_every_setting_is_in_the_table_and_nothing_else() -> None:
    told = [name for row in table("variable") for name in code(row["variable"])]

    assert sorted(told) == sorted(field.name.upper() for field in fields(Settings))


def test_the_defaults_in_the_table_are_the_defaults() -> None:
    defaults = {field.name.upper(): str(field.default) for field in fields(Settings) if field.default is not MISSING}
    told = {code(row["variable"])[0]: row["default"].strip("`") for row in table("variable") if single(row)}

    assert len(told) > 10
    assert told == {name: defaults[name] for name in told}


def test_every_make_target_is_told_and_every_one_told_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"(?:`|^|[A-Z]=\S+ )make ([a-z]+)", README, re.MULTILINE))

    assert told - targets == set()
    assert set(MUST) - told == set()
    assert set(MUST) - targets == set()


def test_every_command_is_told_and_every_one_told_exists() -> None:
    commands = {command.name or getattr(command.callback, "__name__", "") for command in app.registered_commands}
    told = set(re.findall(r"`studio ([a-z]+)", README))

    assert told == commands
    assert len(commands) >= 6


def test_every_command_of_the_runbook_exists_with_its_options() -> None:
    _, _, rest = README.partition("### Runbook\n")
    runbook = rest.partition("\n### ")[0]
    known = get_command(app).commands  # type: ignore[attr-defined]  # it is a group
    told = [shlex.split(line)[1:] for line in code(runbook) if line.startswith("studio ")]

    assert len({name for name, *_ in told}) >= 5
    for name, *rest_of_it in told:
        options = {option for parameter in known[name].params for option in parameter.opts}
        assert {part for part in rest_of_it if part.startswith("--")} <= options, name


@pytest.mark.parametrize(
    "case", ["Rotate keys", "Stuck work", "Disk full", "Provider down", "Somebody attacks", "Restore"]
)
def test_the_runbook_has_numbered_steps_for_each_case(case: str) -> None:
    _, _, rest = README.partition(f"#### {case}\n")
    steps = re.findall(r"^(\d+)\. ", rest.partition("\n###")[0], re.MULTILINE)

    assert [int(step) for step in steps] == list(range(1, len(steps) + 1))
    assert len(steps) >= 5 - (case == "Rotate keys")


def test_everything_to_open_is_there() -> None:
    rows = table("I want to …")
    places = [place for row in rows for place in code(row["open"] + row["what will tell you"])]
    places += [place for row in rows for place in code(row["do"]) if "/" in place]

    assert len(rows) >= 10
    assert [place for place in places if not (ROOT / place).exists()] == []
    assert [row["I want to …"] for row in rows if not code(row["open"])] == []


def test_every_link_leads_somewhere() -> None:
    targets = re.findall(r"\]\(([^)]+)\)", README)
    headings = {"#" + heading.lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", README, re.MULTILINE)}

    broken = [target for target in targets if target not in headings and not (ROOT / target).exists()]

    assert [target for target in broken if not target.startswith("https://")] == []


def test_every_library_is_named_with_its_reason() -> None:
    told = {canonicalize_name(name): row["for"] for row in table("package") for name in code(row["package"])}
    used = {canonicalize_name(requirement.name) for requirement in needed()}

    assert used - told.keys() == set()
    assert told.keys() - used == set()
    assert [name for name, reason in told.items() if len(reason) < 2] == []


def test_who_does_not_watch_installs_nothing_for_it_and_who_does_reads_what_each_is_for() -> None:
    names = {canonicalize_name(requirement.name) for requirement in watching()}

    assert len(names) == 3
    assert names & pins(LOCKS[0]).keys() == set()
    assert [name for name in names if f"`{name}`" not in README] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_holds_names_and_versions_and_no_address(lock: str) -> None:
    lines = (ROOT / lock).read_text().splitlines()

    assert len(lines) > 20
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9._-]+(\[[a-z,]+\])?==[\w.+!]+( ; [^@/]+)?", line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_what_is_locked_is_what_the_project_asks_for(lock: str) -> None:
    asked = [*needed(), *((*development(), *watching()) if "dev" in lock else ())]
    locked = pins(lock)

    assert [str(r) for r in asked if not any(r.specifier.contains(v) for v in locked[canonicalize_name(r.name)])] == []


def test_tests_run_with_what_people_run() -> None:
    people, tests = pins(LOCKS[0]), pins(LOCKS[1])

    assert {name: versions for name, versions in people.items() if tests.get(name) != versions} == {}


def table(first: str) -> list[dict[str, str]]:
    """The rows of the README's table whose first column has this heading."""
    lines = iter(README.splitlines())
    heading = next((line for line in lines if line.startswith(f"| {first} |")), None)
    assert heading, f"The README has no table that begins with “{first}”."
    names = cells(heading)
    next(lines)
    return list(_rows(names, lines))


def _rows(names: list[str], lines: Iterator[str]) -> Iterator[dict[str, str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield dict(zip(names, cells(line), strict=True))


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def single(row: dict[str, str]) -> bool:
    """True for a row of one variable; rows of several share no default."""
    return len(code(row["variable"])) == 1


def needed() -> list[Requirement]:
    return [Requirement(line) for line in PROJECT["project"]["dependencies"]]


def development() -> list[Requirement]:
    return [Requirement(line) for line in PROJECT["dependency-groups"]["dev"]]


def watching() -> list[Requirement]:
    """The extra that watches: tests run with it, people choose it."""
    return [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["watch"]]


def pins(lock: str) -> dict[str, set[str]]:
    """Versions by name; one name may have several, for several Pythons."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text().splitlines():
        name, _, version = line.partition(" ;")[0].partition("==")
        found.setdefault(canonicalize_name(name.partition("[")[0]), set()).add(version)
    return found
