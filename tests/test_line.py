"""One line says everything that is looked for: read as people write it, never a crash, and written as it is read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import access, line, projects
from core.access import Person
from core.errors import Refused
from core.line import Misread
from core.line_keys import KEYS
from core.replica import Replica
from core.replica_rows import FACETS
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import LEAD
from core.wanted import RANGES, SORTS, Query, Wanted
from tests import many
from tests.test_replica import is_there, until

NOW = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
SAO_PAULO = ZoneInfo("America/Sao_Paulo")
"""Three hours behind: there it is still the 20th."""


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")), lambda: NOW)
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def alice(studio: Studio) -> Person:
    return access.person_named(studio, "alice", "Alice")


@pytest.fixture(scope="module")
def ids(studio: Studio, alice: Person) -> dict[str, str]:
    """Her projects, by their titles."""
    titles = ("Winter", "Spring “26”", "Summer sale", "none", "Twice", "…")
    return {title: projects.start(studio, alice, title) for title in titles}


def picked(**facets: Any) -> Wanted:
    return Wanted(picked={name: (value,) if isinstance(value, str) else value for name, value in facets.items()})


def without(**facets: str) -> Wanted:
    return Wanted(without={name: (value,) for name, value in facets.items()})


def cost(start: str | None, end: str | None) -> Wanted:
    return Wanted(between={"cost": tuple(None if value is None else Decimal(value) for value in (start, end))})


def took(start: int | None, end: int | None) -> Wanted:
    return Wanted(between={"took": (start, end)})


def made(start: str | None, end: str | None) -> Wanted:
    moments = (value and datetime.fromisoformat(value).replace(tzinfo=UTC) for value in (start, end))
    return Wanted(between={"made": tuple(moments)})


BANANAS = ("openrouter/google/gemini-nano-banana-2.1", "gemini/gemini-nano-banana-2.1")

LINES: dict[str, Wanted] = {
    "": Wanted(),
    " \t\n ": Wanted(),
    "fox": Wanted(words="fox"),
    "red  FOX": Wanted(words="red FOX"),
    '"red  fox" -draft': Wanted(words='"red fox" -draft'),
    '-"red fox"': Wanted(words='-"red fox"'),
    "“red fox”": Wanted(words='"red fox"'),
    '"red fox': Wanted(words='"red fox"'),
    '"model:x"': Wanted(words='"model:x"'),
    "16:9": Wanted(words="16:9"),
    "café -狐": Wanted(words="café -狐"),
    '- -- "" … “': Wanted(),
    "fo\x00x": Wanted(words="fo x"),
    "fo\ud800x": Wanted(words="fo x"),
    "model:openai/gpt-image-2": picked(model="openai/gpt-image-2"),
    "MODEL:OpenAI/GPT-Image-2": picked(model="openai/gpt-image-2"),
    "model:gpt-image-2": picked(model=("openrouter/openai/gpt-image-2", "openai/gpt-image-2")),
    'model:"Nano Banana 2.1 · OpenRouter"': picked(model=BANANAS[0]),
    "model:nano-banana-2.1": picked(model=BANANAS),
    "model:ink": picked(model="sketch/ink"),
    'model:"a1111/my own, model"': picked(model="a1111/my own, model"),
    "model:sketch/sketch model:ink": picked(model=("sketch/sketch", "sketch/ink")),
    "-model:ink": without(model="sketch/ink"),
    "provider:openrouter": picked(provider="openrouter"),
    'provider:"own server"': picked(provider="a1111"),
    "provider:practice": picked(provider="sketch"),
    "ratio:16:9 ratio:1:1": picked(ratio=("16:9", "1:1")),
    "ratio:square": picked(ratio="1:1"),
    "ratio:tall": picked(ratio=("1:2", "9:16", "2:3", "3:4", "4:5")),
    f"like:{'A' * 32}": Wanted(like="a" * 32),
    "is:starred": picked(starred="yes"),
    "is:Selected has:caption": picked(selected="yes", captioned="yes"),
    "is:first is:edit": picked(kind=("first", "edit")),
    "-is:practice -has:caption": Wanted(without={"practice": ("yes",), "captioned": ("yes",)}),
    "cost:>0.05": cost("0.050000001", None),
    "cost:>=$0.05": cost("0.05", None),
    "cost:<1": cost(None, "1"),
    "cost:<=1": cost(None, "1.000000001"),
    "cost:.04": cost("0.04", "0.040000001"),
    "cost:0.02..0.10": cost("0.02", "0.100000001"),
    "cost:0.02… cost:<0.1": cost("0.02", "0.1"),
    "cost:≥0.02": cost("0.02", None),
    "cost:<0": cost(None, "0"),
    "took:>10s": took(10_001, None),
    "took:<=1500ms": took(None, 1_501),
    "took:5..20s": took(5_000, 20_001),
    "took:1.5": took(1_500, 1_501),
    "took:>=2min took:<1h": took(120_000, 3_600_000),
    "took:>0.0005s": took(1, None),
    "after:2026-11-01": made("2026-11-01", None),
    "before:2026-11": made(None, "2026-11-01"),
    "on:2026-11-05": made("2026-11-05", "2026-11-06"),
    "on:2026-12": made("2026-12-01", "2027-01-01"),
    "on:2025": made("2025-01-01", "2026-01-01"),
    "after:7d": made("2026-11-14", None),
    "after:2w before:today": made("2026-11-07", "2026-11-21"),
    "on:yesterday": made("2026-11-20", "2026-11-21"),
    "after:9m": made("2026-02-21", None),
    "after:1y": made("2025-11-21", None),
    "after:2026-11-01 after:2026-10 before:2026-11-10": made("2026-11-01", "2026-11-10"),
    "after:2026-11-01T10:30:00Z": made("2026-11-01T10:30:00", None),
    "sort:costliest": Wanted(sort="costliest"),
    "sort:best fox": Wanted(words="fox"),
    "stack:post": Wanted(stacked=True),
    'model:ink cost:>0.05 is:selected after:2026-11-01 "red fox" -draft sort:costliest stack:post': Wanted(
        picked={"model": ("sketch/ink",), "selected": ("yes",)},
        between={
            "cost": (Decimal("0.050000001"), None),
            "made": (datetime(2026, 11, 1, tzinfo=UTC), None),
        },
        words='"red fox" -draft',
        sort="costliest",
        stacked=True,
    ),
}


@pytest.mark.parametrize("text", LINES)
def test_a_line_says_what_is_wanted(studio: Studio, alice: Person, text: str) -> None:
    assert line.read(studio, alice, text) == LINES[text]


@pytest.mark.parametrize("text", LINES)
def test_what_is_wanted_is_written_as_a_line_that_says_the_same(studio: Studio, alice: Person, text: str) -> None:
    written = line.write(studio, alice, LINES[text])

    assert line.read(studio, alice, written) == LINES[text]
    assert line.write(studio, alice, line.read(studio, alice, written)) == written


def test_a_part_of_a_name_means_every_model_that_has_it(studio: Studio, alice: Person) -> None:
    found = line.read(studio, alice, "model:seedream").picked["model"]

    assert len(found) == 3
    assert all("seedream" in name for name in found)


PROJECTS: dict[str, tuple[str, ...]] = {
    "project:winter": ("Winter",),
    'project:"Spring ""26"""': ("Spring “26”",),
    'project:"summer sale" project:winter': ("Summer sale", "Winter"),
    "project:sale": ("Summer sale",),
}


@pytest.mark.parametrize("text", PROJECTS)
def test_a_project_is_named_by_its_title(studio: Studio, alice: Person, ids: dict[str, str], text: str) -> None:
    wanted = line.read(studio, alice, text)

    assert wanted == picked(project=tuple(ids[title] for title in PROJECTS[text]))
    assert line.read(studio, alice, line.write(studio, alice, wanted)) == wanted


def test_none_is_no_project_even_if_one_is_called_so(studio: Studio, alice: Person, ids: dict[str, str]) -> None:
    assert line.read(studio, alice, "project:none") == picked(project="")
    assert line.write(studio, alice, picked(project="")) == "project:none"
    assert line.write(studio, alice, picked(project=ids["none"])) == f"project:{ids['none']}"


def test_every_project_can_be_written(studio: Studio, alice: Person, ids: dict[str, str]) -> None:
    for project in ids.values():
        wanted = picked(project=project)

        assert line.read(studio, alice, line.write(studio, alice, wanted)) == wanted


def test_another_persons_project_is_not_known(studio: Studio, ids: dict[str, str]) -> None:
    bob = access.person_named(studio, "bob", "Bob")

    for name in ("Winter", ids["Winter"]):
        with pytest.raises(Misread, match="You have no project"):
            line.read(studio, bob, f"project:{name}")


def test_a_lead_names_whose_images_and_others_only_themselves(studio: Studio, alice: Person) -> None:
    lea, bob = access.person_named(studio, "lea", "Lea", LEAD), access.person_named(studio, "bob", "Bob")

    for text, people in {"by:everybody": (), "by:bob by:ALICE": (bob.id, alice.id), "by:me": (lea.id,)}.items():
        wanted = Wanted(people=people)
        assert line.read(studio, lea, text) == wanted
        assert line.read(studio, lea, line.write(studio, lea, wanted)) == wanted
    assert line.read(studio, alice, "by:me by:everybody") == Wanted(people=(alice.id,))
    with pytest.raises(Misread, match="your own images"):
        line.read(studio, alice, "by:lea")


def test_days_are_those_of_the_persons_time_zone(studio: Studio, alice: Person) -> None:
    assert line.read(studio, alice, "on:today", SAO_PAULO) == made("2026-11-20T03:00:00", "2026-11-21T03:00:00")
    assert line.read(studio, alice, "after:7d", SAO_PAULO) == made("2026-11-13T03:00:00", None)


def test_a_day_that_has_no_midnight_is_written_all_the_same(studio: Studio, alice: Person) -> None:
    wanted = line.read(studio, alice, "on:2018-11-04", SAO_PAULO)

    assert line.read(studio, alice, line.write(studio, alice, wanted, SAO_PAULO), SAO_PAULO) == wanted


WRITTEN = {
    "after:2026-11-01 before:2026-12-01": "on:2026-11",
    "cost:>=0.02 cost:<=0.1": "cost:0.02..0.1",
    "took:>10s took:<20s": "took:>10s took:<20s",
    "sort:oldest fox is:starred model:ink": "model:sketch/ink is:starred fox sort:oldest",
    "fox sort:best": "fox",
    "on:2026": "on:2026",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_there_is_one_way_in_which_it_is_written(studio: Studio, alice: Person, text: str) -> None:
    assert line.write(studio, alice, line.read(studio, alice, text)) == WRITTEN[text]


WRONG = {
    "like:fox": ("like:fox", "“like:” takes the id of an image, as in the address of its large view."),
    f"like:{'a' * 32} like:{'b' * 32}": (
        f"like:{'b' * 32}",
        "Images can be like one image only, and another stands before it.",
    ),
    f"-like:{'a' * 32}": (f"like:{'a' * 32}", "“like:” cannot be left out with a minus. Say what it should be."),
    "red modle:ink": ("modle:ink", "There is no filter “modle”. Did you mean “model”?"),
    "http://a.b": ("http://a.b", "There is no filter “http”. To search for these words, put them in quotes."),
    "model:seedraem": ("model:seedraem", "There is no model “seedraem”. Did you mean “seedream”?"),
    "a -model:inc b": ("model:inc", "There is no model “inc”. Did you mean “ink”?"),
    "model:zzzz": ("model:zzzz", "There is no model “zzzz”. Look into the filters for the ones you used."),
    "model:": ("model:", "Say what “model:” should be."),
    "provider:openruter": ("provider:openruter", "There is no provider “openruter”. Did you mean “openrouter”?"),
    "ratio:16:8": ("ratio:16:8", "There is no ratio “16:8”. Did you mean “16:9”?"),
    "is:stared": ("is:stared", "“is:” takes no “stared”. Did you mean “starred”?"),
    "has:zzz": ("has:zzz", "“has:” takes no “zzz”. Pick one of: caption."),
    "project:wintr": ("project:wintr", "You have no project “wintr”. Did you mean “Winter”?"),
    "cost:cheap": ("cost:cheap", "“cheap” is no amount that can be looked for. Write it like >0.05, <1 or 0.02..0.10."),
    "cost:>0,05": ("cost:>0,05", "Numbers are written with a point: “>0.05”."),
    "cost:5..2": ("cost:5..2", "“5..2” ends before it begins. Did you mean “2..5”?"),
    "cost:>5 cost:<2": ("cost:<2", "With what stands before it, this leaves no image. Take one of them away."),
    "took:10x": ("took:10x", "“10x” is no amount that can be looked for. Write it like >10s, <1500ms or 5..20s."),
    "after:2026-13": (
        "after:2026-13",
        "“2026-13” is no day. Write it like 2026-11-01, 2026-11, 7d (seven days ago) or yesterday.",
    ),
    "-cost:>5": ("cost:>5", "“cost:” cannot be left out with a minus. Say what it should be."),
    "sort:newst": ("sort:newst", "“sort:” takes no “newst”. Did you mean “newest”?"),
    "sort:newest sort:oldest": (
        "sort:oldest",
        "Images can be sorted in one way only: “newest” stands before it.",
    ),
    "stack:day": ("stack:day", "“stack:” takes no “day”. Pick one of: post."),
    " ".join(f"w{n}" for n in range(21)): ("w20", "A search takes up to 20 words. Leave some out."),
}


@pytest.mark.parametrize("text", WRONG)
def test_a_mistake_is_told_at_its_place(studio: Studio, alice: Person, ids: dict[str, str], text: str) -> None:
    with pytest.raises(Misread) as wrong:
        line.read(studio, alice, text)

    assert (text[wrong.value.start : wrong.value.end], str(wrong.value)) == WRONG[text]


def test_a_line_has_an_end(studio: Studio, alice: Person) -> None:
    with pytest.raises(Misread, match="up to 1,000 characters"):
        line.read(studio, alice, "a" * 1_001)


@pytest.mark.parametrize(
    "text",
    ["after:0000-01-01", "after:99999y", "on:9999-12-31", "after:0001-01-01T00:00:00Z", "cost:" + "9" * 40, "after:1é"],
)
def test_what_no_calendar_and_no_column_holds_is_refused(studio: Studio, alice: Person, text: str) -> None:
    with pytest.raises(Misread):
        line.read(studio, alice, text, SAO_PAULO)


KEY = st.sampled_from([*KEYS, "modle", "é", ""])
VALUE = st.one_of(
    st.text(max_size=8),
    st.sampled_from(["starred", "gpt-image-2", "16:9", "newest", "caption", "post", "none", "7d", "2026-11", ">1..2"]),
    st.from_regex(re.compile(r"[<>=]{0,2}\$?[0-9.,]{0,6}(ms|s|m|h|d|w|y|Z)?(\.\.[0-9.]{0,4})?", re.ASCII)),
    st.from_regex(re.compile(r"[0-9]{1,5}-[0-9]{0,2}-[0-9]{0,3}(T[0-9:.]{0,9}Z)?", re.ASCII)),
)
PIECES = st.one_of(
    st.text(max_size=12),
    st.builds("{}{}:{}".format, st.sampled_from(["", "-"]), KEY, VALUE),
    st.builds('{}{}:"{}"'.format, st.sampled_from(["", "-"]), KEY, VALUE),
    st.builds('"{}'.format, st.text(max_size=12)),
)
ZONES = st.sampled_from([UTC, SAO_PAULO, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Asia/Kathmandu")])


@given(st.lists(PIECES, max_size=5).map(" ".join), ZONES)
@settings(max_examples=600)
def test_no_line_crashes_and_what_is_read_can_be_written(
    studio: Studio, alice: Person, text: str, zone: ZoneInfo
) -> None:
    try:
        wanted = line.read(studio, alice, text, zone)
    except Misread as wrong:
        assert 0 <= wrong.start < wrong.end <= len(text)
        assert str(wrong).endswith((".", "?"))
        return

    written = line.write(studio, alice, wanted, zone)

    Query(wanted)  # nobody else refuses what the line has taken
    if len(written) > line.LONGEST:
        return  # part of a name stands for many models, and each of them is written
    assert line.read(studio, alice, written, zone) == wanted
    assert line.write(studio, alice, line.read(studio, alice, written, zone), zone) == written


def one_or_more(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(values, min_size=1, max_size=3, unique=True).map(tuple)


def range_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, Any]]:
    both = st.tuples(values, values).filter(lambda ends: ends[0] != ends[1]).map(lambda ends: tuple(sorted(ends)))
    return st.one_of(both, values.map(lambda end: (end, None)), values.map(lambda end: (None, end)))


MOMENTS = st.one_of(
    st.datetimes(datetime(1970, 1, 2), datetime(2999, 1, 1)),
    st.dates(datetime(1970, 1, 2).date(), datetime(2999, 1, 1).date()).map(
        lambda day: datetime(day.year, day.month, day.day)
    ),
).map(lambda moment: moment.replace(tzinfo=UTC))
WANTED: st.SearchStrategy[Wanted] = st.builds(
    Wanted,
    picked=st.fixed_dictionaries(
        {},
        optional={
            "model": one_or_more(st.sampled_from(["sketch/sketch", "a1111/x y", 'a1111/"q"', *BANANAS])),
            "ratio": one_or_more(st.sampled_from(["1:1", "16:9", "2:3"])),
            "kind": one_or_more(st.sampled_from(["first", "edit"])),
            "starred": st.just(("yes",)),
        },
    ),
    without=st.fixed_dictionaries(
        {}, optional={"captioned": st.just(("yes",)), "provider": one_or_more(st.sampled_from(["sketch", "openai"]))}
    ),
    between=st.fixed_dictionaries(
        {},
        optional={
            "made": range_of(MOMENTS),
            "cost": range_of(st.decimals(0, 1000, places=9)),
            "took": range_of(st.integers(0, 10**9)),
        },
    ),
    words=st.lists(st.sampled_from(["fox", "-fox", '"red fox"', '-"a b"', "狐", "16:9"]), max_size=4).map(" ".join),
    sort=st.sampled_from([None, *SORTS]),
    stacked=st.booleans(),
    like=st.sampled_from([None, "0" * 32]),
)


@given(WANTED, ZONES)
@settings(max_examples=600)
def test_whatever_is_wanted_can_be_written_and_read_again(
    studio: Studio, alice: Person, wanted: Wanted, zone: ZoneInfo
) -> None:
    assert line.read(studio, alice, line.write(studio, alice, wanted, zone), zone) == wanted


def test_every_filter_and_range_and_order_can_be_said(studio: Studio, alice: Person) -> None:
    """A line of FACETS, RANGES or SORTS is enough: nobody has to think of the query line."""
    values = {name: "edit" if name == "kind" else "yes" for name in FACETS}
    told = [*(picked(**{name: value}) for name, value in values.items()), *(Wanted(sort=name) for name in SORTS)]

    assert [wanted for wanted in told if not line.write(studio, alice, wanted)] == []
    assert set(RANGES) - {"made"} <= KEYS.keys()


def test_models_that_only_ones_own_images_know_are_found(studio: Studio) -> None:
    """A server of one's own draws with models of any name."""
    carol = access.person_named(studio, "carol", "Carol")
    many.images(studio, carol, 2)
    with studio.transaction() as db:
        db.connection().exec_driver_sql(
            f"UPDATE generation SET provider = 'a1111', model = 'Dreamshaper XL' WHERE user_id = '{carol.id}'"
        )
    with Replica(studio).running() as copy:
        until(lambda: is_there(copy))
        copy.sync()

        assert line.read(studio, carol, "model:shaper") == picked(model="a1111/Dreamshaper XL")
        with pytest.raises(Misread):
            line.read(studio, access.person_named(studio, "bob", "Bob"), "model:shaper")


def test_a_mistake_is_a_refusal() -> None:
    assert issubclass(Misread, Refused)
