"""What can be done on a conversation's page: see older turns, act on a turn, rename it, throw it away, take it back."""

import asyncio

import pytest
from sqlmodel import select
from streamlit.testing.v1 import AppTest

from core import conversations, generations, replays
from core.access import Person
from core.studio import Studio
from core.tables import FAILED, Generation
from core.views import TurnView
from pages.parts import undo
from tests.branches import Step, grow
from tests.conftest import unfinished, wish
from tests.screens.support import queries, visit
from tests.screens.test_conversation import prompt, turns, unescaped


@pytest.fixture
def long(studio: Studio, me: Person) -> str:
    """Forty turns, each from the one before."""
    return grow(studio, me, [Step(f"turn {n}", source=n - 1 or None) for n in range(1, 41)], files=False).id


def test_a_long_conversation_opens_with_its_newest_turns_and_shows_more_when_wanted(long: str) -> None:
    app = visit("conversation", id=long)
    assert positions(app) == list(range(35, 41))
    assert app.button(key="earlier").label == "Show earlier turns (34)"

    app.button(key="earlier").click().run()

    assert positions(app) == list(range(23, 41))
    assert "40 images" in unescaped(app.markdown[0].value)


def test_it_reads_no_more_for_forty_turns_than_for_five(studio: Studio, me: Person, long: str) -> None:
    short = grow(studio, me, [Step(f"turn {n}", source=n - 1 or None) for n in range(1, 6)], files=False).id
    counted = []
    for conversation in (short, long):
        app = visit("conversation", id=conversation)
        with queries(studio) as seen:
            app.run()
        counted.append(len(seen))

    assert counted[0] == counted[1]


def test_a_link_to_a_turn_shows_it_among_its_neighbours(long: str) -> None:
    app = visit("conversation", id=long, turn="20")

    assert positions(app) == [18, 19, 20, 21, 22, 23]
    assert [turn["turn"] for turn in turns(app) if turn["goal"]] == [turns(app)[2]["turn"]]
    app.button(key="later").click().run()
    assert positions(app) == list(range(18, 36))
    app.button(key="later").click().run()
    assert positions(app) == list(range(18, 41))
    assert "later" not in [button.key for button in app.button]


@pytest.mark.parametrize("number", ["0", "41", "-1", "²", "x", "9" * 30])
def test_a_turn_that_is_not_there_opens_the_newest(long: str, number: str) -> None:
    app = visit("conversation", id=long, turn=number)

    assert positions(app) == list(range(35, 41))
    assert not app.exception


def test_the_next_turn_starts_from_the_newest_image_also_beside_an_old_turn(long: str) -> None:
    app = visit("conversation", id=long, turn="20")

    assert "Starts from turn 40" in unescaped(app.expander(key="strip").label)


def test_turns_on_the_screen_stay_when_others_come(studio: Studio, me: Person, long: str) -> None:
    app = visit("conversation", id=long)
    for n in range(3):
        conversations.ask(studio, me, long, wish(f"more {n}"))

    app.run()

    assert positions(app) == list(range(35, 44))


def test_asking_again_from_the_menu_is_done_once_for_one_click(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id

    app = chosen(asked, 0, act="again", wish="1")
    app.run()

    assert [toast.value for toast in app.toast] == []
    assert [turn.prompt for turn in shown(studio, me, asked)] == ["A fox", "A fox"]


def test_duplicating_a_turn_fills_the_box_to_be_changed(studio: Studio, me: Person) -> None:
    fox = grow(studio, me, [Step("a red fox")], files=False).images[0][0]
    facts = {"ratio": "16:9", "count": 3, "seed": 7, "negative_prompt": "rain"}
    asked = conversations.start(studio, me, wish("make it *blue*", "sketch/ink", source=fox, **facts)).conversation_id
    conversations.ask(studio, me, asked, wish("something else"))

    app = chosen(asked, 0, act="duplicate", wish="1")

    box = f"next-{asked}"
    assert app.session_state[f"{box}-models"] == ["sketch/ink"]
    assert {name: app.session_state[f"{box}-{name}"] for name in facts} == facts
    assert app.session_state[f"{box}-prompt-{app.session_state[f'{box}-token']}"] == "make it *blue*"
    assert app.query_params["source"] == fox
    assert len(shown(studio, me, asked)) == 2


def test_failed_images_are_removed_with_a_way_back(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox", count=2)).conversation_id
    with studio.transaction() as db:
        db.exec(select(Generation)).first().status = FAILED

    app = chosen(asked, 0, act="remove", wish="1")

    offered = app.session_state["undo-offered"]
    assert (offered["text"], offered["way"]) == ("1 failed image was removed.", "failed")
    (turn,) = turns(visit("conversation", id=asked))
    assert (len(turn["generations"]), turn["removed"]) == (1, 1)
    chosen(asked, 0, act="back", wish="2")
    assert shown(studio, me, asked)[0].removed == 0


def test_a_branch_is_replayed_from_a_dialog_that_says_the_price_first(studio: Studio, me: Person) -> None:
    home = grow(studio, me, [Step("a shop"), Step("at night", source=1), Step("with rain", source=2)], files=False)
    app = visit("conversation", id=home.id)
    wanted = app.session_state["replay-wanted"] = (shown(studio, me, home.id)[1].id, "token")
    app.run()
    assert app.button(key="replay-go-token").label == "Replay 2 turns, practice, free"
    assert len(shown(studio, me, home.id)) == 3

    app.session_state["replay-wanted"] = wanted  # a test draws the whole page anew, a browser the dialog alone
    app.button(key="replay-go-token").click().run()

    [made] = shown(studio, me, home.id)[3:]
    assert (made.prompt, made.generations[0].name) == ("a shop", "sketch/ink")


def test_taking_a_removal_back_leaves_what_was_removed_before(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox", count=2)).conversation_id
    with studio.transaction() as db:
        for row in db.exec(select(Generation)).all():
            row.status = FAILED
            row.deleted_at = studio.now() if row.n == 1 else None

    app = chosen(asked, 0, act="remove", wish="1")
    offered = app.session_state["undo-offered"]
    undo.WAYS_BACK[offered["way"]](studio, me, offered["target"], *offered["parts"])

    assert [answer.n for answer in shown(studio, me, asked)[0].generations] == [2]


def test_a_replay_is_stopped_and_resumed_in_the_menu_of_its_turns(studio: Studio, me: Person) -> None:
    home = grow(studio, me, [Step("a shop"), Step("at night", source=1)], files=False).id
    replays.begin(studio, me, shown(studio, me, home)[1].id, "sketch/ink", "run")
    began = turns(visit("conversation", id=home))

    app = chosen(home, 2, act="stopReplay", wish="1")
    stopped = turns(visit("conversation", id=home))
    chosen(home, 2, act="resumeReplay", wish="2")

    assert app.toast[0].value == "The replay stopped. What is at work goes on."
    assert [turn["replayAct"] for turn in began] == ["", "", "stopReplay"]
    assert (stopped[2]["replay"], stopped[2]["replayAct"]) == (
        "Replay on Ink (practice), 1 of 2, stopped",
        "resumeReplay",
    )
    assert turns(visit("conversation", id=home)) == began


def test_a_title_is_changed_in_place(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    app = visit("conversation", id=asked)

    app.button(key="rename").click().run()
    app.text_input(key="new-title").input("The *fox*")
    submit(app, "Save")

    assert unescaped(app.title[0].value) == "The *fox*"
    assert conversations.opened(studio, me, asked).title == "The *fox*"


def test_a_title_that_somebody_else_just_changed_is_not_overwritten(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    app = visit("conversation", id=asked)
    app.button(key="rename").click().run()
    conversations.rename(studio, me, asked, "Theirs", 1)

    app.text_input(key="new-title").input("Mine")
    submit(app, "Save")

    assert "Somebody just renamed this to “Theirs”" in app.error[0].value
    assert conversations.opened(studio, me, asked).title == "Theirs"


def test_a_conversation_in_the_trash_says_so_and_is_restored_on_its_page(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    for work in unfinished(studio):
        asyncio.run(generations.run(studio, *work))
    conversations.trash(studio, me, asked)
    app = visit("conversation", id=asked)
    assert "This conversation is in the trash" in app.markdown[0].value
    assert turns(app) == [] and not app.text_area

    app.button(key="restore").click().run()

    assert len(turns(app)) == 1
    assert prompt(app, asked).value == ""


def test_throwing_it_away_leads_to_the_list_with_a_way_back(studio: Studio, me: Person) -> None:
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    app = visit("conversation", id=asked)

    app.button(key="trash").click().run()

    assert app.title[0].value == "Conversations"
    assert app.session_state["undo-offered"]["target"] == asked
    assert conversations.opened(studio, me, asked).purge_after is not None


def test_what_happens_to_its_images_is_asked_first(studio: Studio, me: Person) -> None:
    """The dialog runs by itself, which only a browser does: see browser/test_conversations_page.py."""
    asked = conversations.start(studio, me, wish("A fox")).conversation_id
    for work in unfinished(studio):
        asyncio.run(generations.run(studio, *work))
    app = visit("conversation", id=asked)

    app.button(key="trash").click().run()

    assert [app.button(key=f"throwing-{choice}").label for choice in ("cancel", "along", "keep")] == [
        "Cancel",
        "Trash them too",
        "Keep them",
    ]
    assert conversations.opened(studio, me, asked).purge_after is None


def chosen(conversation: str, place: int, **told: str) -> AppTest:
    """What the page does when this is chosen in the menu of one of its turns; the browser part is not here."""

    def script() -> None:
        import streamlit as st

        from core import access, conversations
        from core.studio import current
        from pages.parts import progress, turn_acts

        studio, me, told = current(), access.local_person(current()), st.session_state["told"]
        opened = conversations.opened(studio, me, told["conversation"])
        told = {**told, "id": opened.turns[told["place"]].id}
        box = f"next-{opened.id}"
        progress.grant(
            studio, me, told, lambda image: None, lambda told: turn_acts.grant(studio, me, opened, box, told)
        )

    app = AppTest.from_function(script)
    app.session_state["told"] = {"conversation": conversation, "place": place, **told}
    return app.run()


def submit(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def positions(app: AppTest) -> list[int]:
    return [int(turn["name"].removeprefix("Turn ")) for turn in turns(app)]


def shown(studio: Studio, who: Person, conversation: str) -> tuple[TurnView, ...]:
    return conversations.opened(studio, who, conversation, limit=100).turns
