"""Parcel: many originals as one zip, over HTTP, from a process of its own that serves and reads.

Files of 3 MB. The plain copy sends the same files, read in the same pieces, through a bare socket in that process: no
HTTP, no zip, no checksum.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from core import access
from core.settings import Settings
from core.studio import open_studio
from tests import downloading
from tests.bench.measure import Row

SIZES = (200, 2_000)


def rows() -> Iterator[Row]:
    """About a minute."""
    for n in SIZES:
        with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
            settings = Settings(data_dir=Path(folder))
            studio = open_studio(settings)
            me = access.local_person(studio)
            ids = downloading.originals(studio, me, n)
            studio.engine.dispose()
            found = downloading.apart(settings, me, ids)
        yield Row(f"zip of {n:,} images: first byte", found.first, 1_000, "a second", 1)
        yield Row(f"zip of {n:,} images: all of it", found.took, found.plain, "plain copy of the same bytes", 4)
        yield Row(f"zip of {n:,} images: memory growth", found.grown / 1e6, 32, "32 MB", 1, unit="MB")
