"""Unforeseen errors are told to Sentry by kind and place alone: nothing private leaves, and without a DSN nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core import log, sentry
from core.errors import Refused
from core.settings import Settings
from tests.receiver import Receiver

CANARIES = ("a red fox for Acme", "sk-canary-key", "ana@acme.example", "canary-token", "canary-local", "canary-body")


@pytest.fixture
def there() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whom errors are told to is forgotten after the test."""
    monkeypatch.setattr(log, "_told", [])


def start(there: Receiver) -> None:
    sentry.start(Settings(sentry_dsn=f"http://public@{there.host}/42"))


def fail() -> Exception:
    """An error whose messages, notes and variables hold everything that must not leave."""
    prompt, key = CANARIES[0], CANARIES[1]  # local variables of the frame
    request = {"body": CANARIES[5], "cookies": {"token": CANARIES[3]}}
    try:
        try:
            raise ValueError(f"could not send {prompt} with {key} for {CANARIES[2]}: {request}")
        except ValueError as inner:
            inner.add_note(CANARIES[4])
            raise KeyError(prompt) from inner
    except KeyError as error:
        return error


def sent(there: Receiver) -> dict[str, Any]:
    [arrived] = there.wait()
    lines = [json.loads(line) for line in arrived.body.splitlines() if line]
    return next(line for line in lines if "exception" in line)


def test_an_error_arrives_with_its_kinds_its_places_and_the_number_that_people_have(
    there: Receiver, told: None
) -> None:
    start(there)

    number = log.broken(fail())

    event = sent(there)
    inner, outer = event["exception"]["values"]
    assert (inner["type"], outer["type"]) == ("ValueError", "KeyError")
    assert outer["stacktrace"]["frames"][-1]["filename"] == "tests/test_sentry.py"
    assert outer["stacktrace"]["frames"][-1]["lineno"] > 0
    assert event["tags"] == {"number": number}
    assert event["release"].startswith("image-studio@")


def test_nothing_private_is_in_what_leaves(there: Receiver, told: None) -> None:
    start(there)

    log.broken(fail())

    [arrived] = there.wait()
    assert [secret for secret in CANARIES if secret.encode() in arrived.everything] == []
    event = sent(there)
    assert set(event) <= sentry.SENT
    assert all(set(one) <= {"type", "stacktrace"} for one in event["exception"]["values"])
    known = {"filename", "lineno", "function", "in_app"}
    assert all(set(f) <= known for one in event["exception"]["values"] for f in one["stacktrace"]["frames"])
    for private in (str(Path.cwd()), os.uname().nodename, os.environ.get("HOME", "/nowhere/at/all")):
        assert private.encode() not in arrived.body


def test_an_error_is_told_once_however_often_it_is_handed_in(there: Receiver, told: None) -> None:
    start(there)
    error = fail()

    first, second = log.broken(error), log.broken(error)
    log.broken(RuntimeError())

    assert first == second
    assert len(there.wait(2)) == 2


def test_error_tracking_that_is_down_costs_nobody_anything(told: None) -> None:
    with Receiver(status=500) as there:
        start(there)
        numbers = {log.broken(fail()) for _ in range(3)}
        there.wait()
    log.tell(lambda error, number: 1 / 0)

    assert len(numbers | {log.broken(fail())}) == 4


def test_an_address_that_is_none_is_refused_without_quoting_it(told: None) -> None:
    with pytest.raises(Refused, match="SENTRY_DSN") as refused:
        sentry.start(Settings(sentry_dsn="sk-canary-key"))

    assert "canary" not in str(refused.value) and refused.value.__cause__ is None
    assert "canary" not in repr(Settings(sentry_dsn="sk-canary-key"))


@pytest.mark.parametrize("setting", ["SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"])
@pytest.mark.parametrize("extra", ["there", "missing"])
def test_nothing_is_imported_that_nobody_asked_for_and_a_missing_extra_is_said(setting: str, extra: str) -> None:
    """In a process of its own, where nothing else has imported it."""
    block = "import sys; sys.modules.update(sentry_sdk=None, opentelemetry=None)\n" if extra == "missing" else ""
    code = (
        f"{block}from core import watching\nfrom core.errors import Refused\nfrom core.settings import Settings\n"
        "import sys\nwatching.start(Settings())\n"
        "assert not [n for n in sys.modules if n.partition('.')[0] in ('sentry_sdk', 'opentelemetry')"
        " and sys.modules[n]]\n"
        "try:\n    watching.start(Settings.from_env())\nexcept Refused as refused:\n    print(refused)\n"
        "else:\n    print('watching')\n"
    )
    environ = {**os.environ, setting: "http://public@127.0.0.1:9/1"}

    said = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)

    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("watching" if extra == "there" else f"{setting} is set, but")
