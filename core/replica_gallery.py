"""How the gallery lies in its copy: images in the order in which people look, their texts folded for searching."""

from collections.abc import Set

import pyarrow as pa

from core.replica_combos import Combos
from core.replica_layout import Layout
from core.replica_read import BETWEEN
from core.replica_rows import FACETS, IMAGES
from core.replica_whole import Whole
from core.tiles import UNIT

TABLES = f"""
    CREATE TABLE combo (no UINTEGER, key VARCHAR, {", ".join(f"{name} VARCHAR" for name in FACETS)});
    CREATE TABLE img (id UUID, owner UUID, made TIMESTAMP, live BOOLEAN, combo UINTEGER, cost BIGINT, took INTEGER,
        shape UTINYINT, post UUID, trashed TIMESTAMP, words VARCHAR, asked UBIGINT, dhash BIGINT);
"""
ORDER = "owner, made DESC, id DESC"
"""As people look: once the newest are read, no older block can hold what belongs on the page."""
BLOCK = 4_096
"""Each person's newest stand at one place: in larger blocks nearly each would hold some of everybody's newest."""
_APART = r"[^\p{{L}}\p{{N}} ][^\p{{L}}\p{{N}}]*| [^\p{{L}}\p{{N}}]+"
"""All that stands between words but single blanks, which stay: to put a blank for each takes three times as long."""
FOLD = f"' ' || trim(regexp_replace(lower(strip_accents({{text}})), '{_APART}', ' ', 'g')) || ' '"
"""Text as it is searched: small letters without accents, one blank around every word; without words, two blanks."""
SAYS = "CASE WHEN {folded} <> '  ' THEN hash({folded}) END"
"""What two prompts have in common that say the same; NULL for one that says nothing in words."""
_SHAPE = f"least(greatest(f.width * {UNIT} // f.height, 1), 255)"


def _folded(rows: str) -> str:
    """Both texts by one expression: to prepare its pattern takes longer than to fold a few rows."""
    both = f"list_transform([told, prompt], lambda text: {FOLD.format(text='text')})"
    lists = f"(SELECT *, {both} AS texts FROM {rows})"
    return f"(SELECT * EXCLUDE texts REPLACE (texts[1] AS told, texts[2] AS prompt) FROM {lists})"


def _squeezed(rows: str) -> str:
    """`told` is made of texts that are folded: one blank where two of them meet."""
    return f"(SELECT * REPLACE (' ' || trim(replace(told, '   ', ' ')) || ' ' AS told) FROM {rows})"


def _select(*, many: bool) -> str:
    source = _squeezed("rows") if many else _folded("rows")
    return f"""
        SELECT f.id::UUID AS id, f.owner::UUID AS owner, f.made::TIMESTAMP AS made, f.trashed IS NULL AS live,
            combo.no AS combo, f.cost, f.took, {_SHAPE} AS shape, f.post::UUID AS post,
            f.trashed::TIMESTAMP AS trashed,
            CASE WHEN f.told = '  ' THEN f.prompt ELSE f.told || ltrim(f.prompt) END AS words,
            {SAYS.format(folded="f.prompt")} AS asked, f.dhash
        FROM {source} AS f
        JOIN combo ON combo.key = f.facets
    """


_COMBOS = f"""
    INSERT INTO combo
    SELECT (SELECT coalesce(max(no), 0) FROM combo) + row_number() OVER (), facets,
        {", ".join(f"string_split(facets, '{BETWEEN}')[{place}]" for place in range(1, len(FACETS) + 1))}
    FROM (SELECT DISTINCT facets FROM rows WHERE facets NOT IN (SELECT key FROM combo)) AS new
"""
_DELETE = """
    DELETE FROM img
    WHERE owner IN (SELECT owner::UUID FROM touched) AND id IN (SELECT id::UUID FROM touched)
"""
_SUMS = """
    SELECT replace(owner::VARCHAR, '-', ''), count(*), coalesce(sum(cost), 0), coalesce(sum(took), 0),
        count(*) FILTER (starred = 'yes')
    FROM img JOIN combo ON img.combo = combo.no GROUP BY owner
"""


def _keys(rows: pa.Table) -> Set[str]:
    return set(rows["facets"].to_pylist())


GALLERY = Layout(
    folder="replica",
    rows=IMAGES,
    table="img",
    tables=TABLES,
    order=ORDER,
    least_block=BLOCK,
    known="SELECT key FROM combo",
    keys=_keys,
    learn=_COMBOS,
    select=_select,
    delete=_DELETE,
    sums=_SUMS,
    beside=("combo",),
    memo=Combos,
    whole=Whole(IMAGES, FOLD),
)
