"""The seed of a kind of replica: a whole file that a new process copies, in place of reading the database.

It lies beside the folders of the processes. Like every file of a replica it can be removed at any time; one that cannot
go on from where it stands is of no use, and whoever finds that reads the database and leaves a new one.
"""

import shutil
from pathlib import Path

from core.replica_file import File, opened
from core.replica_layout import Layout


class Seed:
    """That of one kind of replica under one DATA_DIR."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.layout = layout
        self.path = folder / f"{layout.name}.seed"

    def age(self, now: float) -> float:
        """Seconds since it was left, from a time in seconds since 1970; endless when there is none."""
        try:
            return now - self.path.stat().st_mtime
        except FileNotFoundError:
            return float("inf")

    def leave(self, file: File) -> None:
        """From now on a new process begins with this file as it was written back last.

        For the one who writes it: nobody else knows that it is whole. To close a file that was read here gives up
        DuckDB's lock of it, too; the folder has a lock of its own. Raises OSError when the disk is full; then the seed
        is as it was, and nothing half is left.
        """
        _copy(file.path, self.path, file.path.with_name("seed.partial"))
        for other in self.path.parent.glob("*.seed"):
            if other != self.path:
                other.unlink(missing_ok=True)

    def grown(self, path: Path) -> File | None:
        """A file of one's own that begins as the seed; None when there is none that can be read."""
        try:
            _copy(self.path, path, path.with_suffix(".partial"))
        except FileNotFoundError:
            return None
        file = opened(path, self.layout)
        if file is None:
            self.path.unlink(missing_ok=True)
        return file


def _copy(path: Path, to: Path, partial: Path) -> None:
    """The whole file or nothing, by way of one that whoever starts here next removes."""
    try:
        shutil.copyfile(path, partial)
        partial.replace(to)
    finally:
        partial.unlink(missing_ok=True)
