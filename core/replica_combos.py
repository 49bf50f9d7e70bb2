"""What the numbers of combinations of facets mean, kept as arrays: then counting many of them is arithmetic.

A team has tens of thousands of combinations. To fold them one by one takes twenty times as long, and holds up all other
threads of the process meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from core.replica_rows import FACETS

KEPT = 32
"""Answers of some hundred kilobytes."""


@dataclass(frozen=True)
class Facet:
    """One facet of all combinations."""

    values: tuple[str, ...]
    """Each of them once."""
    places: np.ndarray
    """By the number of a combination, where its value stands."""


class Combos:
    """Those of one file. They only ever become more, so what is known stays true; how many images have each changes."""

    def __init__(self) -> None:
        self._known: Mapping[str, Facet] = {}
        self._often: dict[Hashable, np.ndarray] = {}

    def often(self, cursor: duckdb.DuckDBPyConnection, sql: str, given: Mapping[str, Any]) -> np.ndarray:
        """How many images have each combination, by its number, of those whose `combo` this SQL selects.

        Who then picks among values has no other images counted, so the answer is kept until some image changes.
        """
        kept = self._often  # the one before the query: another may have taken its place when the answer is there
        key = sql, *sorted(given.items())
        often = kept.get(key)
        if often is None:
            found = cursor.execute(sql, given).fetchnumpy()["combo"]
            often = np.bincount(found)  # half the time of DuckDB's GROUP BY, which expects fewer combinations
            if len(kept) >= KEPT:
                kept.clear()
            kept[key] = often
        return often

    def forget(self) -> None:
        """Images changed."""
        self._often = {}

    def counted(
        self, cursor: duckdb.DuckDBPyConnection, often: np.ndarray, takes: Callable[[str, str], bool]
    ) -> tuple[int, dict[str, Counter[str]]]:
        """Of images that have each combination so often: how many are taken, and how many with each value would be,
        were its facet not asked for."""
        numbers = np.flatnonzero(often)
        n = often[numbers]
        facets = self._upto(cursor, int(numbers.max(initial=0)))
        missed = {name: _missed(facet, name, takes) for name, facet in facets.items()}
        missed = {name: values[facets[name].places[numbers]] for name, values in missed.items() if values.any()}
        misses = sum(missed.values(), np.zeros(len(numbers), np.int8))
        taken = misses == 0
        shown = {name: misses == missed[name] if name in missed else taken for name in facets}
        counts = {name: _counts(facet, numbers[shown[name]], n[shown[name]]) for name, facet in facets.items()}
        return int(n[taken].sum()), counts

    def _upto(self, cursor: duckdb.DuckDBPyConnection, number: int) -> Mapping[str, Facet]:
        known = self._known
        if not known or any(len(facet.places) <= number for facet in known.values()):
            known = self._known = _read(cursor)
        return known


def _missed(facet: Facet, name: str, takes: Callable[[str, str], bool]) -> np.ndarray:
    """For each value, 1 when it is not taken."""
    return np.array([not takes(name, value) for value in facet.values], np.int8)


def _counts(facet: Facet, numbers: np.ndarray, n: np.ndarray) -> Counter[str]:
    sums = np.bincount(facet.places[numbers], n, len(facet.values)).astype(int).tolist()
    return Counter({value: count for value, count in zip(facet.values, sums, strict=True) if count})


def _read(cursor: duckdb.DuckDBPyConnection) -> dict[str, Facet]:
    table = cursor.sql(f"SELECT no, {', '.join(FACETS)} FROM combo").to_arrow_table()
    return {name: _facet(table["no"].to_numpy(), table[name].combine_chunks()) for name in FACETS}


def _facet(numbers: np.ndarray, values: pa.Array) -> Facet:
    coded = values.dictionary_encode()
    places = np.zeros(int(numbers.max(initial=0)) + 1, np.int32)
    places[numbers] = coded.indices.to_numpy()
    return Facet(tuple(coded.dictionary.to_pylist()), places)
