"""A real server on loopback that takes whatever is sent to it, for what reports elsewhere: Sentry, OpenTelemetry.

with Receiver() as there:
    …                        # something sends to there.host
    there.arrived            # what came, unpacked
"""

import gzip
import threading
import time
import zlib
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

PATIENCE = 20


@dataclass(frozen=True)
class Arrived:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def everything(self) -> bytes:
        """All that left the sender."""
        return repr((self.path, self.headers)).encode() + self.body


@dataclass
class Receiver:
    """Listens while its block lasts."""

    status: int = 200
    arrived: list[Arrived] = field(default_factory=list)

    def __enter__(self) -> Self:
        arrived, status = self.arrived, self.status

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                unpack = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(
                    self.headers.get("content-encoding", ""), bytes
                )
                arrived.append(Arrived(self.path, dict(self.headers), unpack(body)))
                self.send_response(status)
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                """Silence."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def wait(self, count: int = 1) -> list[Arrived]:
        """What has arrived, once it is so much."""
        ends = time.monotonic() + PATIENCE
        while len(self.arrived) < count and time.monotonic() < ends:
            time.sleep(0.02)
        assert len(self.arrived) >= count, f"{len(self.arrived)} of {count} arrived"
        return self.arrived
