"""What the start of the application promises: nobody from elsewhere without a sign-in, headers only behind a proxy."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets.sync.client as sockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.typing import Subprotocol

from tests.browser.app_server import app_server
from tests.browser.windows import free_port
from tests.processes import program

MINE = "/api/trash"
"""An address that answers from the database, to anybody who is somebody."""
ADA = {"X-Forwarded-Email": "ada@example.org"}
WRONG = [
    ("0.0.0.0", {}, "There is no sign-in"),
    ("::", {}, "There is no sign-in"),
    ("", {"SIGN_IN": "proxy"}, "Only the proxy may say"),
    ("127.0.0.1", {"SIGN_IN": "oidc"}, "OIDC_ISSUERS names no provider"),
    ("127.0.0.1", {"SIGN_IN": "open"}, "It can be local, oidc or proxy"),
]


@pytest.mark.parametrize(("address", "environment", "words"), WRONG, ids=str)
def test_the_application_itself_refuses_to_start_open_to_others(
    tmp_path: Path, ready_sqlite: Path, address: str, environment: dict[str, str], words: str
) -> None:
    shutil.copy(ready_sqlite, tmp_path)
    known = os.environ | {"DATA_DIR": str(tmp_path)} | environment
    options = ("--server.port", str(free_port()), "--server.address", address)

    process = program("streamlit", "run", "app.py", *options, environment=known, log=tmp_path / "log")
    process.join(60)
    process.kill()

    said = (tmp_path / "log").read_text()
    assert words in said
    assert "Traceback" not in said
    assert process.exitcode == 2


@pytest.fixture(scope="module", params=["local", "proxy"])
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path
) -> Iterator[tuple[str, str]]:
    """The mode, and the address of an application that runs in it."""
    folder = tmp_path_factory.mktemp("start")
    shutil.copy(ready_sqlite, folder)
    with app_server(folder, SIGN_IN=request.param, BACKGROUND="elsewhere") as address:
        yield request.param, address


def test_a_header_counts_behind_a_proxy_and_nowhere_else(running: tuple[str, str]) -> None:
    mode, address = running

    with_it, without = (httpx.get(address + MINE, headers=headers, trust_env=False) for headers in (ADA, {}))

    assert (with_it.status_code, without.status_code) == ((200, 401) if mode == "proxy" else (200, 200))
    assert ("ada" in drawn(address, ADA), "ada" in drawn(address, {})) == (mode == "proxy", False)


def test_without_a_provider_nobody_can_sign_in(running: tuple[str, str]) -> None:
    for path in ("/auth/login?provider=x", "/auth/login", "/oauth2callback?state=x&code=y", "/auth/logout"):
        answer = httpx.get(running[1] + path, trust_env=False)

        assert (answer.status_code, answer.headers["location"]) == (302, "/")
        assert "_streamlit_user" not in answer.cookies


def drawn(address: str, headers: dict[str, str]) -> str:
    """The start page as Streamlit draws it for somebody who comes with these headers."""
    url, said = f"ws{address.removeprefix('http')}/_stcore/stream", list[str]()
    protocols = [Subprotocol("streamlit")]
    with sockets.connect(url, proxy=None, subprotocols=protocols, additional_headers=headers) as socket:
        socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
        while not said or "script_finished" not in said[-1]:
            frame = bytes(socket.recv(timeout=30))  # type: ignore[arg-type]  # Streamlit sends no text
            said.append(str(ForwardMsg.FromString(frame)))
    return "".join(message for message in said if 'label: "ada"' in message)
