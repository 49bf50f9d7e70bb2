"""What Streamlit's menu does not do by itself."""

from pages.parts.components import component

MENU = component("menu")


def show() -> None:
    """Let a phone's menu close once a page is chosen from it; once per run, on every screen."""
    MENU(key="menu")
