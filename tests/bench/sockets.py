"""Open pages without a browser: Streamlit's own socket and the live socket, as plain WebSocket clients."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from streamlit.proto.AutoRerun_pb2 import AutoRerun
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.bench.apps import App

MOST_SECONDS = 60


@asynccontextmanager
async def page(app: App, name: str, query: str) -> AsyncIterator["Open"]:
    """A visit of this page, once its script has run; what it asks to be run again is run again."""
    address = f"ws://{app.host}/_stcore/stream"
    async with connect(address, origin=app.address, subprotocols=["streamlit"], max_size=None, proxy=None) as socket:
        opened = Open(socket, name, query)
        listening = asyncio.create_task(opened.listen())
        try:
            await opened.run()
            await asyncio.wait_for(opened.finished.wait(), MOST_SECONDS)
            yield opened
        finally:
            opened.stop()
            listening.cancel()


@asynccontextmanager
async def live(app: App, conversation: str) -> AsyncIterator[list[str]]:
    """The socket of a conversation's tiles; gives what it has heard."""
    heard: list[str] = []

    async def listen(socket: ClientConnection) -> None:
        with suppress(ConnectionClosed):
            async for message in socket:
                heard.append(str(message))

    async with connect(
        f"ws://{app.host}/api/live?conversation={conversation}", origin=app.address, max_size=None, proxy=None
    ) as socket:
        listening = asyncio.create_task(listen(socket))
        yield heard
        listening.cancel()


class Open:
    """A Streamlit page that is open somewhere."""

    def __init__(self, socket: ClientConnection, name: str, query: str) -> None:
        self.socket, self.name, self.query = socket, name, query
        self.finished, self.runs = asyncio.Event(), 0
        self._timers: list[asyncio.Task[None]] = []

    async def run(self, fragment: str = "") -> None:
        """Have the script run, or one fragment of it, as the browser would."""
        wanted = BackMsg()
        state = wanted.rerun_script
        state.query_string, state.page_name = self.query, self.name
        state.context_info.url = f"http://{self.socket.request.headers['Host']}/{self.name}"
        state.fragment_id, state.is_auto_rerun = fragment, bool(fragment)
        await self.socket.send(wanted.SerializeToString())

    async def listen(self) -> None:
        """Count runs and start the timers that the page asks for, until the page is closed."""
        with suppress(ConnectionClosed):
            async for message in self.socket:
                said = ForwardMsg.FromString(message)
                if said.HasField("auto_rerun"):
                    self._timers.append(asyncio.create_task(self._again(said.auto_rerun)))
                elif said.HasField("script_finished"):
                    self.runs += 1
                    self.finished.set()

    def stop(self) -> None:
        """No timer runs any more."""
        for timer in self._timers:
            timer.cancel()

    async def _again(self, asked: AutoRerun) -> None:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(asked.interval)
                await self.run(asked.fragment_id)
