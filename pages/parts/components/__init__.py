"""Browser components: plain ES modules and style sheets in this folder, mounted by name.

To add a component: `name.js` (exports a default function) and, if it needs one, `name.css`; then `component("name")`.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import streamlit as st

FOLDER = Path(__file__).parent
"""Served at `/ui/<version>/<file>`, immutable: the version changes when any file here does."""

# The module itself is fetched once and cached by the browser; only these lines travel with each page.
LOADER = """
export default async (component) =>
  (await import(`${{location.origin}}/ui/{version}/{name}.js`)).default(component);
"""


def component(name: str) -> Callable[..., Any]:
    """The component in `name.js` and `name.css`, ready to mount: `GRID = component("gallery")`, once per module.

    Mount it with a `key` always, and `data` that stays the same to the byte while nothing changed.
    """
    style = FOLDER / f"{name}.css"
    return st.components.v2.component(
        f"studio_{name}",
        css=f"\n{style.read_text()}\n" if style.exists() else None,
        js=LOADER.format(version=version(), name=name),
    )


@cache
def version() -> str:
    """A short name for the present contents of this folder's browser files."""
    files = sorted(path for path in FOLDER.iterdir() if path.suffix in (".js", ".css"))
    return hashlib.sha256(b"\0".join(path.name.encode() + path.read_bytes() for path in files)).hexdigest()[:12]
