"""Browser components: plain ES modules and style sheets in this folder, mounted by name.

To add a component: `name.js` (exports a default function) and, if it needs one, `name.css`; then `component("name")`.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import streamlit as st

from core import bundles
from pages.parts.whole import whole

FOLDER = Path(__file__).parent
"""Served at `/ui/<version>/<file>`; browsers keep a file for ever when the version is the start of its SHA-256."""

# Script and style are fetched once, in one piece, and kept by the browser; only these lines travel with each page.
LOADER = """
export default async (component) =>
  (await import(`${{location.origin}}/ui/{version}/{name}.bundle.js`)).default(component);
"""


def component(name: str) -> Callable[..., Any]:
    """The component in `name.js` and `name.css`, ready to mount: `GRID = component("gallery")`, once per module.

    Mount it with a `key` always, and `data` that stays the same to the byte while nothing changed. Its callbacks are
    done to their end, see whole.py.
    """
    version = bundles.version(bundles.bundle(FOLDER, name))
    mounted = st.components.v2.component(f"studio_{name}", js=LOADER.format(version=version, name=name))

    def mount(**given: Any) -> Any:
        return mounted(**{key: whole(value) if key.startswith("on_") else value for key, value in given.items()})

    return mount
