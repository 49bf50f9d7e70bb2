"""What a browser wants done is done once, however often it is told, and always answered."""

import json
from typing import Any

from streamlit.testing.v1 import AppTest


def told() -> None:
    """A page whose component told its wishes twice."""
    import streamlit as st

    from core.errors import Refused
    from pages.parts import wishes

    done: list[Any] = []

    def refuse(wish: wishes.Wish) -> None:
        raise Refused("Not today.")

    def break_down(wish: wishes.Wish) -> None:
        raise ZeroDivisionError("secret")

    acts = {"do": done.append, "refuse": refuse, "break": break_down}
    first = [{"wish": "1", "act": "do"}, {"wish": "2", "act": "refuse"}]
    wishes.grant("box", first, acts)
    wishes.grant("box", [*first, {"wish": "3", "act": "break"}, {"wish": "4", "act": "unheard of"}], acts)
    wishes.grant("another", None, acts)
    st.text(str(len(done)))
    st.json({"box": wishes.answered("box"), "another": wishes.answered("another")})


def test_each_wish_is_done_once_and_answered_with_a_sentence_when_it_was_not() -> None:
    app = AppTest.from_function(told).run(timeout=30)

    said = json.loads(app.json[0].value)
    assert app.text[0].value == "1"
    assert [answer["wish"] for answer in said["box"]] == ["1", "2", "3", "4"]
    assert [answer["error"] for answer in said["box"][:2]] == [None, "Not today."]
    assert all("Something broke on our side" in answer["error"] for answer in said["box"][2:])
    assert "secret" not in app.json[0].value
    assert said["another"] == []


def many() -> None:
    """A page whose component comes back with more wishes than are answered at once."""
    import streamlit as st

    from pages.parts import wishes

    done: list[Any] = []
    told = [{"wish": str(number), "act": "do"} for number in range(wishes.LATEST + 5)]
    wishes.grant("box", told, {"do": done.append})
    heard = {answer["wish"] for answer in wishes.answered("box")}
    wishes.grant("box", [wish for wish in told if wish["wish"] not in heard], {"do": done.append})
    heard |= {answer["wish"] for answer in wishes.answered("box")}
    st.json({"told": len(told), "heard": len(heard), "done": len(done)})


def test_of_many_wishes_those_that_are_told_again_are_answered_too() -> None:
    app = AppTest.from_function(many).run(timeout=30)

    assert json.loads(app.json[0].value) == {"told": 25, "heard": 25, "done": 25}
