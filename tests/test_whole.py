"""A callback is done to its end, whatever else is clicked meanwhile."""

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest


def script(interrupted: bool) -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

    from pages.parts.whole import uninterrupted, whole

    def click() -> None:
        get_script_run_ctx().script_requests.request_rerun(
            RerunData(query_string="elsewhere=1")
        )  # somebody clicks elsewhere
        with uninterrupted():
            st.session_state["first"] = True
        st.session_state["last"] = True

    st.session_state["elsewhere"] = "elsewhere" in st.query_params
    st.button("Go", on_click=click if interrupted else whole(click))
    if st.session_state.get("last"):
        st.markdown("Done.")


@pytest.fixture
def clicked() -> Callable[[bool], AppTest]:
    """The script after its button was clicked."""
    return lambda interrupted: AppTest.from_function(script, args=(interrupted,)).run().button[0].click().run()


def test_a_callback_that_is_whole_is_done_to_its_end(clicked: Callable[[bool], AppTest]) -> None:
    page = clicked(False)

    assert "last" in page.session_state
    assert [said.value for said in page.markdown] == ["Done."]


def test_what_waited_is_done_after_it(clicked: Callable[[bool], AppTest]) -> None:
    page = clicked(False)

    assert page.session_state["elsewhere"]


def test_streamlit_stops_any_other_callback(clicked: Callable[[bool], AppTest]) -> None:
    """If it does not any more, whole.py can go."""
    page = clicked(True)

    assert "first" in page.session_state
    assert "last" not in page.session_state
