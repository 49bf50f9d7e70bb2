"""A log line says what happened with ids and numbers; prompts, keys and tokens cannot get into it."""

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import log

PROMPT = "a red fox for the Acme launch"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a process that serves people writes to stderr."""
    logger = logging.getLogger("studio")
    before = logger.handlers, logger.propagate, logger.level, log._strict
    stderr = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stderr)
    log.setup()
    yield stderr
    logger.handlers, logger.propagate, log._strict = before[0], before[1], before[3]
    logger.setLevel(before[2])


def test_a_step_is_one_json_line_with_its_ids(lines: io.StringIO) -> None:
    log.step("generation.sent", generation="0198a", provider="sketch", model="sketch/sketch", ms=12, cost=None)

    line = json.loads(lines.getvalue())

    assert line.pop("at").endswith("+00:00")
    assert line == {
        "level": "info",
        "event": "generation.sent",
        "generation": "0198a",
        "provider": "sketch",
        "model": "sketch/sketch",
        "ms": 12,
    }


@pytest.mark.parametrize("field", ["prompt", "token", "api_key", "caption", "email"])
def test_an_unknown_field_is_a_mistake_that_tests_see(field: str) -> None:
    with pytest.raises(ValueError, match=field):
        log.step("generation.sent", **{field: "x"})


def test_a_sentence_in_a_known_field_is_a_mistake_that_tests_see() -> None:
    with pytest.raises(ValueError, match="outcome"):
        log.step("generation.failed", outcome=PROMPT)


def test_in_a_process_that_serves_people_what_does_not_belong_is_left_out_and_named(lines: io.StringIO) -> None:
    log.step("generation.sent", prompt=PROMPT, outcome=PROMPT, ms=3)

    line = json.loads(lines.getvalue())

    assert line["dropped"] == ["outcome", "prompt"]
    assert line["ms"] == 3
    assert "fox" not in lines.getvalue()


def test_an_unforeseen_error_is_logged_once_with_the_number_that_people_see(lines: io.StringIO) -> None:
    try:
        raise KeyError(PROMPT) from ValueError("sk-secret")
    except KeyError as caught:
        error = caught

    numbers = {log.broken(error), log.broken(error)}

    line = json.loads(lines.getvalue())
    assert numbers == {line["id"]}
    assert line["error"] == ["KeyError", "ValueError"]
    assert line["where"][0].startswith("tests/test_log.py:")
    assert f"({line['id']})" in log.apology(error)


def test_the_message_of_an_error_stays_out_of_the_log(lines: io.StringIO) -> None:
    log.broken(RuntimeError(f"could not send {PROMPT} with sk-secret"))

    assert "fox" not in lines.getvalue()
    assert "secret" not in lines.getvalue()


@given(token=st.text("abcdefABCDEF0123456789-_.%=", min_size=1), prefix=st.sampled_from("ms"))
def test_access_lines_never_show_the_token_of_a_link(token: str, prefix: str) -> None:
    args = ("127.0.0.1:5", "GET", f"/{prefix}/{token}/0198a/256?x=1", "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)

    log.MaskTokens().filter(record)

    assert record.getMessage() == f'127.0.0.1:5 - "GET /{prefix}/.../0198a/256?x=1 HTTP/1.1" 200'


def test_access_lines_without_a_token_stay_as_they_are() -> None:
    args = ("127.0.0.1:5", "GET", "/media/abc?image=1", "1.1", 200)
    record = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', args, None)

    log.MaskTokens().filter(record)

    assert "/media/abc?image=1" in record.getMessage()


def test_masking_is_in_place_after_setup(lines: io.StringIO) -> None:
    log.setup()

    for name in ("uvicorn.access", "uvicorn.error"):
        assert [type(known) for known in logging.getLogger(name).filters].count(log.MaskTokens) == 1
