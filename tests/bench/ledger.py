"""A ledger of millions of calls as rows of SQLite, made by SQLite itself: a team of 200, two years, twelve models.

The same size gives the same rows. They are written past the triggers, and a new epoch begins with them.
"""

from datetime import datetime

from core.access import Person
from core.studio import Studio
from tests.bench.crowd import BEGAN, MODELS, SPAN, past_triggers

PEOPLE, PROJECTS = 200, 40
CHOSEN = 20
"""One of so many calls brought an image that was selected."""
TRIES = 8
"""Calls of one tree."""
SPARED = ("ix_generation_pace", "ix_generation_status", "ix_generation_post_id", "ix_attempt_state")
"""Indexes that nothing here reads, and that would cost minutes."""
LONG_AGO = "'2024-01-01 00:00:00.000000'"
THREAD = f"'{'c' * 32}'"
OWNER = f"'{'a' * 26}' || printf('%06x', {{}} % {PEOPLE})"


def fill(studio: Studio, calls: int) -> Person:
    """Write them; about a minute for each two million. Returns the lead, who sees everybody's."""
    with past_triggers(studio) as connection:
        for name in SPARED:
            connection.exec_driver_sql(f"DROP INDEX {name}")
        for statement in (*_around(calls), _generations(calls), _attempts(calls), _images(calls)):
            connection.exec_driver_sql(statement)
    return Person(f"{'a' * 26}000000", "Person 0")


def _around(calls: int) -> tuple[str, ...]:
    """People, one conversation, and a turn for each tree."""
    return (
        "INSERT INTO person (id, subject, name, role, brief, created_at, email)"
        f" {_numbers(PEOPLE)} SELECT {OWNER.format('i')}, 'p' || i, 'Person ' || i,"
        f" CASE i WHEN 0 THEN 'lead' ELSE 'member' END, '{{}}', {LONG_AGO}, '' FROM n",
        "INSERT INTO conversation (id, user_id, title, version, created_at, updated_at)"
        f" SELECT {THREAD}, {OWNER.format('0')}, 'All', 1, {LONG_AGO}, {LONG_AGO}",
        "INSERT INTO turn (id, conversation_id, user_id, position, prompt, settings, token, created_at)"
        f" {_numbers(calls // TRIES + 1)} SELECT printf('%032x', i), {THREAD}, {OWNER.format('(i * 7919)')}, i,"
        f" 'a fox', '{{}}', printf('%x', i), {LONG_AGO} FROM n",
    )


def _generations(calls: int) -> str:
    providers, names, practice = (
        "CASE m " + " ".join(f"WHEN {place} THEN {value}" for place, value in enumerate(values)) + " END"
        for values in (
            [f"'{provider}'" for provider, _ in MODELS],
            [f"'{name}'" for _, name in MODELS],
            [int(provider == "sketch") for provider, _ in MODELS],
        )
    )
    favoured = f"(({_mixed(1)} % 100) * ({_mixed(2)} % 100) * {len(MODELS)} / 10000)"
    project = f"CASE WHEN {_mixed(4)} % 10 < 3 THEN printf('%032x', {_mixed(4)} % {PROJECTS}) END"
    return (
        "INSERT INTO generation (id, turn_id, user_id, provider, model, n, kind, status, round, practice, left_out,"
        f" told, queued_at, project_id) {_numbers(calls)}"
        f" SELECT printf('%032x', i), printf('%032x', i / {TRIES}), {OWNER.format(f'(i / {TRIES} * 7919)')},"
        f" {providers}, {names}, i, CASE WHEN i % 5 = 0 THEN 'caption' ELSE 'image' END, 'succeeded', 0, {practice},"
        f" '[]', '[]', {LONG_AGO}, {project} FROM (SELECT i, {favoured} AS m FROM n)"
    )


def _attempts(calls: int) -> str:
    began = int((BEGAN - datetime(1970, 1, 1)).total_seconds())
    at = f"strftime('%Y-%m-%d %H:%M:%f000', {began} + i * {SPAN.total_seconds() / calls:.9f}, 'unixepoch')"
    fate = f"{_mixed(3)} % 1000"
    return (
        "INSERT INTO attempt (id, generation_id, number, round, state, reserved_cost, cost, cost_basis, duration_ms,"
        f" waited_ms, images, error_kind, sent, started_at) {_numbers(calls)}"
        f" SELECT printf('%032x', i), printf('%032x', i), 1, 0,"
        f" CASE WHEN {fate} < 60 THEN 'failed' WHEN {fate} = 999 THEN 'unknown' ELSE 'stored' END, 50000000,"
        f" CASE WHEN {fate} < 999 THEN 9000000 * (1 + {_mixed(2)} % 12) + {_mixed(5)} % 1000000 END, 'reported',"
        f" 2000 + {_mixed(6)} % 9000 + ({_mixed(7)} % 300) * ({_mixed(7)} % 300), {_mixed(8)} % 2000,"
        f" i % 5 <> 0 AND {fate} >= 60 AND {fate} < 999,"
        f" CASE WHEN {fate} < 20 THEN 'busy' WHEN {fate} < 60 THEN 'moderation' END, '{{}}', {at} FROM n"
    )


def _images(calls: int) -> str:
    call = f"printf('%032x', i * {CHOSEN} + 1)"
    return (
        "INSERT INTO image (id, user_id, conversation_id, generation_id, attempt_id, n, key, mime, width, height, size,"
        f" sha256, crc32, dhash, placeholder, starred, selected, created_at) {_numbers(calls // CHOSEN)}"
        f" SELECT printf('%032x', i), {OWNER.format(f'(i * {CHOSEN} / {TRIES} * 7919)')}, {THREAD}, {call}, {call}, 1,"
        f" i || '.png', 'image/png', 96, 96, 1, i, 0, 0, '', 0, 1, {LONG_AGO} FROM n"
    )


def _numbers(count: int) -> str:
    return f"WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"


def _mixed(salt: int) -> str:
    """A number below 2³² that looks random, another one for every salt."""
    return f"((i * 2654435761 + {salt} * 40503 * (i % 977 + 1)) % 4294967296)"
