"""The page of a shared link: plain, private, gone when it is gone; it opens one conversation and writes one thing."""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlmodel import SQLModel, select

from core import log, metrics, pictures, shared, sharing
from core.access import Person
from core.settings import Settings
from core.sharing import Terms
from core.studio import Studio, open_studio
from core.tables import Conversation, Event, Generation, Image, Post, Share, Turn, Verdict
from core.web.throttle import REMEMBERED, Buckets, Guesses, neighbourhood
from tests import serving
from tests.conftest import Clock
from tests.serving import Served

PROMPT = 'a red fox <script>alert("&")</script> in the snow'
FOX = serving.picture("PNG", (1800, 1200), "orange")
OWL = serving.picture("PNG", (900, 1200), "teal")


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, clock: Clock) -> Iterator[Studio]:
    studio = open_studio(Settings(data_dir=tmp_path_factory.mktemp("studio")), clock)
    yield studio
    studio.engine.dispose()


@pytest.fixture
def served(home: Studio) -> Iterator[Served]:
    """A server that nobody guessed at yet."""
    with serving.serving(home) as served:
        yield served


@pytest.fixture(scope="module")
def alice(home: Studio) -> Person:
    return serving.person(home, "Alice")


@pytest.fixture(scope="module")
def fox(home: Studio, alice: Person) -> str:
    """An image of Alice's."""
    return serving.image_of(home, alice, FOX, prompt=PROMPT)


@pytest.fixture
def thread(home: Studio, fox: str) -> str:
    """Its conversation."""
    with home.reading() as db:
        return str(db.get_one(Image, fox).conversation_id)


@pytest.fixture
def reader(served: Served) -> Iterator[httpx.Client]:
    """Somebody who is not signed in."""
    with stranger(served) as client:
        yield client


def stranger(served: Served, address: str = "127.0.0.1") -> httpx.Client:
    transport = httpx.HTTPTransport(local_address=address, verify=False)
    return httpx.Client(base_url=f"http://{served.host}", transport=transport, trust_env=False, timeout=30)


def link(home: Studio, alice: Person, thread: str, **terms: object) -> str:
    return sharing.share(home, alice, thread, Terms(**terms)).path


def revoke(home: Studio, alice: Person, thread: str) -> None:
    """The newest link."""
    sharing.revoke(home, alice, sharing.links(home, alice, thread)[0].id)


def judge(
    reader: httpx.Client, path: str, image: str, verdict: str = "approve", note: str = "", **headers: str
) -> httpx.Response:
    """Press a button of the form on the page, as a browser does that tells no referrer."""
    page = reader.get(path).text
    form = re.search(r'name="form" value="([^"]+)"', page)
    fields = {"form": form[1] if form else "", "image": image, "verdict": verdict, "note": note}
    return reader.post(f"{path}/verdict", data=fields, headers={"Origin": "null", **headers})


def test_whoever_has_the_link_reads_without_signing_in(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread, name="for a difficult client")

    page = reader.get(path)

    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert unescape(PROMPT) in unescape(page.text) and "<script" not in page.text
    assert "Sketch (practice)" in page.text
    assert "difficult" not in page.text and "Alice" not in page.text
    for place in set(re.findall(rf"{path}/m/[^\s\"]+", page.text)):
        assert pictures.sniff(reader.get(place).content)


def test_the_page_is_not_kept_not_found_and_runs_nothing(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread)

    for place in (path, f"{path}/m/{fox}/512", f"{path}/card.jpg", "/s/nothing", f"{path}/m/{fox}/full"):
        headers = reader.get(place).headers
        assert headers["cache-control"] == "private, no-store"
        assert headers["referrer-policy"] == "no-referrer"
        assert "noindex" in headers["x-robots-tag"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "etag" not in headers
    policy = reader.get(path).headers["content-security-policy"]
    assert policy.startswith("default-src 'none';") and "script" not in policy and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "set-cookie" not in reader.get(path).headers


def test_what_the_owner_hides_is_not_in_the_page(
    home: Studio, alice: Person, thread: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread, shows_prompts=False, shows_models=False)

    page = reader.get(path).text

    assert "Image 1" in page
    assert not re.search(r"fox|snow|alert|sketch|practice|\$|cost", page.partition("<body>")[2], re.IGNORECASE)
    assert not re.search(r"fox|snow", page, re.IGNORECASE)


def test_the_card_of_a_chat_shows_the_picture_and_nothing_hidden(
    home: Studio, alice: Person, thread: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread, shows_prompts=False)

    page = reader.get(path).text

    told = dict(re.findall(r'<meta (?:property|name)="((?:og|twitter):[^"]+)" content="([^"]*)">', page))
    assert told["og:title"] == "Shared images"
    assert told["og:image"] == f"http://{reader.base_url.host}:{reader.base_url.port}{path}/card.jpg"
    card = reader.get(told["og:image"])
    assert (card.headers["content-type"], pictures.size(card.content)) == ("image/jpeg", (1200, 630))


def test_only_sizes_made_here_are_served_never_the_file_of_a_provider(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread)

    sizes = {size: reader.get(f"{path}/m/{fox}/{size}") for size in ("256", "512", "preview", "full", "download", "x")}

    assert [answer.status_code for answer in sizes.values()] == [200, 200, 200, 404, 404, 404]
    assert FOX not in [answer.content for answer in sizes.values()]


def test_whatever_opens_nothing_is_one_and_the_same_page(
    home: Studio, alice: Person, thread: str, fox: str, served: Served, clock: Clock
) -> None:
    paths = {"unknown": "/s/" + "0" * 43, "odd": "/s/%00%ff", "hash": "", "revoked": link(home, alice, thread)}
    revoke(home, alice, thread)
    paths["ended"] = link(home, alice, thread, days=1)
    with home.reading() as db:
        paths["hash"] = f"/s/{db.exec(select(Share.token_hash)).first()}"
    clock.skip(days=1)

    with stranger(served) as reader:
        places = [*paths.values(), *(f"{path}/card.jpg" for path in paths.values())]
        places += [f"{path}/m/{fox}/512" for path in paths.values()]
        answers = [reader.get(place) for place in places]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert shared.GONE in unescape(answers[0].text)


def test_a_revoked_link_takes_its_pictures_with_it_at_once(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread)
    places = [path, f"{path}/card.jpg", f"{path}/m/{fox}/256", f"{path}/m/{fox}/preview"]
    assert {reader.get(place).status_code for place in places} == {200}

    revoke(home, alice, thread)

    assert {reader.get(place).status_code for place in places} == {404}


def test_a_trashed_conversation_is_gone_and_back_when_it_is_restored(
    home: Studio, alice: Person, reader: httpx.Client
) -> None:
    image = serving.image_of(home, alice, OWL)
    with home.reading() as db:
        own = str(db.get_one(Image, image).conversation_id)
    path = link(home, alice, own)
    for trashed, status in ((home.now(), 404), (None, 200)):
        with home.transaction() as db:
            db.get_one(Conversation, own).deleted_at = trashed

        assert reader.get(path).status_code == status
        assert reader.get(f"{path}/m/{image}/512").status_code == status


def test_another_conversations_picture_cannot_be_reached(
    home: Studio, alice: Person, thread: str, reader: httpx.Client
) -> None:
    other = serving.image_of(home, alice, OWL, prompt="a launch that is secret")
    path = link(home, alice, thread)

    answer = reader.get(f"{path}/m/{other}/512")

    assert (answer.status_code, answer.content) == (404, reader.get("/s/" + "0" * 43).content)
    for place in (
        f"/m/{path[3:]}/{other}/512",
        f"/api/items/{other}",
        "/api/gallery",
        f"/api/live?conversation={thread}",
    ):
        assert reader.get(place).status_code in (401, 403, 404)


def test_a_password_is_asked_for_before_anything_is_told(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread, password="correct horse", takes_verdicts=True)

    locked = reader.get(path)
    wrong = reader.post(f"{path}/password", data={"password": "correct house"})

    assert (locked.status_code, wrong.status_code) == (403, 403)
    assert not re.search("fox|og:image|Sketch", locked.text + wrong.text)
    assert 'role="alert"' in wrong.text and "set-cookie" not in wrong.headers
    assert {reader.get(place).status_code for place in (f"{path}/card.jpg", f"{path}/m/{fox}/512")} == {403}


def test_the_right_password_opens_this_link_for_this_browser(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client, served: Served
) -> None:
    path = link(home, alice, thread, password="correct horse", takes_verdicts=True)

    entered = reader.post(f"{path}/password", data={"password": "correct horse"}, headers={"Origin": "null"})

    assert (entered.status_code, entered.headers["location"]) == (303, path)
    cookie = entered.headers["set-cookie"].lower()
    assert f"path={path.lower()}" in cookie and "httponly" in cookie and "samesite=lax" in cookie
    assert "fox" in reader.get(path).text and "og:image" not in reader.get(path).text
    assert reader.get(f"{path}/m/{fox}/512").status_code == 200
    assert judge(reader, path, fox).status_code == 303
    with stranger(served) as other:
        assert other.get(path).status_code == 403


def test_wrong_passwords_are_slowed_down_for_the_link_however_many_addresses_try(
    home: Studio, alice: Person, thread: str, served: Served
) -> None:
    path = link(home, alice, thread, password="correct horse")
    for n in range(2, 5):
        with stranger(served, f"127.0.0.{n}") as guesser:
            tries = [guesser.post(f"{path}/password", data={"password": f"guess {i}"}) for i in range(12)]

    with stranger(served, "127.0.0.9") as guesser:
        answer = guesser.post(f"{path}/password", data={"password": "correct horse"})

    assert tries[-1].status_code == answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_who_gave_the_password_stays_in_when_the_key_is_replaced(home: Studio, alice: Person, thread: str) -> None:
    token = link(home, alice, thread, password="correct horse").removeprefix("/s/")
    proof = shared.enter(home, token, "correct horse")

    rotated = replace(home, secret=b"the new one", old_secrets=(home.secret,))
    retired = replace(home, secret=b"the new one")

    assert shared.opened(rotated, token, proof)
    with pytest.raises(shared.Locked):
        shared.opened(retired, token, proof)


def test_guesses_are_counted_for_operators(home: Studio, alice: Person, thread: str, served: Served) -> None:
    path = link(home, alice, thread, password="correct horse")
    wrong, held_up = metrics.GUESSES._value.get(), metrics.HELD_UP._value.get()

    with stranger(served) as guesser:
        guesser.post(f"{path}/password", data={"password": "battery staple"})
        statuses = Counter(guesser.get(f"/s/{n:043}").status_code for n in range(25))

    assert statuses[404] >= 19 and statuses[429] >= 5
    assert metrics.GUESSES._value.get() - wrong == 1 + statuses[404]
    assert metrics.HELD_UP._value.get() - held_up == statuses[429]


def test_passwords_tried_at_the_same_time_are_as_few_as_one_after_the_other(
    home: Studio, alice: Person, thread: str, served: Served
) -> None:
    path = link(home, alice, thread, password="correct horse")

    def tried(n: int) -> int:
        with stranger(served, f"127.0.0.{2 + n % 6}") as guesser:
            return guesser.post(f"{path}/password", data={"password": f"guess {n}"}).status_code

    with ThreadPoolExecutor(60) as guessers:
        statuses = Counter(guessers.map(tried, range(60)))

    assert statuses[403] + statuses[429] == 60
    assert statuses[403] <= 31  # thirty, and one a minute


def test_who_knows_the_password_is_not_counted_among_those_who_guess(
    home: Studio, alice: Person, thread: str, served: Served
) -> None:
    path = link(home, alice, thread, password="correct horse")

    for _ in range(32):
        with stranger(served) as reader:
            assert reader.post(f"{path}/password", data={"password": "correct horse"}).status_code == 303


def test_guesses_are_slowed_down_and_others_still_read(
    home: Studio, alice: Person, thread: str, served: Served
) -> None:
    path = link(home, alice, thread)
    with stranger(served) as guesser, stranger(served, "127.0.0.2") as reader:
        answers = [guesser.get(f"/s/{n:043}") for n in range(25)]
        statuses = [answer.status_code for answer in answers]

        assert statuses[:20] == [404] * 20 and statuses[-1] == 429
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert guesser.get(path).status_code == 429
        assert guesser.get(f"{path}/m/0/512").status_code == 429
        assert reader.get(path).status_code == 200


def test_a_verdict_is_kept_and_shown(home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client) -> None:
    path = link(home, alice, thread, name="Acme", takes_verdicts=True)

    answer = judge(reader, path, fox, "change", "Less <b>orange</b>", **{"Sec-Fetch-Site": "same-origin"})

    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}#image-{fox}")
    page = reader.get(path).text
    assert "Change asked for" in page and "Less &lt;b&gt;orange&lt;/b&gt;" in page
    assert 'value="change" class="change" aria-pressed="true"' in page
    assert [said.note for said in sharing.verdicts(home, alice, thread) if said.link == "Acme"] == [
        "Less <b>orange</b>"
    ]


def test_the_page_after_a_verdict_is_no_new_opening(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client, clock: Clock
) -> None:
    path = link(home, alice, thread, takes_verdicts=True)
    reader.get(path.replace("/s/", "/s/") + f"/m/{fox}/512")
    reader.head(path)
    assert sharing.links(home, alice, thread)[0].uses == 0

    answer = judge(reader, path, fox)
    reader.get(answer.headers["location"])

    assert sharing.links(home, alice, thread)[0].uses == 1
    clock.skip(minutes=1)
    reader.get(path)
    assert sharing.links(home, alice, thread)[0].uses == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null", "Sec-Fetch-Site": "same-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_site_cannot_send_the_form(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client, headers: dict[str, str]
) -> None:
    path = link(home, alice, thread, name="forged", takes_verdicts=True)

    answer = judge(reader, path, fox, **headers)

    assert answer.status_code == 400
    assert "forged" not in [said.link for said in sharing.verdicts(home, alice, thread)]


def test_a_form_of_another_link_is_not_taken(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path, other = (link(home, alice, thread, name=name, takes_verdicts=True) for name in ("one", "other"))
    form = re.search(r'name="form" value="([^"]+)"', reader.get(other).text)
    assert form

    for token in (form[1], "", "x" * 24):
        fields = {"form": token, "image": fox, "verdict": "approve"}
        assert reader.post(f"{path}/verdict", data=fields).status_code == 400

    assert "one" not in [said.link for said in sharing.verdicts(home, alice, thread)]


@pytest.mark.parametrize(
    ("verdict", "note", "sentence"),
    [("perhaps", "", "Say approve"), ("no", "x" * 1_001, "up to 1,000"), ("no", "x" * 30_000, "more than the form")],
)
def test_a_verdict_that_is_none_is_answered_with_what_to_do(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client, verdict: str, note: str, sentence: str
) -> None:
    path = link(home, alice, thread, takes_verdicts=True)

    answer = judge(reader, path, fox, verdict, note)

    assert answer.status_code == 400
    assert sentence in answer.text and f'href="{path}"' in answer.text


def test_without_asking_for_verdicts_there_is_no_form_and_none_is_taken(
    home: Studio, alice: Person, thread: str, fox: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread)

    assert "<form" not in reader.get(path).text
    assert judge(reader, path, fox).status_code == 400


def rows(studio: Studio) -> dict[str, int]:
    """How many rows every table has."""
    with studio.reading() as db:
        tables = SQLModel.metadata.sorted_tables
        return {table.name: db.connection().scalar(sa.select(sa.func.count()).select_from(table)) for table in tables}


def contents(studio: Studio) -> dict[str, list[object]]:
    """All that is known about the work itself."""
    with studio.reading() as db:
        return {
            t.__name__: [r.model_dump() for r in db.exec(select(t)).all()]
            for t in (Conversation, Turn, Generation, Image, Post)
        }


PLACES = st.sampled_from(
    [
        "",
        "/",
        "/password",
        "/verdict",
        "/card.jpg",
        "/m/{fox}/512",
        "/m/{owl}/512",
        "/m/{fox}/full",
        "/m/../x",
        "/../api/uploads",
        "/trash",
        "/revoke",
        "/m/{fox}",
        "/api/uploads",
        "/conversations/{thread}/seen",
    ]
)
FIELDS = st.dictionaries(
    st.sampled_from(["form", "image", "verdict", "note", "password", "token", "user_id"]),
    st.one_of(st.sampled_from(["{fox}", "{owl}", "{form}", "approve", "no"]), st.text(max_size=30)),
)


def test_whatever_is_sent_a_link_writes_verdicts_openings_and_nothing_else(
    home: Studio, alice: Person, thread: str, fox: str, served: Served
) -> None:
    owl = serving.image_of(home, alice, OWL)
    path = link(home, alice, thread, takes_verdicts=True)
    with stranger(served) as reader:
        form = re.search(r'name="form" value="([^"]+)"', reader.get(path).text)
    assert form
    names = {"fox": fox, "owl": owl, "form": form[1], "thread": thread}
    before, work = rows(home), contents(home)
    addresses = iter(range(10_000))

    @examples(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(method=st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]), place=PLACES, fields=FIELDS)
    def send(method: str, place: str, fields: dict[str, str]) -> None:
        n = next(addresses)
        filled = {
            name: value.format(**names) if value[:1] == "{" and value[1:-1] in names else value
            for name, value in fields.items()
        }
        body = {"data": filled} if method in ("POST", "PUT", "PATCH") else {}
        with stranger(served, f"127.0.{n // 200}.{2 + n % 200}") as reader:
            assert reader.request(method, path + place.format(**names), **body).status_code < 500

    send()

    after = rows(home)
    assert {name for name in after if after[name] != before[name]} <= {"verdict", "event"}
    assert contents(home) == work
    with home.reading() as db:
        assert {v.image_id for v in db.exec(select(Verdict)).all()} <= {fox}
        fresh = db.exec(
            select(Event).order_by(sa.desc(Event.seq)).limit(max(after["event"] - before["event"], 0))
        ).all()
    assert {event.kind for event in fresh} <= {"verdict.given", "share.opened"}


@pytest.fixture
def access_log() -> Iterator[list[str]]:
    """What a server that writes down every request writes, once `log.setup` was there."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, kept, mask = logging.getLogger("uvicorn.access"), Kept(), log.MaskTokens()
    before = logger.level
    logger.addHandler(kept)
    logger.addFilter(mask)
    logger.setLevel(logging.INFO)
    yield lines
    logger.removeHandler(kept)
    logger.removeFilter(mask)
    logger.setLevel(before)


def test_the_token_is_in_no_log(
    home: Studio, alice: Person, thread: str, fox: str, served: Served, access_log: list[str]
) -> None:
    path = link(home, alice, thread, takes_verdicts=True)

    with stranger(served) as reader:
        reader.get(path)
        reader.get(f"{path}/m/{fox}/512")
        judge(reader, path, fox)

    assert len(access_log) == 4
    assert path[3:] not in "\n".join(access_log)


def test_a_browsers_wishes_are_looked_up_and_never_repeated(
    home: Studio, alice: Person, thread: str, reader: httpx.Client
) -> None:
    path = link(home, alice, thread)

    for wish in ("xx, de;q=0.9", '"><script>', "../../etc", "en-GB", "," * 3_000):
        page = reader.get(path, headers={"Accept-Language": wish})
        assert page.status_code == 200
        assert '<html lang="en">' in page.text


class Hand:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def test_a_bucket_fills_again_with_time() -> None:
    hand = Hand()
    bucket = Buckets(at_once=3, per_minute=6, clock=hand)
    for _ in range(3):
        assert bucket.wait("a") == 0
        bucket.spend("a")

    assert (bucket.wait("a"), bucket.wait("b")) == (10, 0)
    hand.at = 10
    assert bucket.wait("a") == 0
    hand.at = 1_000
    assert not bucket.knows("a")


def test_a_try_that_was_given_back_counts_for_nothing() -> None:
    bucket = Buckets(at_once=3, per_minute=6, clock=Hand())
    for _ in range(2):
        bucket.spend("a")

    bucket.give_back("a")
    assert bucket.knows("a")
    bucket.give_back("a")

    assert not bucket.knows("a")
    assert bucket._levels == {}


def test_when_all_together_guess_too_much_those_who_did_not_still_get_in() -> None:
    hand = Hand()
    guesses = Guesses(hand)
    for n in range(400):
        guesses.failed(f"guesser {n}")

    assert guesses.wait("guesser 7") > 0
    assert guesses.wait("reader") == 0
    hand.at = 60
    assert guesses.wait("guesser 7") == 0


def test_what_is_remembered_of_guessers_is_bounded() -> None:
    bucket = Buckets(at_once=1, per_minute=1, clock=Hand())

    for n in range(REMEMBERED + 50):
        bucket.spend(str(n))

    assert len(bucket._levels) == REMEMBERED
    assert bucket.knows(str(REMEMBERED + 49)) and not bucket.knows("0")


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_address_is_counted_by_who_has_it(host: str, counted: str) -> None:
    assert neighbourhood(host) == counted


def test_pictures_far_down_wait_until_somebody_scrolls_to_them(
    home: Studio, alice: Person, reader: httpx.Client
) -> None:
    own = serving.conversation(home, alice)
    for position in range(1, 27):
        serving.succeed(home, alice, own, serving.generation(home, alice, own, position=position), OWL)

    page = reader.get(link(home, alice, own)).text

    assert (page.count('class="there"'), page.count(' loading="lazy"')) == (26, 2)
    assert page.count('width="900" height="1200"') == 2 * 26
