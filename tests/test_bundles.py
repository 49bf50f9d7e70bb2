"""A screen component travels in one piece: its modules in order, each by itself, its style sheet with them."""

import asyncio
import re
from pathlib import Path
from textwrap import dedent
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette

from core import bundles, web
from core.web import ui
from tests import serving
from tests.browser.windows import browser

# What Streamlit does with a component: calls it in its place, and again with each change.
RUN = """async (script) => {
  const { default: start } = await import(script), place = document.body.attachShadow({ mode: "open" });
  const parentElement = place.appendChild(document.createElement("div"));
  const said = [1, 2].map((n) => start({ n, parentElement }));
  return { said, styles: place.adoptedStyleSheets.map((sheet) => sheet.cssRules[0].style.content) };
}"""
COMPONENTS = sorted(path.stem for path in serving.UI.glob("*.js") if "export default" in path.read_text())


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A component of three modules that use the same names for different things."""
    write(
        tmp_path / "tree.js",
        """
        import { grow, SIZE } from "./tree_branch.js";
        import { Leaf } from "./tree_leaf.js";
        const hidden = 1;
        export default function ({ n }) {
          return [n, grow(hidden), SIZE, new Leaf().colour()];
        }
        """,
    )
    write(
        tmp_path / "tree_branch.js",
        """
        import { Leaf } from "./tree_leaf.js";
        const hidden = 10;
        export const SIZE = new Leaf().size;
        export function grow(n) {
          return n + hidden;
        }
        """,
    )
    write(
        tmp_path / "tree_leaf.js",
        """
        const hidden = "green";
        export class Leaf {
          size = 3;
          colour() {
            return hidden;
          }
        }
        """,
    )
    write(tmp_path / "tree.css", """.leaf { content: "`${x}` 'é'"; }""")
    return tmp_path


def write(file: Path, text: str) -> None:
    file.write_text(dedent(text).lstrip())


def version(folder: Path) -> str:
    return bundles.version(bundles.bundle(folder, "tree"))


def asked(folder: Path, address: str) -> httpx.Response:
    """What a browser gets."""
    app = Starlette(routes=ui.routes(folder), middleware=web.middleware())

    async def ask() -> httpx.Response:
        line = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=line, base_url="http://localhost") as client:
            return await client.get(address)

    return asyncio.run(ask())


def test_in_a_browser_modules_keep_their_own_names_and_the_style_is_there_once(tree: Path) -> None:
    script = f"data:text/javascript;charset=utf-8,{quote(bundles.bundle(tree, 'tree'))}"

    with browser() as chromium:
        got = chromium.new_page().evaluate(RUN, script)

    assert got["said"] == [[1, 11, 3, "green"], [2, 11, 3, "green"]]
    assert got["styles"] == ["\"`${x}` 'é'\""]


def test_each_module_is_in_it_once_and_after_what_it_needs(tree: Path) -> None:
    whole = bundles.bundle(tree, "tree")

    assert re.findall(r"^const in_(\w+) =", whole, re.MULTILINE) == ["tree_leaf", "tree_branch", "tree"]


def test_the_style_sheets_of_all_modules_come_along(tree: Path) -> None:
    write(tree / "tree_leaf.css", ".leaf { color: green; }")

    whole = bundles.bundle(tree, "tree")

    assert whole.index("color: green") < whole.index("`${x}`")  # its own comes last and counts


@pytest.mark.parametrize("name", COMPONENTS)
def test_every_component_of_ours_is_whole(name: str) -> None:
    whole = bundles.bundle(serving.UI, name)

    assert re.findall(r"^(?:import|export)\b.*", whole, re.MULTILINE) == ["export default (component) => {"]


@pytest.mark.parametrize(
    "line", ['import * as all from "./b.js";', 'import "./b.js";', 'export { a } from "./b.js";', "export let a = 1;"]
)
def test_what_cannot_be_bundled_is_refused_by_name(tmp_path: Path, line: str) -> None:
    write(tmp_path / "a.js", f"{line}\nexport default function () {{}}\n")

    with pytest.raises(ValueError, match=r"a\.js has a line that cannot be bundled"):
        bundles.bundle(tmp_path, "a")


def test_modules_that_need_each_other_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.js", 'import { b } from "./b.js";\n')
    write(tmp_path / "b.js", 'import { a } from "./a.js";\n')

    with pytest.raises(ValueError, match="imports itself"):
        bundles.bundle(tmp_path, "a")


@pytest.mark.parametrize("part", ["tree.js", "tree_branch.js", "tree_leaf.js", "tree.css"])
def test_a_change_in_any_part_is_another_version(tree: Path, part: str) -> None:
    before = version(tree)

    with (tree / part).open("a") as file:
        file.write("/* new */\n")

    assert version(tree) != before


def test_a_browser_keeps_it_for_ever_under_its_version_and_asks_again_under_another(tree: Path) -> None:
    kept, other = (asked(tree, f"/ui/{one}/tree.bundle.js") for one in (version(tree), "0"))

    assert kept.text == other.text == bundles.bundle(tree, "tree")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert other.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("name", ["none", "linked", "..%2Ftree", "Tree", ""])
def test_only_components_of_the_folder_are_put_together(tree: Path, name: str) -> None:
    (tree / "linked.js").symlink_to(tree / "tree.js")

    assert asked(tree, f"/ui/0/{name}.bundle.js").status_code == 404
