"""One screen with nothing but the mask painter, for tests: what it gives to Python is written below it.

`?source=<image id>&other=<image id>`; "Ask" is the primary button of the page behind, with the ask box's own key.
"""

import streamlit as st

from pages.parts import beginnings, frame, mask

with frame.screen("Mask") as (studio, person), frame.column(760):
    st.html("<style>button kbd[class] { opacity: 1; color: inherit }</style>")  # as on every screen
    st.title("Mask", anchor=False)
    shown = st.toggle("Show the painter", value=True)
    wanted = "other" if st.toggle("Another source") else "source"
    source = beginnings.source(studio, person, st.query_params[wanted])
    painted = mask.paint(studio, person, "test-mask", source) if shown else None
    st.text(f"mask: {painted}")
    if st.button("Ask", type="primary", shortcut="Mod+Enter"):
        st.text("asked")
