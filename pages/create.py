"""Create: describe an image, pick models, and the conversation opens at once."""

import streamlit as st

from pages.parts import frame
from pages.parts.words import _

with frame.screen(_("Create")) as (studio, person):
    st.title(_("What shall we make?"))
