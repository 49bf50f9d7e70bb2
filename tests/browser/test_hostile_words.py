"""Whatever people, models and links write is shown letter by letter: nothing of it runs, leads away or asks elsewhere.

Hundreds of texts stand everywhere where somebody can write, and every screen is opened in a browser with traps.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect
from sqlmodel import select

from core import access, briefs, budgets, conversations, projects, saved_views, shared, sharing, trash
from core.briefs import Brief
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from core.tables import ADMIN, PERSON, PROJECT, Generation, Image, Post, Turn, User
from tests.books import Books
from tests.branches import Step, grow
from tests.browser.working import ARRIVES, Server

SCRIPTS = (
    *("<script>__ran('<N>')</script>", "<img src=x onerror=__ran('<N>')>", "<svg onload=__ran('<N>')>"),
    *("<svg><script>__ran('<N>')</script></svg>", "<iframe srcdoc=\"<script>parent.__ran('<N>')</script>\"></iframe>"),
    *("<details open ontoggle=__ran('<N>')>", "<body onload=__ran('<N>')>", "<input autofocus onfocus=__ran('<N>')>"),
    *("<math><mtext><img src onerror=__ran('<N>')></mtext></math>", "<a href=javascript:__ran('<N>')>here</a>"),
    *(
        "<style>*{background:url(http://evil.example/<N>)}</style>",
        "<link rel=stylesheet href=http://evil.example/<N>>",
    ),
    *(
        "<img src=http://evil.example/<N>.png>",
        "<base href=http://evil.example/>",
        "<object data=http://evil.example/>",
    ),
    *("<meta http-equiv=refresh content='0;url=http://evil.example/<N>'>", "<video src=http://evil.example/<N>>"),
    *(
        "![a](http://evil.example/<N>.png)",
        "![a][b]\n\n[b]: http://evil.example/<N>.png",
        "[a](javascript:__ran('<N>'))",
    ),
    *("[here](http://evil.example/<N>)", "http://evil.example/<N>", "www.evil.example", "<http://evil.example/<N>>"),
    *(
        "[a](data:text/html,<script>__ran('<N>')</script>)",
        "$\\href{javascript:__ran('<N>')}{x}$",
        ":material/home:",
    ),
    *(
        ":red[red] :blue-badge[badge]",
        "{{constructor.constructor('__ran(<N>)')()}}",
        "${__ran('<N>')}",
        "{n} %s",
    ),
)
WRAPS = (
    *("{}", "'{}", '"{}', '">{}', "'>{}", "--></style></script></title></textarea>{}", "`{}`", "**{}**"),
    *("# {}", "> {}", "| a | b |\n|---|---|\n| {} | c |"),
)
WORDS = [wrap.format(text.replace("<N>", str(n))) for n, (text, wrap) in enumerate(product(SCRIPTS, WRAPS))]
SHORT = [words for words in WORDS if len(words) < 80]
NAMES = (
    "![a](http://evil.example/1.png)",
    "<img src=x onerror=__ran('1')>",
    "[here](http://evil.example/2)",
    "$x$ :red[y]",
)

TRAPS = """
window.__said = [];
window.__ran = (what) => window.__said.push(`ran ${what}`);
addEventListener("securitypolicyviolation", (event) => window.__said.push(`refused ${event.blockedURI}`));
"""
# Everything of the page, also what is inside components. A link that leads where its words say is as it was written.
MARKUP = """() => {
  const found = [];
  const plain = (text) => text.replace(/^http:\\/\\//, "");
  const honest = (link) => plain(decodeURI(link.getAttribute("href") || "")) === plain(link.textContent);
  const look = (root) => {
    for (const node of root.querySelectorAll("*")) {
      for (const { name, value } of node.attributes) {
        const leads = ["src", "href", "srcdoc", "action", "data", "poster", "style"].includes(name);
        if (leads && !(node.tagName === "A" && honest(node)) && /evil|^\\s*javascript:|^data:text|__ran/i.test(value))
          found.push(`${node.tagName} ${name}=${value}`);
        if (name.startsWith("on")) found.push(`${node.tagName} ${name}`);
      }
      if (node.matches("script, style, base, meta[http-equiv]") && /evil|__ran/.test(node.outerHTML))
        found.push(node.outerHTML);
      if (node.shadowRoot) look(node.shadowRoot);
    }
  };
  look(document);
  return found;
}"""
TEXT = """() => {
  const told = (root) => [...root.childNodes].map((node) =>
    node.nodeType === 3 ? node.data : node.nodeType === 1 && !node.matches("script, style")
      ? ["alt", "title", "aria-label"].map((name) => node.getAttribute(name) || "").join(" ") + (node.value || "")
        + told(node) + (node.shadowRoot ? told(node.shadowRoot) : "") : "").join(" ");
  return told(document.body);
}"""


@dataclass(frozen=True)
class Written:
    """Where everything of it is."""

    conversation: str
    image: str
    post: str
    link: str


@pytest.fixture(scope="module")
def studio(idle: Server) -> Iterator[Studio]:
    opened = open_studio(Settings(data_dir=idle.data_dir, free_space_floor_mb=1))
    yield opened
    opened.engine.dispose()


@pytest.fixture(scope="module")
def written(studio: Studio) -> Written:
    """These texts, everywhere where people, models and providers write something."""
    me, rest = access.local_person(studio), iter(SHORT * 3)
    parts = [WORDS[n::5] for n in range(5)]
    steps = [Step("\n\n".join(part), source=n or None) for n, part in enumerate(parts)]
    grown = grow(studio, me, steps, posts=True, title=next(rest))
    for _ in range(12):
        grow(studio, me, [Step(f"{next(rest)}\n{next(rest)}")], posts=True, title=next(rest))
    gone = grow(studio, me, [Step(next(rest)) for _ in range(3)], title=next(rest))
    trash.trash(studio, me, [image for images in gone.images for image in images])
    conversations.trash(studio, me, gone.id)
    project = projects.start(studio, me, NAMES[0])
    for _ in range(3):
        Books(studio).call(me, studio.now(), model=("a1111", next(rest)), project=project)
    briefs.save(studio, me, Brief(next(rest), next(rest), next(rest), (), (next(rest),)))
    for name in (next(rest), next(rest)):
        saved_views.save(studio, me, name[:80], "fox")
    link = sharing.share(studio, me, grown.id, Terms(name=next(rest), takes_verdicts=True, shows_costs=True))
    for (image,) in grown.images:
        shared.judge(studio, link.token, image, "change", next(rest))
    with studio.transaction() as db:
        _rows(studio, db, me.id, grown.id, project, rest)
        post = db.exec(select(Image.post_id).where(Image.id == grown.images[0][0])).one()
        people = [user.id for user in db.exec(select(User).where(User.id != me.id)).all()]
    for kind, of_id in ((PROJECT, project), *((PERSON, person) for person in people)):
        budgets.set_cap(studio, me, kind, of_id, Decimal(5))
    return Written(grown.id, grown.images[0][0], str(post), link.path)


def _rows(studio: Studio, db: Any, me: str, conversation: str, project: str, rest: Iterator[str]) -> None:
    """What no verb of a person writes: a model's caption, a provider's error, names from a sign-in."""
    for post in db.exec(select(Post)).all():
        post.caption, post.alt, post.hashtags, post.project_id = next(rest), next(rest), [next(rest)], project
        post.platforms = {"instagram": next(rest)}
    for image in db.exec(select(Image)).all():
        image.alt = next(rest)
    for turn in db.exec(select(Turn).where(Turn.conversation_id == conversation)).all():
        failed = {"status": "failed", "error": next(rest), "error_kind": "request", "finished_at": studio.now()}
        db.add(
            Generation(
                turn_id=turn.id, user_id=me, provider="a1111", model=next(rest), queued_at=turn.created_at, **failed
            )
        )
    for n, name in enumerate(NAMES):
        db.add(User(subject=f"p{n}", name=name, email=next(rest), role=ADMIN, created_at=studio.now()))


@dataclass
class Trapped:
    """A window, and what it asked other hosts for."""

    page: Page
    asked: list[str]

    def caught(self) -> list[str]:
        """Everything that should not have happened on this page."""
        said = [text for text in self.page.evaluate("window.__said") if "evil" in text or text.startswith("ran")]
        return [*said, *self.asked, *self.page.evaluate(MARKUP)]


@pytest.fixture
def trapped(open_page: Callable[..., Page], idle: Server) -> Trapped:
    page, asked = open_page("about:blank"), list[str]()
    page.add_init_script(TRAPS)

    def note(request: Request) -> None:
        if (urlsplit(request.url).hostname or "").endswith("evil.example"):
            asked.append(request.url)

    page.on("request", note)
    return Trapped(page, asked)


def test_the_traps_catch_what_is_not_shown_letter_by_letter(trapped: Trapped, idle: Server) -> None:
    """Else everything here would pass on pages that run anything."""
    page = trapped.page
    page.goto(f"http://127.0.0.1:{idle.port}/healthz")

    page.evaluate(
        "text => { document.body.innerHTML = text }", "\n".join(words for words in WORDS if "http-equiv" not in words)
    )
    page.wait_for_function("window.__said.some((text) => text.startsWith('ran'))")

    caught = "\n".join(trapped.caught())
    for sign in ("ran ", "refused http://evil.example", "A href=javascript:", "IMG src=http://evil.example"):
        assert sign in caught


SCREENS = {
    "create": "/?source={image}",
    "conversations": "/conversations",
    "conversation": "/conversation?id={conversation}",
    "gallery": "/gallery",
    "an image": "/gallery?view={image}",
    "analytics": "/analytics?period=year&practice=1&by=project",
    "trash": "/trash",
    "settings": "/settings",
    "post": "/post?id={post}",
    "a link": "{link}",
}


@pytest.mark.parametrize("screen", SCREENS)
def test_everything_is_shown_letter_by_letter(trapped: Trapped, idle: Server, written: Written, screen: str) -> None:
    page = trapped.page

    page.goto(f"http://127.0.0.1:{idle.port}{SCREENS[screen].format(**vars(written))}")
    settled(page, screen)

    assert trapped.caught() == []
    shown = page.evaluate(TEXT)
    assert screen == "analytics" or any(sign in shown for sign in ("onerror=__ran", "](http://evil", "<script>__ran"))


def settled(page: Page, screen: str) -> None:
    """Wait until all of it is there, what is folded too."""
    if screen == "a link":
        return
    there = page.get_by_test_id("stHeading").or_(page.get_by_test_id("stAlert")).first
    expect(there).to_be_visible(timeout=ARRIVES)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=ARRIVES)
    for folded in page.get_by_test_id("stExpander").all():
        folded.locator("summary").click()
    page.wait_for_function("document.querySelectorAll('[data-stale=true]').length === 0")
    page.wait_for_timeout(700)  # pictures and components come after the script


def test_an_address_writes_nothing_into_a_screen(trapped: Trapped, idle: Server, written: Written) -> None:
    page, text = (
        trapped.page,
        "![a](http://evil.example/1.png) [here](http://evil.example) <img src=x onerror=__ran(1)>",
    )

    for place in ("/conversation?id={}", "/gallery?q={}", "/conversations?q={}", "/?source={}", "/post?id={}"):
        page.goto(f"http://127.0.0.1:{idle.port}" + place.format(page.evaluate("encodeURIComponent", text)))
        settled(page, "")
        assert trapped.caught() == [], place
