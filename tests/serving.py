"""The studio's own addresses on a real server, and rows as the pipeline leaves them, for tests that speak HTTP."""

import hashlib
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import websockets.sync.client as sockets
from PIL import Image as Pillow
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse
from starlette.routing import Route
from websockets.sync.client import ClientConnection

from core import access, events, keeping, pictures, web
from core.access import Person
from core.replica import Behind, Replica
from core.studio import Studio
from core.tables import SUCCEEDED, Conversation, Generation, Turn, new_id
from core.web.live import PING_SECONDS, Hub
from core.web.security import FRESH

UI = Path(__file__).parent.parent / "pages" / "parts" / "components"


@dataclass(frozen=True)
class Served:
    """A running server. People name themselves in a header; signing in is not what these tests are about."""

    studio: Studio
    host: str
    hub: Hub
    server: uvicorn.Server
    pages: dict[str, str] = field(default_factory=dict)
    """What is at `/mounted` for a window that names it in a header."""

    def client(self, person: Person | None = None) -> httpx.Client:
        """A browser of this person, on a page of ours."""
        headers = {"x-studio": "1", **({"x-person": person.id} if person else {})}
        # Nothing is encrypted here, and to read whose certificates are trusted takes longer than most tests.
        return httpx.Client(base_url=f"http://{self.host}", headers=headers, trust_env=False, timeout=30, verify=False)

    def listen(self, person: Person | None, conversation: str | None = None, **other: Any) -> ClientConnection:
        """An open screen of this person."""
        address = f"ws://{self.host}/api/live" + (f"?conversation={conversation}" if conversation else "")
        headers = {"X-Person": person.id} if person else {}
        given = {"origin": f"http://{self.host}", "additional_headers": headers, "proxy": None, **other}
        return sockets.connect(address, **given)


@contextmanager
def serving(studio: Studio, ui: Path = UI, ping_seconds: float = PING_SECONDS) -> Iterator[Served]:
    """Serve `core.web` on a free port of 127.0.0.1 until the end of the block."""
    hub, pages = Hub(studio, ping_seconds), dict[str, str]()

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with hub.running():
            yield

    async def mounted(request: Request) -> HTMLResponse:
        return HTMLResponse(pages[request.headers["x-mounted"]], headers=FRESH)

    routes = [Route("/mounted", mounted), *web.routes(studio, _named, ui, hub)]
    app = Starlette(routes=routes, middleware=web.middleware(), lifespan=lifespan)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Served(studio, f"127.0.0.1:{_port(server, thread)}", hub, server, pages)
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def followed(studio: Studio) -> Iterator[Replica]:
    """The studio's replica, which runs and is there."""
    with Replica(studio).running() as copy:
        ends = time.monotonic() + 20
        while True:
            try:
                with copy.reading():
                    break
            except Behind:
                assert time.monotonic() < ends, "the replica did not come"
                time.sleep(0.02)
        yield copy


def _named(connection: HTTPConnection) -> Person:
    if "x-person" not in connection.headers:
        raise HTTPException(401)
    return Person(connection.headers["x-person"], "")


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    return int(server.servers[0].sockets[0].getsockname()[1])


def person(studio: Studio, name: str) -> Person:
    """Somebody of the team."""
    return access.person_named(studio, name.lower(), name)


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 480), colour: str = "teal", mode: str = "RGB") -> bytes:
    """A small picture in one colour."""
    out = BytesIO()
    Pillow.new(mode, size, colour).save(out, kind)
    return out.getvalue()


def conversation(studio: Studio, who: Person, title: str = "A fox") -> str:
    """A conversation without turns."""
    row = Conversation(id=new_id(), user_id=who.id, title=title, created_at=studio.now(), updated_at=studio.now())
    with studio.transaction() as db:
        db.add(row)
    return row.id


def generation(studio: Studio, who: Person, thread: str, prompt: str = "a red fox", position: int = 1) -> str:
    """A turn of this conversation that asked one model, which waits."""
    turn = Turn(
        id=new_id(),
        conversation_id=thread,
        user_id=who.id,
        position=position,
        prompt=prompt,
        token=new_id(),
        created_at=studio.now(),
    )
    row = Generation(
        id=new_id(), turn_id=turn.id, user_id=who.id, provider="sketch", model="sketch", queued_at=studio.now()
    )
    with studio.transaction() as db:
        db.add(turn)
        db.flush()
        db.add(row)
        events.record(studio, db, "turn.asked", who.id, conversation=thread, generation=row.id, turn=turn.id)
    return row.id


def succeed(studio: Studio, who: Person, thread: str, generation_id: str, data: bytes, thumbs: bool = True) -> str:
    """Keep this picture as what the model answered; returns the image's id."""
    kept = pictures.keep(data)
    row = keeping.image_row(kept, new_id(), who.id, thread, studio.now())
    row.generation_id = generation_id
    keeping.put(studio.store, row.key, kept if thumbs else replace(kept, thumbs={}))
    with studio.transaction() as db:
        answered = db.get_one(Generation, generation_id)
        answered.status, answered.duration_ms = SUCCEEDED, 1_200
        db.add(row)
        facts = {"conversation": thread, "generation": generation_id}
        events.record(studio, db, "image.kept", who.id, **facts, image=row.id)
        events.record(studio, db, "generation.succeeded", who.id, **facts)
    return row.id


def image_of(studio: Studio, who: Person, data: bytes, prompt: str = "a red fox", thumbs: bool = True) -> str:
    """A kept picture in a conversation of its own; returns its id."""
    thread = conversation(studio, who)
    return succeed(studio, who, thread, generation(studio, who, thread, prompt), data, thumbs)


def raw(served: Served, request: str) -> str:
    """What the server answers to these very bytes; for requests that no client library would send."""
    with connection(served) as line:
        line.sendall(request.encode())
        return line.recv(65_536).decode()


def connection(served: Served) -> socket.socket:
    """A connection to the server on which nothing was said yet."""
    host, _, port = served.host.partition(":")
    return socket.create_connection((host, int(port)), timeout=20)


def sha256(path: Path) -> str:
    """Of the file's bytes, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
