"""A screen component in one piece: its modules and their style sheets as one script, which a browser fetches at once.

Each module becomes a function that is called once, so names of one file stay strangers to those of another. What we
write is all that is understood: imports of names from "./file.js" on one line, exports where a thing is declared.
"""

import hashlib
import json
import re
from pathlib import Path

_IMPORT = re.compile(r'^import (\{[\w, ]+\}) from "\./(\w+)\.js";$', re.MULTILINE | re.ASCII)
_DEFAULT = re.compile(r"^export default (async )?function ?(?=\()", re.MULTILINE)
_NAMED = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE | re.ASCII)
_LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)

# The style sheet joins the component's own shadow root: once, however often Streamlit calls it.
_END = """
const sheet = new CSSStyleSheet();
sheet.replaceSync({style});
export default (component) => {{
  const root = component.parentElement.getRootNode();
  if (!root.adoptedStyleSheets.includes(sheet)) root.adoptedStyleSheets.push(sheet);
  return {name}.start(component);
}};
"""


def bundle(folder: Path, name: str) -> str:
    """`name.js` with all that it imports from this folder, and for each of them the style sheet of its name, if any.

    Raises ValueError for a module that is written in a way that this does not understand, FileNotFoundError for one
    that is not there.
    """
    names = _in_order(folder, name, ())
    styles = (folder / f"{one}.css" for one in names)
    style = "\n".join(style.read_text() for style in styles if style.exists())
    end = _END.format(name=_variable(name), style=json.dumps(style))
    return "\n".join(_module(folder, one) for one in names) + end


def version(text: str) -> str:
    """Changes with the text: the start of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _in_order(folder: Path, name: str, above: tuple[str, ...]) -> list[str]:
    """The module after all that it needs, each of them once."""
    if name in above:
        raise ValueError(f"{name}.js imports itself by way of {above[-1]}.js; a bundle needs an order.")
    needed = [needed for _, needed in _IMPORT.findall(_text(folder, name))]
    found = [one for other in needed for one in _in_order(folder, other, (*above, name))]
    return [*dict.fromkeys(found), name]


def _module(folder: Path, name: str) -> str:
    text = _text(folder, name)
    shown = [*_NAMED.findall(text), *(["start"] if _DEFAULT.search(text) else [])]
    text = _IMPORT.sub(lambda found: f"const {found[1]} = {_variable(found[2])};", text)
    text = _NAMED.sub("", _DEFAULT.sub(r"\1function start", text))
    if left := _LEFT.search(text):
        raise ValueError(f"{name}.js has a line that cannot be bundled: {left[0]}")
    return f"const {_variable(name)} = (() => {{\n{text}return {{ {', '.join(shown)} }};\n}})();"


def _variable(name: str) -> str:
    return f"in_{name}"


def _text(folder: Path, name: str) -> str:
    return (folder / f"{name}.js").read_text()
