"""Media: what a thumbnail costs the server through our route, against Starlette's FileResponse of the same file.

Both in one Streamlit process, with all that stands before every address, over a kept connection. FileResponse knows no
token, no row and no owner. CPU milliseconds per request; 2.5 times as many requests a second are 0.4x.
"""

from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from core import access
from core.settings import Settings
from core.studio import open_studio
from tests import serving
from tests.bench.apps import PLAIN, App, running
from tests.bench.measure import Row
from tests.bench.photos import photo

REQUESTS, ROUNDS, TILES = 300, 5, 20


def rows() -> Iterator[Row]:
    """About a quarter of a minute."""
    with TemporaryDirectory(prefix="studio-bench-", ignore_cleanup_errors=True) as folder:
        studio = open_studio(Settings(data_dir=Path(folder)))
        me = access.local_person(studio)
        token = access.media_token(studio, me)
        ours = [f"/m/{token}/{serving.image_of(studio, me, photo('PNG', 1024))}/512" for _ in range(TILES)]
        files = [f"/file/{stored.key}" for stored in studio.store.list() if stored.key.endswith(".512.webp")]
        with running(PLAIN, Path(folder), BACKGROUND="elsewhere") as app:
            media, known, file = _costs(app, ours, files)
        studio.engine.dispose()
    yield Row("a thumbnail", media, file, "FileResponse", 0.4)
    yield Row("a thumbnail that the browser holds (304)", known, file, "FileResponse", 0.4)


def _costs(app: App, ours: list[str], files: list[str]) -> list[float]:
    """CPU milliseconds per request: our route, our route for a browser that has it, the plain file. In turns."""
    connection = HTTPConnection(app.host)
    tags = {path: _get(connection, path, 200) for path in ours}
    cases = [(ours, 200, {}), (ours, 304, tags), (files, 200, {})]
    taken: list[list[float]] = [[] for _ in cases]
    for number in range(ROUNDS + 1):
        for place, (paths, status, known) in enumerate(cases):
            before = app.cpu_seconds()
            for request in range(REQUESTS):
                path = paths[request % len(paths)]
                _get(connection, path, status, known.get(path))
            if number:
                taken[place].append((app.cpu_seconds() - before) / REQUESTS * 1000)
    connection.close()
    return [median(times) for times in taken]


def _get(connection: HTTPConnection, path: str, expected: int, tag: str | None = None) -> str:
    """The answer's ETag."""
    connection.request("GET", path, headers={"If-None-Match": tag} if tag else {})
    response = connection.getresponse()
    response.read()
    if response.status != expected:
        raise RuntimeError(f"{path} answered {response.status}.")
    return response.headers.get("ETag", "")
