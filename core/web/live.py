"""Live screens: one hub per process reads what happened, anywhere, and every open screen hears what concerns it.

A screen first hears the state, then what changes. It is subscribed before the state is read, and every message holds
a whole generation as it is now, so nothing can be lost in between and hearing something twice does no harm.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from anyio.to_thread import run_sync
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from core import conversations, events, log, metrics, standing
from core.access import Person
from core.errors import NotFound, StudioError
from core.events import Happened
from core.studio import Studio
from core.web.news import MOST_WAITING, Desk, Question, of_conversations, of_images, text
from core.web.security import Identify

LOOK_SECONDS = 0.25
"""What other processes did is seen this late at worst; what this process did wakes the hub at once."""
BUNCH_SECONDS = 0.02
"""Many changes at once become one look at the database and one bunch of messages per screen."""
PING_SECONDS = 20.0
"""Proxies cut connections that are silent for a minute."""
SEND_SECONDS = 20.0
GONE, BROKEN, STOPPING, OUT, NOT_FOUND, TOO_SLOW = 1000, 1011, 1012, 4401, 4404, 4408
"""Close codes. After STOPPING, TOO_SLOW and BROKEN a screen comes back; after OUT and NOT_FOUND it does not."""


@dataclass(eq=False)
class Line:
    """What waits for one open screen."""

    person: Person
    conversation: str | None
    waiting: asyncio.Queue[Happened] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))
    ended: asyncio.Future[int] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """The code to close with, once there is a reason."""

    def offer(self, happened: Happened) -> None:
        """Queue what concerns this screen. A screen that does not keep up is let go; it comes back for the state."""
        if self.conversation in (None, happened.conversation_id):
            try:
                self.waiting.put_nowait(happened)
            except asyncio.QueueFull:
                self.end(TOO_SLOW)

    def end(self, code: int) -> None:
        """Have the screen's connection closed; the first reason counts."""
        if not self.ended.done():
            self.ended.set_result(code)


class Hub:
    """Hands on what happened to the screens of the person it happened to. Lives in the server's event loop."""

    def __init__(self, studio: Studio, ping_seconds: float = PING_SECONDS) -> None:
        self.studio = studio
        self.ping_seconds = ping_seconds
        self.lines: dict[str, set[Line]] = defaultdict(set)
        self.open = False
        self.desk = Desk(studio)
        self.kept: Callable[[Person, str], None] = lambda person, image_id: None
        """Called with an image that was kept just now, for a person who has a screen open."""
        self._woken = asyncio.Event()
        self._told = False

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Hub"]:
        """Read and hand on until the end of this block; then close every screen's connection."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop is closing: nobody listens any more
                loop.call_soon_threadsafe(self._woken.set)

        feed = await run_sync(events.Feed, self.studio)
        self.studio.on_commit.append(wake)
        tasks = [asyncio.create_task(self._hand_on(feed)), asyncio.create_task(self.desk.answering())]
        self.open = True
        try:
            yield self
        finally:
            self.open = False
            self.studio.on_commit.remove(wake)
            for task in tasks:
                task.cancel()
            for line in [line for lines in self.lines.values() for line in lines]:
                line.end(STOPPING)
            await asyncio.wait(tasks)

    @contextmanager
    def subscribed(self, person: Person, conversation: str | None) -> Iterator[Line]:
        """A line that gathers what happens from this very moment on."""
        line = Line(person, conversation)
        self.lines[person.id].add(line)
        metrics.LIVE.inc()
        if not self.open:
            line.end(STOPPING)
        try:
            yield line
        finally:
            metrics.LIVE.dec()
            self.lines[person.id].discard(line)
            if not self.lines[person.id]:
                del self.lines[person.id]

    async def _hand_on(self, feed: events.Feed) -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)
            self._woken.clear()
            for happened in await self._read(feed):
                lines = self.lines.get(happened.user_id, ())
                if happened.kind in standing.KINDS:
                    self._heed(happened, lines)
                for line in lines:
                    line.offer(happened)
                if lines and happened.kind == "image.kept":
                    self.kept(next(iter(lines)).person, str(happened.facts.get("image")))

    def _heed(self, happened: Happened, lines: Iterable[Line]) -> None:
        """Somebody stands otherwise now. Who signed out somewhere has every screen come back and say who it is."""
        standing.forget(self.studio)
        codes = {standing.OFF: OUT, standing.SIGNED_OUT: STOPPING}
        for line in lines if happened.kind in codes else ():
            line.end(codes[happened.kind])

    async def _read(self, feed: events.Feed) -> Sequence[Happened]:
        """Nothing while the database is away: the feed keeps its place, so what happened comes late, not never."""
        try:
            news = await run_sync(feed.read)
            self._told = False
            return news
        except Exception as error:  # whatever a database says while it is away; the hub must outlive it
            if not self._told:
                log.broken(error)
            self._told = True
            return ()


def routes(identify: Identify, hub: Hub) -> list[WebSocketRoute]:
    """The socket of live screens: `/api/live?conversation=<id>`, or without one for everything of a person."""

    async def live(socket: WebSocket) -> None:
        person = await run_sync(identify, socket)
        await socket.accept()
        with hub.subscribed(person, socket.query_params.get("conversation") or None) as line:
            code = await _served(hub, socket, line)
            with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):  # gone, or too slow even for a good-bye
                await asyncio.wait_for(socket.close(code), SEND_SECONDS)

    return [WebSocketRoute("/api/live", live)]


async def _served(hub: Hub, socket: WebSocket, line: Line) -> int:
    """Talk until the screen leaves, the line ends, or something breaks; returns the code to close with."""
    talking, leaving = asyncio.create_task(_talk(hub, socket, line)), asyncio.create_task(_left(socket))
    try:
        ends: list[asyncio.Future[Any]] = [talking, leaving, line.ended]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        if line.ended.done():
            return line.ended.result()
        return GONE if leaving.done() else await talking
    except WebSocketDisconnect:
        return GONE
    except TimeoutError:
        return TOO_SLOW
    except NotFound:
        return NOT_FOUND
    except Exception as error:  # the last stop: told once with a number; the screen comes back for the state
        if not isinstance(error, StudioError):
            log.broken(error)
        return BROKEN
    finally:
        for task in (talking, leaving):
            task.cancel()
        await asyncio.gather(talking, leaving, return_exceptions=True)


async def _talk(hub: Hub, socket: WebSocket, line: Line) -> int:
    await _send(socket, await run_sync(_state, hub.studio, line))
    while True:
        try:
            first = await asyncio.wait_for(line.waiting.get(), hub.ping_seconds)
        except TimeoutError:
            await _refuse_off(hub.studio, line)
            await _send(socket, text({"type": "ping"}))
            continue
        await _refuse_off(hub.studio, line)
        bunch = [first, *(line.waiting.get_nowait() for _ in range(line.waiting.qsize()))]
        for message in of_images(bunch):  # at once: the picture comes while all else about it is looked up
            await _send(socket, message)
        for message in await _messages(hub.desk, line, bunch):
            await _send(socket, message)
        await asyncio.sleep(BUNCH_SECONDS)  # the first change goes out at once, what follows closely goes together


async def _refuse_off(studio: Studio, line: Line) -> None:
    """End the line of somebody who is switched off, should the feed not have told it yet. Raises NotFound then."""
    if not standing.remembered(studio, line.person.id):
        await run_sync(standing.of, studio, line.person.id)
    try:
        standing.refuse_off(studio, line.person.id)
    except NotFound:
        line.end(OUT)
        raise


async def _messages(desk: Desk, line: Line, bunch: Sequence[Happened]) -> list[str]:
    if line.conversation is None:
        return of_conversations(bunch)
    return await desk.messages(Question(line.person, line.conversation, bunch))


async def _left(socket: WebSocket) -> None:
    """Returns when the screen is gone. What it says is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _send(socket: WebSocket, message: str) -> None:
    try:
        await asyncio.wait_for(socket.send_text(message), SEND_SECONDS)
    except RuntimeError:  # the server closed it at the same moment
        raise WebSocketDisconnect(GONE) from None


def _state(studio: Studio, line: Line) -> str:
    """Everything a screen that comes or comes back needs. Raises NotFound for somebody else's conversation."""
    known = conversations.live(studio, line.person, line.conversation) if line.conversation else []
    return text({"type": "state", "generations": known})
