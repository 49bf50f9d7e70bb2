"""Plain pages: templates become HTML that runs no script, is kept nowhere and tells no other site where it was."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from core.web.words import Words

TEMPLATES = Path(__file__).parent / "templates"
STYLE = (TEMPLATES / "shared.css").read_text()
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self' data:; form-action 'self';"
    " base-uri 'none'; frame-ancestors 'none'"
)
SECRET = {
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow, noarchive, noimageindex",
}
"""Of everything whose address works like a password."""
HEADERS = {**SECRET, "Content-Security-Policy": POLICY, "X-Frame-Options": "DENY"}

_PAGES = Environment(
    loader=FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(
    name: str, words: Words, status: int = 200, headers: Mapping[str, str] | None = None, **facts: Any
) -> Response:
    """This template filled with these facts; every text in it is escaped."""
    html = _PAGES.get_template(name).render(
        _=words.text, plural=words.plural, words=words, style=STYLE, lang=words.language.replace("_", "-"), **facts
    )
    return HTMLResponse(html, status, {**HEADERS, **(headers or {})})
