"""What the numbers of combinations of facets mean, kept as arrays: then counting many of them is arithmetic.

A team has tens of thousands of combinations. To fold them one by one takes twenty times as long, and holds up all other
threads of the process meanwhile.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from core.replica_rows import FACETS


@dataclass(frozen=True)
class Facet:
    """One facet of all combinations."""

    values: tuple[str, ...]
    """Each of them once."""
    places: np.ndarray
    """By the number of a combination, where its value stands."""


class Combos:
    """Those of one file. They only ever become more, so what is known stays true."""

    def __init__(self) -> None:
        self._known: Mapping[str, Facet] = {}

    def counted(
        self, cursor: duckdb.DuckDBPyConnection, found: np.ndarray, takes: Callable[[str, str], bool]
    ) -> tuple[int, dict[str, Counter[str]]]:
        """Of images of which `found` has the combination of each: how many are taken, and how many with each value
        would be, were its facet not asked for."""
        often = np.bincount(found)  # half the time of DuckDB's GROUP BY, which expects fewer combinations
        numbers = np.flatnonzero(often)
        n = often[numbers]
        facets = self._upto(cursor, int(numbers.max(initial=0)))
        places = {name: facet.places[numbers] for name, facet in facets.items()}
        missed = {name: _missed(name, facet, takes)[places[name]] for name, facet in facets.items()}
        misses = np.sum(list(missed.values()), axis=0)
        wanted = {name: np.where(misses == missed[name], n, 0) for name in facets}
        counts = {name: _counts(facet, places[name], wanted[name]) for name, facet in facets.items()}
        return int(n[misses == 0].sum()), counts

    def _upto(self, cursor: duckdb.DuckDBPyConnection, number: int) -> Mapping[str, Facet]:
        known = self._known
        if not known or any(len(facet.places) <= number for facet in known.values()):
            known = self._known = _read(cursor)
        return known


def _missed(name: str, facet: Facet, takes: Callable[[str, str], bool]) -> np.ndarray:
    """For each value, 1 when it is not taken."""
    return np.array([not takes(name, value) for value in facet.values], np.int8)


def _counts(facet: Facet, places: np.ndarray, n: np.ndarray) -> Counter[str]:
    sums = np.bincount(places, n, len(facet.values)).astype(int).tolist()
    return Counter({value: count for value, count in zip(facet.values, sums, strict=True) if count})


def _read(cursor: duckdb.DuckDBPyConnection) -> dict[str, Facet]:
    table = cursor.sql(f"SELECT no, {', '.join(FACETS)} FROM combo").to_arrow_table()
    return {name: _facet(table["no"].to_numpy(), table[name].combine_chunks()) for name in FACETS}


def _facet(numbers: np.ndarray, values: pa.Array) -> Facet:
    coded = values.dictionary_encode()
    places = np.zeros(int(numbers.max(initial=0)) + 1, np.int32)
    places[numbers] = coded.indices.to_numpy()
    return Facet(tuple(coded.dictionary.to_pylist()), places)
