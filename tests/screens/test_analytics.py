"""The page of figures reads little, shows what its address asks for, and says so when there is nothing to count."""

from datetime import timedelta
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from core import access, projects
from core.access import Person
from core.replica import Replica
from core.replica_calls import LEDGER
from core.studio import Studio
from core.tables import LEAD
from pages.parts import analytics_words
from tests.books import MODELS, Books, scattered
from tests.screens.support import queries, read, visit

MOST = 5


def shown(studio: Studio, **address: Any) -> AppTest:
    """The page, once the copy has everything."""
    with Replica(studio, LEDGER).running() as copy:
        copy.sync()
        return visit("analytics", **address).run()


@pytest.mark.parametrize("address", [{}, {"by": "person", "period": "year"}, {"by": "project", "practice": "1"}])
def test_its_page_takes_five_queries_however_much_there_is(studio: Studio, me: Person, address: dict[str, str]) -> None:
    named = [projects.start(studio, me, title) for title in ("Winter", "Spring")]
    scattered(studio, (me, access.person_named(studio, "ana", "Ana")), named, 300, studio.now(), seed=3)
    with Replica(studio, LEDGER).running() as copy:
        copy.sync()
        app = visit("analytics", **address)

        with queries(studio) as seen:
            app.run()

    assert not app.exception and not app.error
    assert len(app.metric) == 6
    assert len(seen) <= MOST, seen


def test_tiles_say_what_it_cost_and_how_it_changed(studio: Studio, me: Person) -> None:
    Books(studio).call(me, studio.now() - timedelta(2), "0.30", images=2, chosen=1)
    Books(studio).call(me, studio.now() - timedelta(9), "0.20")

    app = shown(studio, period="7d")

    tiles = {tile.label: (tile.value, tile.delta) for tile in app.metric}
    assert tiles["Spend"] == ("$0.30", "+50%")
    assert tiles["Per image"] == ("$0.15", "-25%")
    assert tiles["Per selected image"][0] == "$0.30"
    assert tiles["Success"] == ("100%", "")


def test_nothing_to_count_says_why_and_offers_practice(studio: Studio, me: Person) -> None:
    Books(studio).call(me, studio.now(), practice=True)

    app = shown(studio)

    assert not app.metric
    assert [head.value for head in app.subheader] == ["Nothing to count here"]
    with Replica(studio, LEDGER).running() as copy:
        copy.sync()
        next(button for button in app.button if "practice" in button.label).click().run()
        assert app.query_params["practice"] == "1"
        assert len(app.metric) == 6


def test_before_the_first_image_it_leads_to_create(studio: Studio, me: Person) -> None:
    app = shown(studio)

    assert [button.label for button in app.button if "Create" in button.label] == ["Create an image"]


def test_the_table_leads_to_the_images_behind_each_row(studio: Studio, me: Person) -> None:
    Books(studio).call(me, studio.now(), "0.30", model=MODELS[0])
    Books(studio).call(me, studio.now(), "0.10", model=MODELS[1])

    app = shown(studio, period="7d")

    table = app.dataframe[-1].value
    assert list(table["Model"]) == ["GPT Image 2 · OpenAI", "Nano Banana Pro · OpenRouter"]
    assert "model%3Aopenai%2Fgpt-image-2" in table["Behind it"][0]
    assert "-is%3Apractice" in table["Behind it"][0]


def test_a_period_that_makes_no_sense_is_a_sentence(studio: Studio, me: Person) -> None:
    app = shown(studio, **{"from": "2026-11-10", "to": "2026-11-01"})

    assert [read(error) for error in app.error] == ["The period ends before it begins. Choose a later end."]
    assert not app.exception


@pytest.mark.parametrize("address", [{"period": "eon", "by": "prompt", "every": "hour"}, {"model": "no/such"}])
def test_an_old_link_shows_what_can_be_shown(studio: Studio, me: Person, address: dict[str, str]) -> None:
    Books(studio).call(me, studio.now())

    app = shown(studio, **address)

    assert not app.exception and not app.error


def test_a_member_is_offered_no_people(studio: Studio, me: Person) -> None:
    Books(studio).call(me, studio.now())
    alone = shown(studio)
    ana = access.person_named(studio, "ana", "Ana", LEAD)
    Books(studio).call(ana, studio.now())
    together = shown(studio)

    assert "Person" not in alone.selectbox[1].options
    assert "Person" in together.selectbox[1].options


def test_while_the_copy_is_made_it_says_so_and_looks_again(studio: Studio, me: Person) -> None:
    Books(studio).call(me, studio.now())
    app = visit("analytics").run()
    gathering = [info.value for info in app.info]

    with Replica(studio, LEDGER).running() as copy:
        copy.sync()
        app.run()

    assert gathering == ["The figures are being gathered. They will be here in a moment."]
    assert not app.info and not app.error
    assert len(app.metric) == 6


def test_every_figure_has_a_label() -> None:
    from core.figures import UNITS

    assert set(analytics_words.columns()) == set(UNITS)
    assert set(analytics_words.explanations()) <= set(UNITS)
