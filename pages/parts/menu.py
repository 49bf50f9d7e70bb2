"""What Streamlit does not do by itself for its menu, and for the way back from a page."""

from pages.parts.components import component

MENU = component("menu")


def show() -> None:
    """Let a phone's menu close once a page is chosen from it, and Back lead to the page before; once per run."""
    MENU(key="menu")
