"""One line says everything that is looked for: read as people write it, exact to the last grain, and never a crash."""

import operator
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core import access, line, line_keys, projects
from core.access import Person
from core.errors import Refused
from core.line import Misread
from core.line_choices import Asker
from core.line_keys import BY, KEYS
from core.models import ROUTES
from core.replica import Replica
from core.replica_rows import FACETS, SHAPES
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


@pytest.fixture
def asker(studio: Studio, alice: Person, ids: dict[str, str]) -> Asker:
    return Asker(studio, alice, UTC)


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
    assert line.read(studio, alice, text).wanted == LINES[text]


def test_a_part_of_a_name_means_every_model_that_has_it(studio: Studio, alice: Person) -> None:
    found = line.read(studio, alice, "model:seedream").wanted.picked["model"]

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
    assert line.read(studio, alice, text).wanted == picked(project=tuple(ids[title] for title in PROJECTS[text]))


def test_none_is_no_project_even_if_one_is_called_so(studio: Studio, alice: Person, ids: dict[str, str]) -> None:
    assert line.read(studio, alice, "project:none").wanted == picked(project="")
    assert line.read(studio, alice, f"project:{ids['none']}").wanted == picked(project=ids["none"])


def test_what_a_filter_is_told_to_write_picks_this_value_alone(
    studio: Studio, alice: Person, ids: dict[str, str], asker: Asker
) -> None:
    """A line of FACETS is enough: nobody has to think of the query line."""
    odd = ("sketch/sketch", *BANANAS, "a1111/x y", 'a1111/"q"')
    values: dict[str, Sequence[str]] = dict.fromkeys(FACETS, ("yes",))
    values |= {"model": odd, "provider": tuple(ROUTES), "ratio": tuple(SHAPES), "kind": ("first", "edit")}
    values |= {"project": ("", *ids.values())}

    for facet, value in ((name, value) for name, chosen in values.items() for value in chosen):
        word = line_keys.word(asker, facet, value)

        assert line.read(studio, alice, word).wanted == picked(**{facet: value})
        assert line.read(studio, alice, f"-{word}").wanted == without(**{facet: value})


def test_of_yes_and_no_the_one_is_written_and_the_other_left_out(studio: Studio, alice: Person, asker: Asker) -> None:
    assert line_keys.word(asker, "starred", "yes") == "is:starred"
    assert line_keys.word(asker, "starred", "no") == "-is:starred"
    assert line.read(studio, alice, "-is:starred").wanted == without(starred="yes")


def test_titles_are_written_where_they_are_clear(asker: Asker, ids: dict[str, str]) -> None:
    words = {title: line_keys.word(asker, "project", ids[title]) for title in ids}

    assert words["Winter"] == "project:Winter"
    assert words["Summer sale"] == 'project:"Summer sale"'
    assert words["Spring “26”"] == 'project:"Spring ""26"""'
    assert words["none"] == f"project:{ids['none']}"
    assert line_keys.word(asker, "project", "") == "project:none"


def test_another_persons_project_is_not_known(studio: Studio, ids: dict[str, str]) -> None:
    bob = access.person_named(studio, "bob", "Bob")

    for name in ("Winter", ids["Winter"]):
        with pytest.raises(Misread, match="You have no project"):
            line.read(studio, bob, f"project:{name}")


def test_a_lead_names_whose_images_and_others_only_themselves(studio: Studio, alice: Person) -> None:
    lea, bob = access.person_named(studio, "lea", "Lea", LEAD), access.person_named(studio, "bob", "Bob")

    for text, people in {"by:everybody": (), "by:bob by:ALICE": (bob.id, alice.id), "by:me": (lea.id,)}.items():
        assert line.read(studio, lea, text).wanted == Wanted(people=people)
    for person in ("", bob.id, alice.id, lea.id):
        word = BY.word(Asker(studio, lea, UTC), person)
        assert line.read(studio, lea, word).wanted == Wanted(people=(person,) if person else ())
    assert line.read(studio, alice, "by:me by:everybody").wanted == Wanted(people=(alice.id,))
    with pytest.raises(Misread, match="your own images"):
        line.read(studio, alice, "by:lea")


def test_days_are_those_of_the_persons_time_zone(studio: Studio, alice: Person) -> None:
    assert line.read(studio, alice, "on:today", SAO_PAULO).wanted == made("2026-11-20T03:00:00", "2026-11-21T03:00:00")
    assert line.read(studio, alice, "after:7d", SAO_PAULO).wanted == made("2026-11-13T03:00:00", None)


def test_a_day_that_has_no_midnight_begins_where_its_clocks_do(studio: Studio, alice: Person) -> None:
    found = line.read(studio, alice, "on:2018-11-04", SAO_PAULO).wanted

    assert found == made("2018-11-04T03:00:00", "2018-11-05T02:00:00")


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


@pytest.mark.parametrize("text", [text for text, (_, sentence) in WRONG.items() if "Did you mean" in sentence])
def test_what_was_meant_can_be_read_in_its_place(studio: Studio, alice: Person, ids: dict[str, str], text: str) -> None:
    with pytest.raises(Misread) as wrong:
        line.read(studio, alice, text)
    start, end, meant, instead = wrong.value.start, wrong.value.end, wrong.value.meant, wrong.value.instead

    assert str(wrong.value).endswith(f"“{meant}”?") and meant in instead
    assert line.read(studio, alice, text[:start] + instead + text[end:]).wanted


def test_what_was_meant_is_quoted_when_it_has_blanks(studio: Studio, alice: Person) -> None:
    projects.start(studio, alice, 'The "big" sale')

    with pytest.raises(Misread) as wrong:
        line.read(studio, alice, "-project:the-bik-sale")

    assert wrong.value.instead == 'project:"The ""big"" sale"'


def test_nothing_is_meant_where_nothing_is_near(studio: Studio, alice: Person) -> None:
    with pytest.raises(Misread) as wrong:
        line.read(studio, alice, "model:zzzz")

    assert (wrong.value.meant, wrong.value.instead) == ("", "")


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
def test_no_line_crashes_and_each_piece_says_its_own_part(
    studio: Studio, alice: Person, text: str, zone: ZoneInfo
) -> None:
    try:
        said = line.read(studio, alice, text, zone)
    except Misread as wrong:
        assert 0 <= wrong.start < wrong.end <= len(text)
        assert str(wrong).endswith((".", "?"))
        return

    Query(said.wanted)  # nobody else refuses what the line has taken
    for piece in said.pieces:
        assert line.read(studio, alice, text[piece.start : piece.end], zone).wanted == piece.wanted


SIGNS = {"": operator.eq, "=": operator.eq, ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
UNITS = {"": 1_000, "s": 1_000, "ms": 1, "m": 60_000, "h": 3_600_000}
NUMBERS = st.one_of(st.integers(0, 10).map(str), st.decimals(0, 10, places=12).map(lambda number: f"{number:f}"))


def among(value: Any, ends: tuple[Any, Any]) -> bool:
    """From, included, to, not included; None is no end."""
    start, end = ends
    return (start is None or start <= value) and (end is None or value < end)


def near(sign: str, exact: Decimal) -> list[Decimal]:
    """Whole numbers around it; nothing is equal to a part of one, and a line that finds nothing at all is refused."""
    assume(SIGNS[sign] is not operator.eq or exact % 1 == 0)
    return [exact.to_integral_value(ROUND_FLOOR) + step for step in (-1, 0, 1, 2)]


@given(st.sampled_from([*SIGNS]), NUMBERS)
@settings(max_examples=200)
def test_an_amount_is_exact_to_the_billionth_of_a_dollar(studio: Studio, alice: Person, sign: str, number: str) -> None:
    exact = Decimal(number) * 10**9
    around = near(sign, exact)

    ends = line.read(studio, alice, f"cost:{sign}{number}").wanted.between["cost"]

    for grains in around:
        assert among(grains / 10**9, ends) == SIGNS[sign](grains, exact)


@given(st.sampled_from([*SIGNS]), NUMBERS, st.sampled_from([*UNITS]))
@settings(max_examples=200)
def test_a_duration_is_exact_to_the_millisecond(
    studio: Studio, alice: Person, sign: str, number: str, unit: str
) -> None:
    exact = Decimal(number) * UNITS[unit]
    around = near(sign, exact)

    ends = line.read(studio, alice, f"took:{sign}{number}{unit}").wanted.between["took"]

    for grains in around:
        assert among(grains, ends) == SIGNS[sign](grains, exact)


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_of_a_range_both_ends_count(studio: Studio, alice: Person, one: int, other: int) -> None:
    low, high = sorted((one, other))

    assert line.read(studio, alice, f"took:{low}ms..{high}ms").wanted == took(low, high + 1)
    assert line.read(studio, alice, f"took:{low}ms..").wanted == took(low, None)
    assert line.read(studio, alice, f"took:..{high}ms").wanted == took(None, high + 1)


MOMENTS = st.datetimes(datetime(1970, 1, 3), datetime(2999, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
LENGTHS = st.sampled_from([len("2026"), len("2026-11"), len("2026-11-01")])


@given(MOMENTS, MOMENTS, LENGTHS, ZONES)
@settings(max_examples=600)
def test_an_image_is_found_on_the_day_that_it_was_made_where_the_person_is(
    studio: Studio, alice: Person, day: datetime, moment: datetime, length: int, zone: ZoneInfo
) -> None:
    said = day.astimezone(zone).date().isoformat()[:length]

    for at in (day, moment):
        own = at.astimezone(zone).date().isoformat()[:length]
        for key, true in {"on": own == said, "after": own >= said, "before": own < said}.items():
            ends = line.read(studio, alice, f"{key}:{said}", zone).wanted.between["made"]
            assert among(at, ends) == true, key


def test_every_range_and_every_order_can_be_said(studio: Studio, alice: Person) -> None:
    """A line of RANGES or SORTS is enough."""
    assert [line.read(studio, alice, f"sort:{name}").wanted.sort for name in SORTS] == [*SORTS]
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

        assert line.read(studio, carol, "model:shaper").wanted == picked(model="a1111/Dreamshaper XL")
        with pytest.raises(Misread):
            line.read(studio, access.person_named(studio, "bob", "Bob"), "model:shaper")


def test_a_mistake_is_a_refusal() -> None:
    assert issubclass(Misread, Refused)
