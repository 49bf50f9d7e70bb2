"""One component on a page of its own: served by the studio's own routes, without Streamlit around it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from playwright.sync_api import Page

from core import access
from core.access import Person
from core.tables import new_id
from tests.serving import Served

# What .streamlit/config.toml makes of the theme, by the names that components know.
LIGHT = {
    "background-color": "#ffffff",
    "secondary-background-color": "#f6f5f8",
    "text-color": "#211f26",
    "primary-color": "#5b5bd6",
    "link-color": "#4f4fc4",
    "border-color": "#e3dfe6",
    "gray-text-color": "#65636d",
    "orange-text-color": "#a14a00",
}
DARK = {
    "background-color": "#131216",
    "secondary-background-color": "#1e1c22",
    "text-color": "#eeedf0",
    "primary-color": "#6361d6",
    "link-color": "#b1a9ff",
    "border-color": "#3a3740",
    "gray-text-color": "#b5b2bc",
    "orange-text-color": "#ffb26b",
}
PAGE = """<!doctype html><html lang="en"><title>One component</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root {{ {theme} --st-font: Inter, system-ui, sans-serif; --st-base-radius: 10px; color-scheme: {scheme}; }}
body {{ margin: 24px; background: var(--st-background-color); }}</style>
<main><h1 style="font-size: 1px">One component</h1></main>
<script type="module">
const mounts = {mounts};
window.told = [];
window.mounted = {{}};
for (const [name, data] of Object.entries(mounts)) {{
  const host = document.querySelector("main").appendChild(document.createElement("div"));
  const parentElement = host.attachShadow({{ mode: "open" }}).appendChild(document.createElement("div"));
  const {{ default: start }} = await import(`/ui/0/${{name}}.bundle.js`);
  const tell = (what, value) => window.told.push([name, what, value]);
  const streamlit = {{ parentElement, setTriggerValue: tell, setStateValue: tell }};
  window.mounted[name] = (more = {{}}) => start({{ data: {{ ...data, ...more }}, ...streamlit }});
  window.mounted[name]();
}}
window.ready = true;
</script></html>"""


def mounted(
    open_page: Callable[..., Page],
    served: Served,
    person: Person,
    data: Mapping[str, Any],
    *,
    dark: bool = False,
    width: int = 1440,
    **special: Any,
) -> Page:
    """A page with these components, each with its data; what they tell Streamlit is in `window.told`."""
    page = open_page(dark=dark, width=width, **special)
    theme = " ".join(f"--st-{name}: {value};" for name, value in (DARK if dark else LIGHT).items())
    media = f"/m/{access.media_token(served.studio, person)}/"
    mounts = json.dumps({name: {"media": media, "locale": "en", **facts} for name, facts in data.items()})
    # Served, not put in its place by Playwright: it would stop every request of the page, and forbid the cache.
    served.pages[name := new_id()] = PAGE.format(
        theme=theme, scheme="dark" if dark else "light", mounts=mounts.replace("<", "\\u003c")
    )
    page.set_extra_http_headers({"x-person": person.id, "x-mounted": name})
    page.goto(f"http://{served.host}/mounted")
    page.wait_for_function("() => window.ready")
    return page
