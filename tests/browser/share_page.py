"""One screen with nothing but sharing, for tests: `?id=<conversation id>`."""

import streamlit as st

from pages.parts import frame, sharing

with frame.screen("Sharing") as (studio, person), frame.column(760):
    st.title("A conversation", anchor=False)
    sharing.button(studio, person, st.query_params["id"])
    sharing.verdicts(studio, person, st.query_params["id"])
