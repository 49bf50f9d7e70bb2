"""Every address: security headers, the names we answer to, errors as sentences, health for operators."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import websockets.sync.client as sockets
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from websockets.exceptions import InvalidStatus

from core import web
from core.errors import NotFound, Refused
from core.files import StoreDown
from core.settings import Settings
from core.studio import Studio, open_studio
from core.web import security
from tests import serving
from tests.serving import Served


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")))


@pytest.fixture(scope="module")
def ui(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ui")
    (folder / "gallery.js").write_text("export default () => 1;\n")
    (folder / "gallery.css").write_text(".tile {}\n")
    (folder / "secret.py").write_text("KEY = 1\n")
    (folder / "linked.js").symlink_to(folder / "secret.py")
    return folder


@pytest.fixture(scope="module")
def served(studio: Studio, ui: Path) -> Iterator[Served]:
    with serving.serving(studio, ui) as served:
        yield served


@pytest.fixture(scope="module")
def browser(served: Served) -> Iterator[httpx.Client]:
    with served.client() as client:
        yield client


def answered(app: Starlette, address: str, sender: str = "127.0.0.1") -> httpx.Response:
    """What the app says to a sender with this address."""

    async def ask() -> httpx.Response:
        line = httpx.ASGITransport(app, client=(sender, 1))
        async with httpx.AsyncClient(transport=line, base_url="http://localhost") as client:
            return await client.get(address)

    return asyncio.run(ask())


ADDRESSES = ["/healthz", "/readyz", "/metrics", "/api/nothing", "/m/x/y/256", "/ui/0/none.js", "/", "/anything"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_security_headers(browser: httpx.Client, address: str) -> None:
    headers = browser.get(address).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] in ("same-origin", "no-referrer")
    assert "camera=()" in headers["permissions-policy"]
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "object-src 'none'" in headers["content-security-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"


@pytest.mark.parametrize("address", ["/api", "/api/", "/api/nope", "/m", "/m/x", "/m/a/b/c/d", "/ui", "/ui/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_there_says_so_as_json(browser: httpx.Client, address: str, method: str) -> None:
    answer = browser.request(method, address)

    assert answer.status_code == 404
    assert answer.json()["error"].endswith(".")


@pytest.mark.parametrize("name", ["localhost", "localhost:8501", "127.0.0.1", "127.9.9.9:80", "[::1]", "[::1]:8501"])
def test_local_mode_answers_to_this_machines_own_names(browser: httpx.Client, name: str) -> None:
    assert browser.get("/healthz", headers={"host": name}).status_code == 200


FOREIGN = [
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "evil.example:8501",
    "0.0.0.0",
    "10.0.0.1",
    "[2001:db8::1]",
    "localhost@evil.example",
    "localhost:1:2",
    "localhost/evil",
    "[::1",
    "",
]


@pytest.mark.parametrize("name", FOREIGN)
@pytest.mark.parametrize("address", ["/healthz", "/api/gallery", "/", "/_stcore/stream"])
def test_local_mode_answers_to_no_other_name(browser: httpx.Client, name: str, address: str) -> None:
    answer = browser.get(address, headers={"host": name})

    assert answer.status_code == 403
    assert "localhost" in answer.json()["error"]


@pytest.mark.parametrize("address", ["/api/live", "/_stcore/stream"])
def test_sockets_under_a_foreign_name_are_refused_too(served: Served, address: str) -> None:
    port = served.host.rpartition(":")[2]

    with pytest.raises(InvalidStatus) as refused, serving.connection(served) as line:
        sockets.connect(f"ws://evil.example:{port}{address}", sock=line, origin=f"http://evil.example:{port}")

    assert refused.value.response.status_code == 403


@given(name=st.text(st.characters(codec="ascii"), max_size=40))
def test_only_names_of_this_machine_count_as_local(name: str) -> None:
    local = security.is_local_name(name)

    assert not local or name.lower().startswith(("localhost", "127.", "[::1]", "[0", "[::ffff:127."))


def test_healthz_says_that_the_process_lives(browser: httpx.Client) -> None:
    answer = browser.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"ok": True})
    assert answer.headers["cache-control"] == "no-store"


def test_readyz_says_what_it_tried(browser: httpx.Client) -> None:
    answer = browser.get("/readyz")

    checks = {"database": "ok", "files": "ok", "migrations": "ok", "disk": "ok"}
    assert (answer.status_code, answer.json()) == (200, {"ready": True, "checks": checks})


def test_readyz_leaves_nothing_behind(studio: Studio, browser: httpx.Client) -> None:
    for _ in range(3):
        browser.get("/readyz")

    with studio.engine.connect() as connection:
        assert (
            connection.exec_driver_sql("SELECT count(*) FROM heartbeat WHERE executor_id LIKE 'readyz%'").scalar() == 0
        )
    assert list(studio.store.list()) == []


def test_readyz_names_the_disk_that_is_nearly_full(tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path, free_space_floor_mb=10**9))
    with serving.serving(studio) as served, served.client() as browser:
        answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert "disk space" in answer.json()["checks"]["disk"]
    assert answer.json()["checks"]["database"] == "ok"


def test_readyz_names_the_store_that_is_another_one(tmp_path: Path) -> None:
    with serving.serving(open_studio(Settings(data_dir=tmp_path))) as served, served.client() as browser:
        assert browser.get("/readyz").status_code == 200
        (tmp_path / "files" / ".image-studio").write_text("another disk")

        answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["checks"]["files"].startswith("The file store is not the one used so far")


def test_readyz_names_the_database_that_is_gone(tmp_path: Path) -> None:
    studio = open_studio(Settings(data_dir=tmp_path))
    with serving.serving(studio) as served, served.client() as browser:
        with studio.engine.connect() as connection:
            connection.exec_driver_sql("ALTER TABLE heartbeat RENAME TO elsewhere")
            connection.commit()

        answer = browser.get("/readyz")

    assert answer.status_code == 503
    assert "OperationalError" in answer.json()["checks"]["database"]
    assert answer.json()["checks"]["files"] == "ok"


def test_metrics_count_in_prometheus_words(studio: Studio, browser: httpx.Client) -> None:
    alice = serving.person(studio, "Alice")
    serving.generation(studio, alice, serving.conversation(studio, alice))
    (studio.settings.spool_dir / f"{'0' * 32}.answer").write_bytes(b"{}\n")

    lines = browser.get("/metrics").text.splitlines()

    facts = {line.partition(" ")[0]: line.rpartition(" ")[2] for line in lines}
    assert facts["studio_generations_queued"] == "1.0"
    assert facts["studio_generations_running"] == "0.0"
    assert float(facts["studio_oldest_queued_seconds"]) >= 0
    assert facts["studio_spooled_answers"] == "1.0"
    assert float(facts["studio_disk_free_bytes"]) > float(facts["studio_disk_floor_bytes"]) > 0
    assert facts["studio_workers"] == facts["studio_unknown_outcomes_open"] == "0.0"
    assert facts["studio_possible_cost_dollars"] == "0.0"
    for name in ("generations", "provider_calls", "unknown_outcomes", "storage_errors", "cost_dollars", "broken"):
        assert f"# TYPE studio_{name}_total counter" in lines
    assert "# TYPE studio_provider_seconds histogram" in lines


@pytest.mark.parametrize("address", ["/metrics", "/readyz", "/_stcore/metrics", "/_stcore/agent/openapi.json"])
@pytest.mark.parametrize("forwarded", ["X-Forwarded-For", "Forwarded"])
def test_operators_addresses_are_closed_to_whoever_comes_through_a_proxy(
    browser: httpx.Client, address: str, forwarded: str
) -> None:
    assert browser.get(address, headers={forwarded: "203.0.113.9"}).status_code == 403


@pytest.mark.parametrize("sender", ["203.0.113.9", "10.0.0.1", "::2", "testclient", "::ffff:10.0.0.1"])
def test_operators_addresses_are_closed_to_other_machines(sender: str) -> None:
    app = Starlette(routes=[Route("/metrics", lambda _: PlainTextResponse(""))], middleware=web.middleware())

    assert answered(app, "/metrics", sender).status_code == 403
    assert answered(app, "/metrics", "127.0.0.1").status_code == 200


def test_errors_become_sentences_and_unforeseen_ones_a_number() -> None:
    def fail(request: Request) -> Response:
        raise {
            "found": NotFound("There is no such image."),
            "refused": Refused("Pick a model."),
            "down": StoreDown("The disk failed."),
            "broken": RuntimeError("SELECT secret FROM table"),
        }[request.path_params["kind"]]

    app = Starlette(routes=[Route("/{kind}", fail)], middleware=web.middleware())

    answers = {kind: answered(app, f"/{kind}") for kind in ("found", "refused", "down", "broken")}

    assert [answer.status_code for answer in answers.values()] == [404, 400, 503, 500]
    assert answers["found"].json() == {"error": "There is no such image."}
    assert answers["broken"].json()["error"].startswith("Something broke on our side (")
    assert "secret" not in answers["broken"].text


def test_a_script_of_ours_is_kept_for_ever_under_its_own_version(browser: httpx.Client, ui: Path) -> None:
    version = serving.sha256(ui / "gallery.js")[:12]

    answer = browser.get(f"/ui/{version}/gallery.js")

    assert answer.text == "export default () => 1;\n"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize("version", ["0", "000000000000", "latest"])
def test_under_another_version_a_browser_asks_again(browser: httpx.Client, version: str) -> None:
    answer = browser.get(f"/ui/{version}/gallery.css")

    assert answer.headers["cache-control"] == "no-cache"
    again = browser.get(f"/ui/{version}/gallery.css", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "name",
    ["secret.py", "linked.js", "none.js", "..%2Fsecret.py", "%2e%2e%2fgallery.js", "gallery.js%00", "Gallery.js"],
)
def test_nothing_but_scripts_and_styles_of_the_folder_is_served(browser: httpx.Client, name: str) -> None:
    assert browser.get(f"/ui/0/{name}").status_code == 404
