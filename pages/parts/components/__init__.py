"""Browser components: plain ES modules and style sheets in this folder, mounted by name.

To add a component: `name.js` (exports a default function) and, if it needs one, `name.css`; then `component("name")`.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
"""Served at `/ui/<version>/<file>`; browsers keep a file for ever when the version is the start of its SHA-256."""

# The module itself is fetched once and cached by the browser; only these lines travel with each page.
LOADER = """
export default async (component) =>
  (await import(`${{location.origin}}/ui/{version}/{name}.js`)).default(component);
"""


def component(name: str) -> Callable[..., Any]:
    """The component in `name.js` and `name.css`, ready to mount: `GRID = component("gallery")`, once per module.

    Mount it with a `key` always, and `data` that stays the same to the byte while nothing changed.
    """
    script, style = FOLDER / f"{name}.js", FOLDER / f"{name}.css"
    version = hashlib.sha256(script.read_bytes()).hexdigest()[:12]
    return st.components.v2.component(
        f"studio_{name}",
        css=f"\n{style.read_text()}\n" if style.exists() else None,
        js=LOADER.format(version=version, name=name),
    )
