"""What changed between two texts is told word by word, in any script, and quickly however long they are."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.differences import ADDED, GONE, KEPT, MOST_WORK, Run, between, words

TEXTS = st.text(alphabet="ab é\u0301ß赤のท -'\n.,", max_size=40)


def test_an_exchanged_word_stands_beside_the_old_one() -> None:
    assert between("A red fox in snow", "A red fox in rain") == (
        Run(KEPT, "A red fox in "),
        Run(GONE, "snow"),
        Run(ADDED, "rain"),
    )


def test_added_words_stand_alone() -> None:
    assert between("A shop with a sign", "A shop with a green sign") == (
        Run(KEPT, "A shop with a "),
        Run(ADDED, "green "),
        Run(KEPT, "sign"),
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It\u2019s the fox-red one, isn't it?", ["It\u2019s ", "the ", "fox-red ", "one", ", ", "isn't ", "it", "?"]),
        ("हिन्दी में", ["हिन्दी ", "में"]),
        ("Cafe\u0301 über", ["Cafe\u0301 ", "über"]),
        ("赤い狐", ["赤", "い", "狐"]),
        ("ดีมาก", ["ดี", "ม", "า", "ก"]),
        ("  two\n\nlines", ["  ", "two\n\n", "lines"]),
        ("", []),
    ],
)
def test_words_are_words_in_any_script(text: str, found: list[str]) -> None:
    assert list(words(text)) == found


def test_one_letter_written_in_two_ways_is_no_change() -> None:
    assert between("Café noir", "Cafe\u0301 blanc") == (
        Run(KEPT, "Cafe\u0301 "),
        Run(GONE, "noir"),
        Run(ADDED, "blanc"),
    )


def test_texts_that_share_hardly_a_word_are_one_change() -> None:
    assert between("a red fox under a tree", "make the shop sign a bit greener") == (
        Run(GONE, "a red fox under a tree"),
        Run(ADDED, "make the shop sign a bit greener"),
    )


def test_a_long_text_that_changed_everywhere_is_not_compared_for_ever() -> None:
    most = int(MOST_WORK**0.5) + 1
    before, after = (f"{x} b " * most + "kept " * 9 * most for x in "ac")

    kinds = [run.kind for run in between(before, after)]

    assert kinds == [GONE, ADDED, KEPT]


@given(TEXTS, TEXTS)
def test_what_was_kept_and_added_is_the_new_text(before: str, after: str) -> None:
    runs = between(before, after)

    assert "".join(run.text for run in runs if run.kind != GONE) == after
    assert all(run.text for run in runs)
    assert all(one.kind != other.kind for one, other in pairwise(runs))


@given(TEXTS, TEXTS)
def test_what_is_gone_and_kept_holds_every_word_of_the_old_text(before: str, after: str) -> None:
    runs = between(before, after)

    remaining = sum(len(list(words(run.text))) for run in runs if run.kind != ADDED)

    assert remaining == len(list(words(before))) or not before


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert all(run.kind == KEPT for run in between(text, text))
