"""The house: imports point down only, each outside library has one home, and every file has its place. The diagram."""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONGEST = 300

# From the roof down. A file may import what stands on lines below its own; files on one line are strangers.
# `x.*` is every file of a folder; `x.**` is a folder whose files know each other. To add a file, give it a place.
HOUSE = """
    app
    pages.*  core.cli
    core.cli_upkeep
    core.cli_kit
    pages.parts.**  core.web.**  core.generating  core.doctor
    core.worker
    core.conversations  core.generations  core.replays  core.sharing  core.shared  core.gallery  core.uploads  core.demo
    core.saved_views  core.filters  core.tree  core.lost  core.ledger_export  core.status
    core.analytics  core.named
    core.line
    core.line_keys
    core.line_choices
    core.marks  core.trash  core.parcels  core.tidying  core.repricing
    core.alike  core.branches  core.posting  core.kit
    core.receipts  core.demo_rows  core.showing  core.posted  core.turns  core.again
    core.calls  core.screening
    core.asks  core.cards  core.detail  core.drafts  core.history  core.ledger  core.lineage  core.opened  core.strip
    core.tally
    core.captions  core.trashed  core.throwing
    core.posts  core.projects  core.retention
    core.holds  core.newest  core.purging  core.shelves  core.written
    core.strays  core.tile_rows  core.budgets  core.fairness
    core.wanted  core.rules
    core.briefs  core.people
    core.sign_in
    core.access  core.events  core.jobs  core.pace  core.views  core.demo_plan  core.replica  core.figures
    core.replica_gallery  core.replica_calls  core.replica_seed  core.known_store  core.standing  core.bills
    core.replica_file  core.replica_combos
    core.replica_fill
    core.replica_layout
    core.replica_log  core.replica_rows
    core.replica_whole
    core.replica_read
    core.studio
    core.watching
    core.migrations.**  core.keeping  core.spool  core.catalogue  core.rulebook  core.sentry  core.tracing
    core.database  core.store  core.fitting
    core.changes  core.models  core.disk
    core.prices  core.files  core.crops
    core.providers.**
    core.pictures  core.settings
    core.apart  core.unpacker
    core.pixels
    core.kinds  core.messages
    core.tables.**
    core.line_values  core.question
    core.cursors  core.banned
    core.bundles  core.columns  core.differences  core.errors  core.limits  core.log  core.platforms
    core.scans  core.stopping  core.tiles  core.tokens  core.zips  core.zones
    core.metrics  core.release
    core
"""

# Ways that lead down and are closed all the same: screens ask verbs, and never go around them.
CLOSED = {
    "pages.**": ("core.web.**", "core.worker", "core.jobs", "core.database", "core.store", "core.providers.**"),
}

# Each outside library has one home, so that it can be replaced. To use a new one, name its home.
HOMES = {
    "streamlit": ("app", "pages.**"),
    "streamlit_image_select": ("pages.parts.source_strip",),
    "babel": ("pages.parts.words", "core.web.words"),
    "jinja2": ("core.web.paper",),
    "pandas": ("app",),  # imported early there, for Streamlit
    "duckdb": ("core.replica", "core.replica_f*", "core.replica_layout", "core.replica_combos", "core.replica_calls"),
    "adbc_driver_postgresql": ("core.replica_whole",),
    "pyarrow": ("app", "core.replica_*", "core.ledger_export"),
    "anyio": ("app", "core.web.**"),
    "starlette": ("core.web.**",),
    "typer": ("core.cli", "core.cli_*"),
    "dbos": ("core.jobs",),
    "alembic": ("core.migrations.**",),
    "sqlalchemy": ("core.**",),
    "sqlmodel": ("core.**",),
    "pysqlite3": ("core.database",),
    "uuid_utils": ("core.columns",),
    "boto3": ("core.store",),
    "botocore": ("core.store",),
    "prometheus_client": ("core.metrics",),
    "sentry_sdk": ("core.sentry",),
    "opentelemetry": ("core.tracing",),
    "httpx": ("core.providers.wire",),
    "msgspec": ("core.providers.**",),
    "pybase64": ("core.providers.**",),
    "numpy": ("core.providers.sketch_*", "core.replica_combos"),
    "PIL": ("core.pixels", "core.providers.sketch_*"),  # what sketch does is drawing
    "the environment": ("core.settings",),
}


def test_the_house_stands() -> None:
    assert complaints(ROOT) == []


def test_no_place_is_left_empty() -> None:
    names = [file.name for file in read(ROOT)]

    assert [room for room in HOUSE.split() if not any(inside(name, room) for name in names)] == []


def test_the_core_knows_no_streamlit() -> None:
    assert not any(inside("core.anything", home) for home in HOMES["streamlit"])


@dataclass(frozen=True)
class File:
    """A source file of the house and what it says."""

    name: str
    path: str
    text: str
    tree: ast.Module


def complaints(root: Path) -> list[str]:
    """Everything that is not as this page says, one sentence each."""
    files = read(root)
    names = {file.name for file in files}
    return sorted(complaint for file in files for complaint in _of_one(file, names))


def read(root: Path) -> list[File]:
    """The launcher, the screens and the core."""
    paths = (root / "app.py", *root.glob("pages/**/*.py"), *root.glob("core/**/*.py"))
    return [_file(path, root) for path in paths if path.exists()]


def _file(path: Path, root: Path) -> File:
    relative, text = path.relative_to(root), path.read_text()
    name = ".".join(relative.with_suffix("").parts).removesuffix(".__init__")
    return File(name, relative.as_posix(), text, ast.parse(text))


def _of_one(file: File, names: set[str]) -> Iterator[str]:
    if place(file.name) is None:
        yield f"{file.path} has no place in the house"
        return
    for imported in sorted(set(_imports(file.tree, names))):
        yield from _of_import(file, imported, names)
    if _reads_environment(file.tree) and not at_home(file.name, "the environment"):
        yield f"{file.path} reads the environment"
    if ast.get_docstring(file.tree) is None:
        yield f"{file.path} does not begin with a sentence"
    if len(file.text.splitlines()) > LONGEST:
        yield f"{file.path} is longer than {LONGEST} lines"
    if file.name.startswith("core"):
        yield from (f"{file.path} calls something {name}" for name in _given(file) if "session" in name.lower())


def _of_import(file: File, imported: str, names: set[str]) -> Iterator[str]:
    library = imported.partition(".")[0]
    if library in ("app", "pages", "core"):
        if imported not in names:
            yield f"{file.path} imports {imported}, which is not there"
        elif imported != file.name and not below(file.name, imported):
            yield f"{file.path} imports {imported}, which is not below it"
    elif library == "":
        yield f"{file.path} imports by dots or by a name that cannot be read here"
    elif library not in sys.stdlib_module_names and not at_home(file.name, library):
        yield f"{file.path} imports {library}, which has another home"


def _imports(tree: ast.Module, names: set[str]) -> Iterator[str]:
    """What is imported anywhere in the file, also inside functions and by `import_module`; "" for what hides."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            of = "" if node.level else str(node.module)
            yield from (whole if (whole := f"{of}.{alias.name}") in names else of for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            first = node.args[0] if node.args else None
            yield str(first.value) if isinstance(first, ast.Constant) else ""


def _reads_environment(tree: ast.Module) -> bool:
    read = {"environ", "environb", "getenv", "getenvb"}
    return any(
        (isinstance(node, ast.Attribute) and node.attr in read)
        or (isinstance(node, ast.ImportFrom) and node.module == "os" and read & {alias.name for alias in node.names})
        or (isinstance(node, ast.keyword) and node.arg == "envvar")
        for node in ast.walk(tree)
    )


def _given(file: File) -> Iterator[str]:
    """Names that this file gives; what others named (SQLModel's Session, boto3's) it may use."""
    yield file.name
    for node in ast.walk(file.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.alias) and node.asname:
            yield node.asname
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def place(name: str) -> tuple[int, str] | None:
    """Where a file stands: its line, counted from the ground, and its place; the closest description counts."""
    lines = HOUSE.strip().splitlines()[::-1]
    fitting = [(floor, room) for floor, line in enumerate(lines) for room in line.split() if inside(name, room)]
    return max(fitting, key=lambda found: len(found[1]), default=None)


def below(name: str, imported: str) -> bool:
    """True when the first may import the second."""
    here, there = place(name), place(imported)
    closed = any(inside(name, of) and inside(imported, way) for of, ways in CLOSED.items() for way in ways)
    if here is None or there is None or closed:
        return False
    return there[0] < here[0] or (there == here and here[1].endswith(".**"))


def at_home(name: str, library: str) -> bool:
    """True where this library lives."""
    return any(inside(name, home) for home in HOMES.get(library, ()))


def inside(name: str, room: str) -> bool:
    """`x.**` holds x and all below it; `x.*` the files right in x."""
    if room.endswith(".**"):
        return name == room[:-3] or name.startswith(room[:-2])
    return fnmatchcase(name, room) and name.count(".") == room.count(".")


# A checker that cannot complain is worth nothing: a sound little house, and one wrong stone at a time.
SOUND = {
    "app.py": "import streamlit\nfrom core.settings import Settings",
    "pages/create.py": "import streamlit\nfrom core import conversations\nfrom pages.parts import frame",
    "pages/gallery.py": "from pages.parts.frame import screen",
    "pages/parts/frame.py": "from core.errors import Refused\nfrom pages.parts import words\nst.session_state = {}",
    "pages/parts/words.py": "from babel import Locale",
    "core/__init__.py": "",
    "core/conversations.py": "from sqlmodel import Session\nfrom core import errors\ndef ask(db: Session): ...",
    "core/generations.py": "def run():\n    from core.studio import Studio",
    "core/studio.py": "from core import providers",
    "core/store.py": "import boto3\ndef client():\n    return boto3.session.Session().client('s3')",
    "core/providers/__init__.py": "def open():\n    from core.providers.wire import Wire",
    "core/providers/wire.py": "import httpx\nfrom core.providers import Answer",
    "core/settings.py": "import os\nenviron = os.environ",
    "core/errors.py": "class Refused(Exception): ...",
}


@pytest.fixture
def build(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Makes a house of these files, each under a sentence."""

    def house(files: dict[str, str]) -> Path:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(f'"""A file."""\n{text}\n')
        return tmp_path

    return house


def test_a_sound_house_gives_nothing_to_complain_about(build: Callable[[dict[str, str]], Path]) -> None:
    assert complaints(build(SOUND)) == []


WRONG = [
    ("core/errors.py", "import core.settings", "imports core.settings, which is not below it"),
    ("core/errors.py", "def f():\n    from core.studio import Studio", "imports core.studio, which is not below it"),
    ("core/errors.py", "from core import studio as s", "imports core.studio, which is not below it"),
    ("core/errors.py", "if TYPE_CHECKING:\n    import app", "imports app, which is not below it"),
    ("core/settings.py", "import_module('core.conversations')", "imports core.conversations, which is not below it"),
    ("core/settings.py", "import_module(name)", "imports by dots or by a name that cannot be read here"),
    ("core/settings.py", "from . import errors", "imports by dots or by a name that cannot be read here"),
    ("core/settings.py", "import core.gone", "imports core.gone, which is not there"),
    ("core/conversations.py", "from core import generations", "imports core.generations, which is not below it"),
    ("core/conversations.py", "import streamlit", "imports streamlit, which has another home"),
    ("core/conversations.py", "import pages.parts.words", "imports pages.parts.words, which is not below it"),
    ("core/conversations.py", "def f():\n    import boto3", "imports boto3, which has another home"),
    ("core/conversations.py", "from PIL import Image", "imports PIL, which has another home"),
    ("core/conversations.py", "import duckdb", "imports duckdb, which has another home"),
    ("core/conversations.py", "import never_heard_of", "imports never_heard_of, which has another home"),
    ("core/conversations.py", "import os\nos.environ['A']", "reads the environment"),
    ("core/conversations.py", "from os import getenv", "reads the environment"),
    ("core/conversations.py", "option(envvar='A')", "reads the environment"),
    ("core/conversations.py", "session = 1", "calls something session"),
    ("core/conversations.py", "def f(db_session): ...", "calls something db_session"),
    ("core/conversations.py", "class ImageSession: ...", "calls something ImageSession"),
    ("core/conversations.py", "from sqlmodel import Session as DbSession", "calls something DbSession"),
    ("core/conversations.py", "x = 1\n" * 300, "is longer than 300 lines"),
    ("pages/create.py", "import pages.gallery", "imports pages.gallery, which is not below it"),
    ("pages/create.py", "from core.providers import wire", "imports core.providers.wire, which is not below it"),
    ("pages/parts/frame.py", "from core import store", "imports core.store, which is not below it"),
    ("core/sessions.py", "", "has no place in the house"),
    ("core/utils/strings.py", "", "has no place in the house"),
]


@pytest.mark.parametrize(("path", "line", "complaint"), WRONG)
def test_a_wrong_stone_is_found(build: Callable[[dict[str, str]], Path], path: str, line: str, complaint: str) -> None:
    house = build(SOUND | {path: line})

    found = complaints(house)

    assert found == [f"{path} {complaint}"]


def test_a_file_without_a_sentence_is_found(build: Callable[[dict[str, str]], Path]) -> None:
    house = build(SOUND)
    (house / "core/errors.py").write_text("class Refused(Exception): ...\n")

    assert complaints(house) == ["core/errors.py does not begin with a sentence"]
