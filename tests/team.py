"""The real application where people sign in: Ada, who has one of everything, Ben, who has nothing, and nobody.

Everything of Ada's holds a word that occurs nowhere else. Whoever is not Ada must never meet it.
"""

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import websockets.sync.client as sockets
from sqlmodel import col, select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string
from websockets.typing import Subprotocol

from core import briefs, captions, conversations, projects, saved_views, shared, sharing, standing, trash, uploads
from core.access import Person
from core.briefs import Brief
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from core.tables import Conversation, Generation, Image, Note, Post, Turn
from pages.parts import cookies
from tests import answers, serving, test_issuer
from tests.browser.app_server import app_server
from tests.browser.windows import free_port
from tests.conftest import wish
from tests.test_issuer import Issuer, signed

COOKIE, XSRF = "_streamlit_user", "_streamlit_xsrf"
MARKER = "zyxquoll"
"""Stands in every text of Ada's. No word of ours, of a model or of a page holds it."""
SCREENS = ("", "conversations", "gallery", "analytics", "trash", "settings", "conversation", "post")


@dataclass(frozen=True)
class Ids:
    """What Ada has, by its id."""

    conversation: str
    image: str
    post: str
    upload: str
    trashed: str
    project: str
    view: str
    share: str
    token: str
    """Of her link."""
    person: str


@dataclass(frozen=True)
class Team:
    """A studio that runs, with the same database from outside."""

    url: str
    studio: Studio
    issuer: Issuer
    ids: Ids
    ada: dict[str, str]
    """Her cookies."""
    ben: dict[str, str]
    old: dict[str, str]
    """Of a sign-in of hers that is over: cookies of thirteen hours ago."""

    def client(self, known: dict[str, str] | None = None, **headers: str) -> httpx.Client:
        """A browser with these cookies, on a page of ours."""
        sent = {"x-studio": "1", **{name.replace("_", "-"): value for name, value in headers.items()}}
        return httpx.Client(
            base_url=self.url, cookies=known or {}, headers=sent, trust_env=False, timeout=30, verify=False
        )

    def draw(self, known: dict[str, str], page: str, query: str = "") -> str:
        """Everything that Streamlit sends to somebody with these cookies who opens this page."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in known.items())}
        protocols = [Subprotocol(name) for name in ("streamlit", known.get(XSRF)) if name]
        said: list[str] = []
        with self.listen("/_stcore/stream", headers, subprotocols=protocols) as socket:
            state = ClientState(page_name=page, query_string=query)
            socket.send(BackMsg(rerun_script=state).SerializeToString())
            while not said or "script_finished" not in said[-1]:
                frame = bytes(socket.recv(timeout=30))  # type: ignore[arg-type]  # Streamlit sends no text
                said.append(str(ForwardMsg.FromString(frame)))
        return "".join(said)

    def listen(self, address: str, headers: dict[str, str], **other: Any) -> sockets.ClientConnection:
        """A socket with these headers."""
        given: dict[str, Any] = {"origin": self.url, "proxy": None, "max_size": None, **other}
        return sockets.connect(f"ws{self.url.removeprefix('http')}{address}", additional_headers=headers, **given)


@contextmanager
def running(folder: Path, ready: Path) -> Iterator[Team]:
    """Start it in this folder, on a copy of this database."""
    shutil.copy(ready, folder)
    port = free_port()
    studio = open_studio(Settings(data_dir=folder, sketch_delay=0, sketch_detail=0.02, free_space_floor_mb=1))
    with closing(_Engine(studio)), test_issuer.running() as issuer:
        environment = {
            "SIGN_IN": "oidc",
            "PUBLIC_ADDRESS": f"http://127.0.0.1:{port}",
            "OIDC_ISSUERS": f"Acme={issuer.address}",
            "OIDC_CLIENT_IDS": "Acme=studio",
            "OIDC_CLIENT_SECRETS": "Acme=a-secret-of-our-own",
            "BACKGROUND": "elsewhere",
            "FREE_SPACE_FLOOR_MB": "1",
        }
        with app_server(folder, **environment) as url:
            assert url == environment["PUBLIC_ADDRESS"], "the redirect would lead elsewhere"
            door = test_issuer.Team(url, issuer, cookies._key(studio))
            ada, ben = _cookies(door, "ada", f"Ada {MARKER}"), _cookies(door, "ben", "Ben")
            old = _cookies(door, "ada", f"Ada {MARKER}", ago=13 * 3_600)
            with httpx.Client(base_url=url, trust_env=False, verify=False) as browser:
                for known in (ada, ben):  # a person is made at first use
                    browser.get("/api/trash", headers={"Cookie": f"{COOKIE}={known[COOKIE]}"}).raise_for_status()
            yield Team(url, studio, issuer, furnish(studio, _person(studio, "Acme|ada")), ada, ben, old)


class _Engine:
    """Closes the studio's database."""

    def __init__(self, studio: Studio) -> None:
        self.close = studio.engine.dispose


def _cookies(door: test_issuer.Team, sub: str, name: str, ago: int = 0) -> dict[str, str]:
    """Those of somebody who signs in as this."""
    answer = door.sign_in(lambda said: signed(said | {"sub": sub, "name": name, "iat": int(time.time()) - ago}))
    return {COOKIE: answer.cookies[COOKIE], XSRF: generate_xsrf_token_string()}


def _person(studio: Studio, subject: str) -> Person:
    standing.forget(studio)
    known = standing.of_subject(studio, subject)
    assert known
    return Person(known.id, known.name)


def furnish(studio: Studio, ada: Person) -> Ids:
    """Everything that a person can have, with the marker in every text of it."""
    asked = conversations.start(studio, ada, wish(f"a {MARKER} fox", caption=captions.AUTO))
    answers.answer(studio, files=True)
    conversation = asked.conversation_id
    fox = conversations.opened(studio, ada, conversation).images[0].id
    again = conversations.ask(studio, ada, conversation, wish(f"bluer {MARKER}", source=fox))
    answers.answer(studio, files=True)
    upload = uploads.upload(studio, ada, serving.picture())
    gone = serving.image_of(studio, ada, serving.picture(colour="coral"), f"thrown away {MARKER}")
    trash.trash(studio, ada, [gone])
    project = projects.start(studio, ada, f"Winter {MARKER}")
    view = saved_views.save(studio, ada, f"Foxes {MARKER}", MARKER)
    link = sharing.share(studio, ada, conversation, Terms(name=f"for {MARKER}", takes_verdicts=True))
    shared.judge(studio, link.token, fox, "change", f"less {MARKER}")
    for of in (None, project):
        briefs.save(studio, ada, Brief(voice=f"like {MARKER}"), of)
    return Ids(
        conversation=conversation,
        image=fox,
        post=_mark(studio, ada, conversation, project, again.turn_id),
        upload=upload.id,
        trashed=gone,
        project=project,
        view=view,
        share=link.id,
        token=link.token,
        person=ada.id,
    )


def _mark(studio: Studio, ada: Person, conversation: str, project: str, failed: str) -> str:
    """Texts that no verb writes; the id of a post."""
    with studio.transaction() as db:
        for row in db.exec(select(Conversation).where(Conversation.user_id == ada.id)).all():
            row.title = f"Title {MARKER}"
        for post in db.exec(select(Post)).all():
            post.caption, post.alt, post.hashtags, post.project_id = f"Caption {MARKER}", MARKER, [MARKER], project
        for image in db.exec(select(Image)).all():
            image.alt = f"Alt {MARKER}"
        turn = db.get_one(Turn, failed)
        db.add(
            Generation(
                turn_id=turn.id,
                user_id=ada.id,
                provider="sketch",
                model="ink",
                status="failed",
                error=f"The model said {MARKER}.",
                error_kind="request",
                queued_at=studio.now(),
                finished_at=studio.now(),
            )
        )
        db.add(Note(project_id=project, user_id=ada.id, stage="draft", body=MARKER, updated_at=studio.now()))
        return str(db.exec(select(Post.id).where(Post.user_id == ada.id).order_by(col(Post.id))).first())
