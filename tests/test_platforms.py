"""What a platform gets is the caption with as many hashtags as it takes, counted as that platform counts."""

import pytest

from core import platforms
from core.platforms import PLATFORMS, Platform

TAGS = ("fox", "snow", "winter", "red", "forest", "morning", "wild")


def platform(name: str) -> Platform:
    found = platforms.find(name)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "longest"),
    [
        ("instagram", 2_200),
        ("x", 280),
        ("linkedin", 3_000),
        ("facebook", 63_206),
        ("tiktok", 4_000),
        ("threads", 500),
        ("pinterest", 500),
    ],
)
def test_each_platform_warns_from_its_own_length_on(name: str, longest: int) -> None:
    there = platform(name)

    assert platforms.warnings(there, "a" * longest) == ()
    [warning] = platforms.warnings(there, "a" * (longest + 3))
    assert warning == f"{there.label} takes {longest:,} characters; this has {longest + 3:,}. Shorten it by 3."


def test_hashtags_follow_the_caption_as_many_as_the_platform_takes() -> None:
    told = {there.name: platforms.text(there, " A red fox. ", TAGS).rpartition("\n\n") for there in PLATFORMS}

    assert {caption for caption, _, _ in told.values()} == {"A red fox."}
    assert told["facebook"][2] == "#fox #snow #winter #red #forest #morning #wild"
    assert told["instagram"][2] == told["tiktok"][2] == "#fox #snow #winter #red #forest"
    assert told["threads"][2] == "#fox"


def test_nothing_is_made_of_nothing() -> None:
    assert platforms.text(platform("x"), "", ()) == ""
    assert platforms.text(platform("x"), "A fox", ()) == "A fox"
    assert platforms.text(platform("x"), "", ("fox",)) == "#fox"


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("", 0),
        ("A red fox", 9),
        ("Ein Füchslein", 13),
        ("Fu\u0308chse", 6),  # counted as composed: "ü"
        ("狐は赤い", 8),
        ("\u201cfox\u201d \u2013 it\u2019s\u2026", 14),
        ("🦊", 2),
        ("👩🏽‍🚀", 2),
        ("👨‍👩‍👧‍👦 🇧🇷", 5),
        ("1️⃣ ❤️", 5),
        ("🏴󠁧󠁢󠁳󠁣󠁴󠁿", 2),
        ("See https://example.com/a/very/long/address?that=nobody&reads=it", 27),
        ("See example.com.", 28),
        ("(www.example.org/fox), and a.b", 34),
        ("me@example.com", 14),
        ("http://a.de http://b.de", 47),
    ],
)
def test_x_counts_by_weight(written: str, length: int) -> None:
    assert platforms.count(platform("x"), written) == length


@pytest.mark.parametrize(
    ("name", "written", "length"),
    [
        ("instagram", "🦊狐", 2),
        ("linkedin", "https://example.com", 19),
        ("tiktok", "🦊狐", 3),
        ("threads", "🦊狐a", 6),
        ("threads", "👩🏽‍🚀", 15),
    ],
)
def test_others_count_in_their_own_way(name: str, written: str, length: int) -> None:
    assert platforms.count(platform(name), written) == length


def test_too_many_hashtags_of_a_persons_own_are_told() -> None:
    written = "Two #foxes and a #wolf, not C# nor &#39; nor #1"

    assert platforms.warnings(platform("threads"), written) == ("Threads takes one hashtag; this has 2.",)
    assert platforms.warnings(platform("instagram"), "#a #b #c #d #e #f") == (
        "Instagram takes 5 hashtags; this has 6.",
    )
    assert platforms.warnings(platform("x"), written) == ()


def test_the_table_travels_whole() -> None:
    assert [there["name"] for there in platforms.wire()] == [there.name for there in PLATFORMS]
    assert {"label", "longest", "unit", "hashtags", "alt"} <= set(platforms.wire()[0])
