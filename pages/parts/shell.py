"""The main script: page settings and navigation; Streamlit runs it for every address."""

import sys
from pathlib import Path

# Streamlit puts this file's own folder on the path; imports start at the folder above `pages`.
ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402 (needs the path above)

from core.studio import current  # noqa: E402 (likewise)
from pages.parts import door, menu, undo  # noqa: E402 (likewise)
from pages.parts.words import _  # noqa: E402 (likewise)

PAGES = ROOT / "pages"
ICON = str(PAGES / "parts" / "icon.svg")  # drawn here: Streamlit would fetch an icon by name from the internet

# The hint of a key beside a button's label is too faint to read, and of no use without a keyboard.
# What removes for good is red.
STYLE = """
<style>
button kbd[class] { opacity: 1; color: inherit }
.st-key-menu { display: none }
@media (hover: none) { button kbd[class] { display: none } }
.st-key-parting-go button:not(:disabled) { background: #c0303a; border-color: #c0303a; color: #fff }
.st-key-parting-go button:not(:disabled):is(:hover, :active) { background: #9f222b; border-color: #9f222b }
</style>
"""

st.set_page_config(page_title=_("Image Studio"), page_icon=ICON, layout="wide")

studio = current()
person = door.person(studio)
if person:
    st.logo(ICON)
    st.html(STYLE)
    menu.show()

# To add a screen, add a line. Hidden ones are reached from other screens and by their address.
MENU = [
    st.Page(PAGES / "create.py", title=_("Create"), icon=":material/auto_awesome:", default=True),
    st.Page(PAGES / "conversations.py", title=_("Conversations"), icon=":material/forum:", url_path="conversations"),
    st.Page(PAGES / "gallery.py", title=_("Gallery"), icon=":material/photo_library:", url_path="gallery"),
    st.Page(PAGES / "analytics.py", title=_("Analytics"), icon=":material/bar_chart:", url_path="analytics"),
    st.Page(PAGES / "trash.py", title=_("Trash"), icon=":material/delete:", url_path="trash"),
    st.Page(PAGES / "settings.py", title=_("Settings"), icon=":material/tune:", url_path="settings"),
    st.Page(
        PAGES / "status.py",
        title=_("Status"),
        icon=":material/monitor_heart:",
        url_path="status",
        visibility="visible" if person and door.admits_admin(studio, person) else "hidden",
    ),
    st.Page(PAGES / "conversation.py", title=_("Conversation"), url_path="conversation", visibility="hidden"),
    st.Page(PAGES / "post.py", title=_("Post"), url_path="post", visibility="hidden"),
]

page = st.navigation(MENU, position="top" if person else "hidden")
if person:
    door.sign_out(studio, person)
    undo.arrive(page.url_path)
    page.run()
