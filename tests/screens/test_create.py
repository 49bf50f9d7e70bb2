"""Create: say what the image should show, see what it will cost, and be in its conversation; nothing typed is lost."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest

from core import access, budgets, conversations, uploads
from core import studio as home
from core.access import Person
from core.catalogue import Catalogue
from core.settings import Settings
from core.studio import Studio
from core.tables import ADMIN, EVERYBODY, SOURCE, TEAM
from tests import answers
from tests.conftest import wish
from tests.screens.support import at_home, queries, read, visit
from tests.serving import picture

SELF_HOSTED = "a1111/default"
PAID = "gemini/gemini-3-pro-image"


@pytest.fixture
def studio(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """With a self-hosted server in the picker, for it has every knob, and paid models; nobody calls them here."""
    yield at_home(monkeypatch, furnished.data_dir, A1111_URL="http://127.0.0.1:9", GEMINI_API_KEY="never sent")
    home.current().engine.dispose()
    home.current.cache_clear()


@pytest.fixture
def me(studio: Studio) -> Person:
    return access.local_person(studio)


def test_the_first_visit_offers_prompts_to_try(studio: Studio) -> None:
    app = visit()

    app.button(key="sample-0").click().run()

    assert "coffee cup" in prompt(app).value
    assert app.button(key="fill").label == "Fill with sample content"


def test_generate_asks_for_what_was_chosen_and_opens_the_conversation(studio: Studio, me: Person) -> None:
    app = visit()
    prompt(app).input("a red fox")
    app.multiselect(key="create-models").set_value(["sketch/sketch", "sketch/ink"])
    app.selectbox(key="create-ratio").set_value("3:2")
    app.number_input(key="create-seed").set_value(7)

    generate(app)

    turn = conversations.opened(studio, me, app.query_params["id"]).turns[0]
    assert turn.prompt == "a red fox"
    assert [g.name for g in turn.generations] == ["sketch/sketch", "sketch/ink"]
    assert (turn.settings["ratio"], turn.settings["seed"]) == ("3:2", 7)
    assert not app.exception


def test_what_was_asked_leaves_an_empty_box_for_the_next(studio: Studio, me: Person) -> None:
    app = visit()
    for words in ("a red fox", "a red fox"):
        app.switch_page("../create.py").run()
        assert prompt(app).value == ""
        prompt(app).input(words)
        generate(app)

    cards, _ = conversations.cards(studio, me)

    assert len(cards) == 2


def test_a_refused_ask_says_why_and_keeps_every_word(studio: Studio, me: Person) -> None:
    app = visit()
    prompt(app).input("a red fox")
    app.multiselect(key="create-models").set_value(["sketch/sketch", "sketch/ink", "sketch/poster"])
    app.selectbox(key="create-count").set_value(8)

    generate(app)

    assert "up to 16 images" in app.error[0].value
    assert prompt(app).value == "a red fox"
    assert conversations.cards(studio, me) == ((), None)


def test_without_words_or_models_it_says_what_is_missing(studio: Studio) -> None:
    app = visit()

    generate(app)
    assert read(app.error[0]) == "Say what the image should show."

    app.multiselect(key="create-models").set_value([]).run()
    assert "Pick at least one model." in captions(app)


def test_what_is_nearly_used_up_of_a_budget_is_told_beside_the_price(studio: Studio, me: Person) -> None:
    ada = access.person_named(studio, "ada", "Ada", ADMIN)
    usd = conversations.quote(studio, me, wish("a fox", PAID)).cost
    budgets.set_cap(studio, ada, TEAM, EVERYBODY, usd * Decimal("6.2"))
    app = visit()
    app.multiselect(key="create-models").set_value([PAID]).run()
    before = captions(app)

    conversations.start(studio, me, wish("a fox", PAID, count=5))
    app.run()

    assert not any("budget" in line for line in before)
    assert any(line.startswith(":orange[:material/savings: 80 % of the team's budget") for line in captions(app))


def test_the_price_is_there_before_paying_and_follows_every_choice(studio: Studio) -> None:
    app = visit()
    assert "1 image, practice, free" in price(app)

    app.selectbox(key="create-count").set_value(3).run()

    assert "3 images, practice, free" in price(app)


def test_paid_models_say_what_they_cost_in_dollars(studio: Studio) -> None:
    app = visit()
    paid = next(model for model in studio.catalogue.models(studio.providers) if model.provider == "gemini")

    app.multiselect(key="create-models").set_value([paid.name]).run()

    assert re.search(r"1 image, about \\\$0\.\d\d", price(app))


def test_what_a_model_cannot_honour_is_told_before_paying(studio: Studio) -> None:
    app = visit()
    app.multiselect(key="create-models").set_value(["sketch/sketch", SELF_HOSTED]).run()

    app.text_input(key="create-negative_prompt").set_value("people").run()

    assert any(line.startswith("Sketch (practice): ") for line in captions(app))


def test_a_model_that_ends_soon_says_so(studio: Studio) -> None:
    ending = next(model for model in studio.catalogue.models(studio.providers) if model.provider == "gemini")
    today = studio.now().date()
    soon = replace(ending, shutdown=today + timedelta(days=9))
    object.__setattr__(studio, "catalogue", Catalogue([soon], {}, lambda: today))  # a file with this model alone

    app = visit()

    assert any(line.startswith(":orange[") and soon.label in line for line in captions(app))


def test_the_wait_is_told_from_the_last_runs(studio: Studio, me: Person) -> None:
    unknown = price(visit())
    make(studio, me, "a red fox")

    known = price(visit())

    assert "first in" not in unknown and unknown.startswith(":gray[")
    assert "first in" in known and not known.startswith(":gray[")


def test_the_drawer_shows_only_what_the_chosen_models_can_do(studio: Studio) -> None:
    app = visit()
    app.multiselect(key="create-models").set_value(["sketch/sketch"]).run()
    practice = knobs(app)

    app.multiselect(key="create-models").set_value([SELF_HOSTED]).run()

    assert practice == {"seed"}
    assert knobs(app) == {"seed", "negative_prompt", "steps", "guidance", "scheduler"}


def test_strength_is_offered_only_with_an_image_to_start_from(studio: Studio, me: Person) -> None:
    fox = make(studio, me, "a red fox")

    from_words, from_image = visit(), visit(source=fox)

    assert "strength" not in knobs(from_words)
    assert "strength" in knobs(from_image)


def test_the_models_of_last_time_are_chosen(studio: Studio, me: Person) -> None:
    make(studio, me, "a red fox", "sketch/poster", "sketch/ink")

    app = visit()

    assert app.multiselect(key="create-models").value == ["sketch/poster", "sketch/ink"]


def test_an_image_to_start_from_brings_its_own_model(studio: Studio, me: Person) -> None:
    fox = make(studio, me, "a red fox", "sketch/ink")
    make(studio, me, "a lighthouse", "sketch/poster")

    app = visit(source=fox)

    assert app.multiselect(key="create-models").value == ["sketch/ink"]
    assert pictures(app)["source"] == fox


def test_an_edit_keeps_the_shape_of_its_image(studio: Studio, me: Person) -> None:
    make(studio, me, "a lighthouse")
    wide = uploads.upload(studio, me, picture("PNG", (1600, 900)), SOURCE).id

    app = visit(source=wide)

    assert app.selectbox(key="create-ratio").value == "16:9"


@pytest.mark.parametrize(("writer", "captions"), [("auto", 1), ("sketch/caption", 1), ("", 0)])
def test_who_writes_the_caption_is_a_choice(studio: Studio, me: Person, writer: str, captions: int) -> None:
    app = visit()
    prompt(app).input("a red fox")
    assert app.selectbox(key="create-caption").value == "auto"
    app.selectbox(key="create-caption").set_value(writer)

    generate(app)

    turn = conversations.opened(studio, me, app.query_params["id"]).turns[0]
    assert [turn.caption].count(None) == 1 - captions


def test_an_image_that_is_not_mine_is_not_there_and_the_box_still_works(studio: Studio) -> None:
    bob = access.person_named(studio, "bob", "Bob")
    theirs = make(studio, bob, "a red fox")

    app = visit(source=theirs)

    assert "not yours" in app.error[0].value
    assert pictures(app)["source"] is None
    assert "1 image" in price(app)


def test_practice_models_say_so_in_the_picker(studio: Studio) -> None:
    app = visit()

    labels = app.multiselect(key="create-models").options

    practice = [model.label for model in studio.catalogue.models(studio.providers) if model.practice]
    assert practice and all(any(label in shown for shown in labels) for label in practice)
    assert all("practice" in shown for shown in labels[: len(practice)])


def test_earlier_conversations_come_twelve_at_a_time(studio: Studio, me: Person) -> None:
    for n in range(14):
        conversations.start(studio, me, wish(f"fox {n}"))
    app = visit()
    first = cards(app)

    app.button(key="more").click().run()

    assert [card["title"] for card in first] == [f"fox {n}" for n in range(13, 1, -1)]
    assert first[0]["working"] and (first[0]["turns"], first[0]["images"]) == ("1 turn", "0 images")
    assert len(cards(app)) == 14


def test_the_page_reads_the_database_at_most_five_times(studio: Studio, me: Person) -> None:
    make(studio, me, "a red fox")
    app = visit()

    with queries(studio) as seen:
        app.run()

    assert 0 < len(seen) <= 5, "\n\n".join(seen)


def test_what_breaks_unforeseen_is_a_sentence_with_a_number(studio: Studio) -> None:
    visit()
    with studio.engine.begin() as db:
        db.execute(sa.text("alter table conversation rename to elsewhere"))

    app = visit()

    assert "Something broke on our side" in app.error[0].value
    assert not app.exception


def make(studio: Studio, person: Person, words: str, *models: str) -> str:
    """An image that a person asked for; its id."""
    asked = conversations.start(studio, person, wish(words, *models))
    answers.answer(studio)
    return conversations.opened(studio, person, asked.conversation_id).images[0].id


def prompt(app: AppTest) -> Any:
    return app.text_area[0]


def generate(app: AppTest) -> None:
    next(button for button in app.button if button.label == "Generate").click().run()


def price(app: AppTest) -> str:
    return next(text.value for text in app.markdown if "image" in text.value)


def captions(app: AppTest) -> list[str]:
    return [caption.value for caption in app.caption]


def knobs(app: AppTest) -> set[str]:
    drawer = app.expander[0]
    drawn = (*drawer.number_input, *drawer.text_input, *drawer.selectbox, *drawer.slider)
    return {widget.key.removeprefix("create-") for widget in drawn} - {"caption"}  # no matter which models


def pictures(app: AppTest) -> dict[str, Any]:
    return next(data for data in components(app) if "room" in data)


def cards(app: AppTest) -> list[dict[str, Any]]:
    return next(data["cards"] for data in components(app) if "cards" in data)


def components(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(component.proto.json) for component in app.get("bidi_component") if component.proto.json]
