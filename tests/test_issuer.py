"""What a provider says is believed only when it is signed by that provider, for us, and for this very sign-in."""

import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, OctKey, RSAKey

from core.settings import Settings
from core.studio import open_studio
from pages.parts import cookies
from tests.browser.app_server import app_server
from tests.browser.windows import free_port

KEY, OTHER_KEY = (RSAKey.generate_key(parameters={"kid": "one"}) for _ in range(2))


@dataclass
class Issuer:
    """A provider that says whatever the test wants."""

    address: str
    token: str = ""
    asked: dict[str, str] = field(default_factory=dict)

    def answers(self, path: str) -> dict[str, Any] | None:
        here = self.address
        return {
            "/.well-known/openid-configuration": {
                "issuer": here,
                "authorization_endpoint": f"{here}/authorize",
                "token_endpoint": f"{here}/token",
                "jwks_uri": f"{here}/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
            },
            "/keys": KeySet([KEY]).as_dict(private=False),
            "/token": {"access_token": "a", "token_type": "Bearer", "id_token": self.token},
        }.get(path)


@contextmanager
def running() -> Iterator[Issuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = issuer.answers(urlsplit(self.path).path)
            body = json.dumps(said).encode()
            self.send_response(200 if said else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class Team:
    """A studio whose people sign in with that provider."""

    url: str
    issuer: Issuer
    key: str

    def sign_in(self, token: Callable[[dict[str, Any]], str], state: str = "") -> httpx.Response:
        """Come back from the provider, which says this token; the answer to that. The claims hold what was asked."""
        with httpx.Client(base_url=self.url, trust_env=False, verify=False) as browser:
            choice = {"provider": "Acme", "exp": int(time.time()) + 60}
            chosen = jwt.encode({"alg": "HS256"}, choice, OctKey.import_key(self.key))
            sent = browser.get("/auth/login", params={"provider": chosen})
            asked = {name: values[0] for name, values in parse_qs(urlsplit(sent.headers["location"]).query).items()}
            self.issuer.token = token(good(self.issuer, asked["nonce"]))
            return browser.get("/oauth2callback", params={"state": state or asked["state"], "code": "x"})


def good(issuer: Issuer, nonce: str) -> dict[str, Any]:
    now = int(time.time())
    known = {"iss": issuer.address, "aud": "studio", "sub": "ada", "nonce": nonce, "name": "Ada"}
    return known | {"iat": now, "exp": now + 300}


def signed(claims: dict[str, Any], key: RSAKey = KEY) -> str:
    return jwt.encode({"alg": "RS256", "kid": "one"}, claims, key)


def unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "none"}, claims, OctKey.import_key("x" * 32), algorithms=["none"])


def with_our_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("a-secret-of-our-own"), algorithms=["HS256"])


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, ready_sqlite: Path) -> Iterator[Team]:
    folder, port = tmp_path_factory.mktemp("issuer"), free_port()
    shutil.copy(ready_sqlite, folder)
    studio = open_studio(Settings(data_dir=folder))
    with running() as issuer:
        environment = {
            "SIGN_IN": "oidc",
            "PUBLIC_ADDRESS": f"http://127.0.0.1:{port}",
            "OIDC_ISSUERS": f"Acme={issuer.address}",
            "OIDC_CLIENT_IDS": "Acme=studio",
            "OIDC_CLIENT_SECRETS": "Acme=a-secret-of-our-own",
            "BACKGROUND": "elsewhere",
        }
        with app_server(folder, **environment) as url:
            assert url == environment["PUBLIC_ADDRESS"], "the redirect would lead elsewhere"
            yield Team(url, issuer, cookies._key(studio))
    studio.engine.dispose()


def test_a_good_token_signs_in(team: Team) -> None:
    answer = team.sign_in(signed)

    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    known = {"_streamlit_user": answer.cookies["_streamlit_user"]}
    assert httpx.get(f"{team.url}/api/trash", cookies=known, trust_env=False).status_code == 200


BAD: dict[str, Callable[[dict[str, Any]], str]] = {
    "nobody signed it": unsigned,
    "signed with the secret that we share": with_our_secret,
    "signed by somebody else": lambda claims: signed(claims, OTHER_KEY),
    "of another issuer": lambda claims: signed(claims | {"iss": "https://evil.example"}),
    "for another client": lambda claims: signed(claims | {"aud": "another"}),
    "of another sign-in": lambda claims: signed(claims | {"nonce": "another"}),
    "over": lambda claims: signed(claims | {"exp": int(time.time()) - 3_600}),
    "no token": lambda claims: "x.y.z",
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_any_other_token_signs_nobody_in(team: Team, token: Callable[[dict[str, Any]], str]) -> None:
    answer = team.sign_in(token)

    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert not answer.cookies.get("_streamlit_user")


def test_an_answer_to_another_question_signs_nobody_in(team: Team) -> None:
    answer = team.sign_in(signed, state="another")

    assert (answer.status_code, answer.headers["location"]) == (302, "/")
    assert not answer.cookies.get("_streamlit_user")


def test_a_sign_in_that_is_too_old_opens_nothing(team: Team) -> None:
    answer = team.sign_in(lambda claims: signed(claims | {"iat": claims["iat"] - 13 * 3_600}))

    known = {"_streamlit_user": answer.cookies.get("_streamlit_user") or ""}
    assert httpx.get(f"{team.url}/api/trash", cookies=known, trust_env=False).status_code == 401
