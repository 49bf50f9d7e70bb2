"""A link shows one conversation on its owner's terms, ends, can be taken back, and lets nobody do anything else."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlmodel import col, select

from core import captions, conversations, shared, sharing, uploads, views
from core.access import Person
from core.errors import NotFound, Refused
from core.shared import Locked, Shared
from core.sharing import LinkView, Terms
from core.showing import Showing
from core.studio import Studio
from core.tables import Conversation, Event, Generation, Image, Post, Share, Turn, Verdict, new_id
from tests import answers, serving
from tests.branches import Step, grow
from tests.conftest import Clock, wish

Make = Callable[..., str]
PROMPT = "a red fox in the snow"


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    return lambda: answers.answer(studio)


@pytest.fixture
def fox(studio: Studio, alice: Person) -> str:
    """An image of Alice's."""
    return grow(studio, alice, [Step(PROMPT)], files=False, posts=True, title=PROMPT).images[0][0]


@pytest.fixture
def thread(studio: Studio, fox: str) -> str:
    """Its conversation."""
    return thread_of(studio, fox)


@pytest.fixture
def further(studio: Studio, alice: Person, thread: str, fox: str, work: Callable[[], None]) -> Callable[..., str]:
    """Asks the next turn and gives its image."""

    def ask(prompt: str, **wishes: object) -> str:
        conversations.ask(studio, alice, thread, wish(prompt, **{"source": fox, **wishes}))
        work()
        return conversations.opened(studio, alice, thread).images[-1].id

    return ask


def thread_of(studio: Studio, image_id: str) -> str:
    with studio.reading() as db:
        return str(db.get_one(Image, image_id).conversation_id)


def share(studio: Studio, who: Person, thread: str, **terms: object) -> str:
    return sharing.share(studio, who, thread, Terms(**terms)).token


def only(links: tuple[LinkView, ...]) -> LinkView:
    (link,) = links
    return link


def events(studio: Studio, kind: str) -> list[Event]:
    with studio.reading() as db:
        return list(db.exec(select(Event).where(Event.kind == kind).order_by(col(Event.seq))).all())


def test_a_link_shows_the_conversation_to_whoever_has_it(studio: Studio, alice: Person, thread: str, fox: str) -> None:
    link = sharing.share(studio, alice, thread, Terms(name="Acme"))

    seen = shared.opened(studio, link.token)

    assert link.path == f"/s/{link.token}"
    assert (seen.title, seen.takes_verdicts, seen.has_password) == (PROMPT, False, False)
    assert [turn.prompt for turn in seen.turns] == [PROMPT]
    assert [(image.id, image.number, image.model) for image in seen.images] == [(fox, 1, "Sketch (practice)")]
    assert shared.image(studio, link.token, fox).id == fox
    assert shared.cover(studio, link.token).id == fox


def test_only_the_hash_of_a_token_is_kept(studio: Studio, alice: Person, thread: str) -> None:
    token = share(studio, alice, thread, password="correct horse")

    with studio.reading() as db:
        row = db.exec(select(Share)).one()
        facts = [event.facts for event in db.exec(select(Event)).all()]

    assert len(token) == 43
    kept = f"{row.model_dump()} {facts}"
    assert token not in kept and "correct horse" not in kept
    for stored in (row.token_hash, row.id, str(row.password_hash)):
        with pytest.raises(NotFound):
            shared.opened(studio, stored)


def test_a_link_ends_after_thirty_days_unless_told_otherwise(
    studio: Studio, alice: Person, thread: str, fox: str, clock: Clock
) -> None:
    usual, longer = share(studio, alice, thread), share(studio, alice, thread, days=31)
    clock.skip(days=29, hours=23)
    shared.opened(studio, usual)

    clock.skip(hours=1)

    assert gone(studio, usual, fox)
    assert not gone(studio, longer, fox)
    assert [link.state for link in sharing.links(studio, alice, thread)] == ["active", "ended"]


def test_a_revoked_link_and_its_images_are_gone_at_once_and_for_good(
    studio: Studio, alice: Person, thread: str, fox: str
) -> None:
    token, other = share(studio, alice, thread), share(studio, alice, thread)
    link = sharing.links(studio, alice, thread)[1]

    sharing.revoke(studio, alice, link.id)
    sharing.revoke(studio, alice, link.id)

    assert gone(studio, token, fox)
    assert not gone(studio, other, fox)
    assert sharing.links(studio, alice, thread)[1].state == "revoked"
    assert len(events(studio, "share.revoked")) == 1
    with pytest.raises(Refused, match="stays so"):
        sharing.change(studio, alice, link.id, Terms())


def test_what_is_gone_is_gone_in_the_same_words(
    studio: Studio, alice: Person, thread: str, fox: str, clock: Clock
) -> None:
    tokens = {name: share(studio, alice, thread) for name in ("revoked", "trashed")}
    tokens |= {"ended": share(studio, alice, thread, days=1), "unknown": "0" * 43, "nonsense": "\x00\udce4"}
    sharing.revoke(studio, alice, sharing.links(studio, alice, thread)[2].id)
    clock.skip(days=1)
    with studio.transaction() as db:
        db.get_one(Conversation, thread).deleted_at = studio.now()

    said = set()
    for token in tokens.values():
        for ask in (
            lambda token: shared.opened(studio, token),
            lambda token: shared.image(studio, token, fox),
            lambda token: shared.cover(studio, token),
            lambda token: shared.enter(studio, token, "a password"),
            lambda token: shared.judge(studio, token, fox, "approve", ""),
        ):
            with pytest.raises(NotFound) as raised:
                ask(token)
            said.add(str(raised.value))

    assert said == {shared.GONE}


def gone(studio: Studio, token: str, image_id: str) -> bool:
    """True when the page and its image are not there; false when both are."""
    answers = []
    for ask in (lambda: shared.opened(studio, token), lambda: shared.image(studio, token, image_id)):
        try:
            ask()
            answers.append(False)
        except NotFound:
            answers.append(True)
    assert len(set(answers)) == 1
    return answers[0]


def test_what_the_owner_hides_is_not_in_what_the_page_gets(
    studio: Studio, alice: Person, further: Callable[..., str], thread: str
) -> None:
    further("now with a blue scarf please")
    with studio.transaction() as db:
        for post in db.exec(select(Post)).all():
            post.caption, post.alt = f"A Red Fox, in the SNOW. ({post.id})", "A red fox in the snow!"
            post.hashtags = ["redfox"]
        for image in db.exec(select(Image)).all():
            image.alt = "Now with a blue scarf, please. (Practice alt text)"

    hidden = shared.opened(studio, share(studio, alice, thread, shows_prompts=False, shows_models=False))

    told = repr(hidden).casefold()
    assert not [word for word in ("fox", "scarf", "sketch", "practice") if word in told.replace("practice=false", "")]
    assert len(hidden.images) == 2
    assert {image.cost for image in hidden.images} == {None}


def test_words_that_quote_no_prompt_are_shown_though_prompts_are_hidden(
    studio: Studio, alice: Person, thread: str
) -> None:
    with studio.transaction() as db:
        post = db.exec(select(Post)).one()
        post.caption, post.hashtags = "Winter is here.", ["winter"]
        db.exec(select(Image)).one().alt = "A fox looks up from the snow."
    conversations.rename(studio, alice, thread, "Winter campaign", 1)

    seen = shared.opened(studio, share(studio, alice, thread, shows_prompts=False))

    assert seen.title == "Winter campaign"
    assert (seen.turns[0].caption, seen.turns[0].hashtags) == ("Winter is here.", ("winter",))
    assert seen.images[0].alt == "A fox looks up from the snow."


def test_costs_are_shown_when_the_owner_says_so(studio: Studio, alice: Person, thread: str) -> None:
    seen = shared.opened(studio, share(studio, alice, thread, shows_costs=True, shows_models=False))

    assert seen.shows_costs
    assert [(image.cost, image.practice, image.model) for image in seen.images] == [(0, True, None)]


def test_a_pinned_link_keeps_to_the_turns_of_its_moment(
    studio: Studio, alice: Person, thread: str, fox: str, further: Callable[..., str]
) -> None:
    pinned, live = share(studio, alice, thread, pinned=True), share(studio, alice, thread)

    later = further("with a hat")

    assert [image.id for image in shared.opened(studio, pinned).images] == [fox]
    assert [image.made_from for image in shared.opened(studio, live).images] == [None, 1]
    assert shared.image(studio, live, later).id == later
    assert shared.cover(studio, live).id == later
    assert shared.cover(studio, pinned).id == fox
    with pytest.raises(NotFound):
        shared.image(studio, pinned, later)


def test_images_in_the_trash_are_not_shown(
    studio: Studio, alice: Person, thread: str, fox: str, further: Callable[..., str]
) -> None:
    token, hat = share(studio, alice, thread, takes_verdicts=True), further("with a hat")
    with studio.transaction() as db:
        db.get_one(Image, fox).deleted_at = studio.now()
    with studio.transaction() as db:
        generation = db.get_one(Generation, str(db.get_one(Image, hat).generation_id))
        generation.deleted_at = studio.now()

    assert shared.opened(studio, token).images == ()
    for image in (fox, hat):
        with pytest.raises(NotFound):
            shared.image(studio, token, image)
        with pytest.raises(NotFound):
            shared.judge(studio, token, image, "no", "")
    with pytest.raises(NotFound):
        shared.cover(studio, token)


def test_nothing_but_this_conversation_is_behind_a_link(
    studio: Studio, alice: Person, bob: Person, make: Make, thread: str, fox: str, work: Callable[[], None]
) -> None:
    own, foreign = make(alice, "a launch that is secret"), make(bob, "something of Bob's")
    asked = conversations.start(studio, alice, wish("with a hat", source=own))
    work()
    token = share(studio, alice, asked.conversation_id, takes_verdicts=True)

    seen = shared.opened(studio, token)

    assert "secret" not in repr(seen) and own not in repr(seen)
    assert [image.made_from for image in seen.images] == [None]
    for image in (own, foreign, fox, "0" * 32, "", "\x00", "ä"):
        with pytest.raises(NotFound):
            shared.image(studio, token, image)
        with pytest.raises(NotFound):
            shared.judge(studio, token, image, "approve", "")


def test_a_password_is_asked_for_once_and_opens_this_link_alone(
    studio: Studio, alice: Person, thread: str, fox: str, clock: Clock
) -> None:
    token, other = (share(studio, alice, thread, password="correct horse") for _ in range(2))
    for ask in (
        lambda proof: shared.opened(studio, token, proof),
        lambda proof: shared.image(studio, token, fox, proof),
        lambda proof: shared.judge(studio, token, fox, "no", "", proof),
    ):
        for proof in ("", "0.0", "ffffffff.", "."):
            with pytest.raises(Locked):
                ask(proof)
    with pytest.raises(Locked):
        shared.cover(studio, token)
    with pytest.raises(Refused, match="not the password"):
        shared.enter(studio, token, "correct house")

    proof = shared.enter(studio, token, "correct horse")

    assert shared.opened(studio, token, proof).has_password
    with pytest.raises(Locked):
        shared.opened(studio, other, proof)
    clock.skip(hours=13)
    with pytest.raises(Locked):
        shared.opened(studio, token, proof)


def test_another_password_shuts_out_whoever_knew_the_old_one(studio: Studio, alice: Person, thread: str) -> None:
    token = share(studio, alice, thread, password="correct horse")
    proof = shared.enter(studio, token, "correct horse")
    link = only(sharing.links(studio, alice, thread))

    sharing.change(studio, alice, link.id, Terms(password=None, shows_prompts=False))
    assert shared.opened(studio, token, proof).title == ""

    sharing.change(studio, alice, link.id, Terms(password="battery staple"))
    with pytest.raises(Locked):
        shared.opened(studio, token, proof)


def test_a_link_keeps_its_address_when_its_terms_change(
    studio: Studio, alice: Person, thread: str, fox: str, further: Callable[..., str], clock: Clock
) -> None:
    token = share(studio, alice, thread, days=1)
    link = only(sharing.links(studio, alice, thread))
    clock.skip(days=2)

    sharing.change(studio, alice, link.id, Terms(name="Acme", days=7, pinned=True))
    further("with a hat")

    assert [image.id for image in shared.opened(studio, token).images] == [fox]
    changed = only(sharing.links(studio, alice, thread))
    assert (changed.name, changed.state, changed.pinned) == ("Acme", "active", True)


def test_a_password_can_be_taken_away_and_given(studio: Studio, alice: Person, thread: str) -> None:
    token = share(studio, alice, thread, password="correct horse")
    link = only(sharing.links(studio, alice, thread))

    sharing.change(studio, alice, link.id, Terms(password=""))
    assert not shared.opened(studio, token).has_password

    sharing.change(studio, alice, link.id, Terms(password="battery staple"))
    with pytest.raises(Locked):
        shared.opened(studio, token)


def test_other_terms_leave_the_end_alone_unless_it_is_among_them(studio: Studio, alice: Person, thread: str) -> None:
    share(studio, alice, thread, days=7)
    before = only(sharing.links(studio, alice, thread))

    sharing.change(studio, alice, before.id, Terms(days=None, shows_costs=True))
    changed = only(sharing.links(studio, alice, thread))
    assert (changed.ends_at, changed.shows_costs) == (before.ends_at, True)

    sharing.change(studio, alice, before.id, Terms(days=8))
    extended = only(sharing.links(studio, alice, thread)).ends_at
    assert before.ends_at and extended and extended > before.ends_at


def test_a_new_link_has_to_end(studio: Studio, alice: Person, thread: str) -> None:
    with pytest.raises(Refused, match="Choose when"):
        share(studio, alice, thread, days=None)


def test_an_ended_link_opens_again_only_where_there_is_room_for_one_more(
    studio: Studio, alice: Person, thread: str, clock: Clock
) -> None:
    token = share(studio, alice, thread, days=1)
    ended = only(sharing.links(studio, alice, thread))
    clock.skip(days=2)
    fill_up(studio, alice, thread, sharing.MOST_LINKS)

    with pytest.raises(Refused, match="Revoke one"):
        sharing.change(studio, alice, ended.id, Terms(days=7))
    sharing.change(studio, alice, ended.id, Terms(name="still over", days=None))
    with pytest.raises(NotFound):
        shared.opened(studio, token)

    other, *_ = sharing.links(studio, alice, thread)
    sharing.change(studio, alice, other.id, Terms(days=7))
    sharing.revoke(studio, alice, other.id)
    sharing.change(studio, alice, ended.id, Terms(days=7))
    assert shared.opened(studio, token).turns


def fill_up(studio: Studio, alice: Person, thread: str, count: int) -> None:
    """Have so many links open it."""
    share(studio, alice, thread)
    with studio.transaction() as db:
        row = db.exec(select(Share).order_by(col(Share.id).desc())).first()
        assert row
        for n in range(count - 1):
            db.add(Share(**{**row.model_dump(), "id": new_id(), "token_hash": f"{n}"}))


def test_openings_are_counted_and_told_now_and_then(
    studio: Studio, alice: Person, thread: str, fox: str, clock: Clock
) -> None:
    token = share(studio, alice, thread)
    assert only(sharing.links(studio, alice, thread)).used_at is None

    for _ in range(3):
        shared.opened(studio, token)
        shared.image(studio, token, fox)
        shared.cover(studio, token)
    shared.opened(studio, token, counts=False)

    link = only(sharing.links(studio, alice, thread))
    assert link.uses == 3 and link.used_at is not None
    assert len(events(studio, "share.opened")) == 1
    clock.skip(minutes=11)
    shared.opened(studio, token)
    assert len(events(studio, "share.opened")) == 2


def test_a_verdict_reaches_the_owner_and_the_last_word_counts(
    studio: Studio, alice: Person, thread: str, fox: str
) -> None:
    token = share(studio, alice, thread, name="Acme", takes_verdicts=True)
    shared.judge(studio, token, fox, "change", "Less orange,\r\nplease.\x00 ")

    shared.judge(studio, token, fox, "approve", "Lovely.")
    shared.judge(studio, token, fox, "approve", "Lovely.")

    (said,) = sharing.verdicts(studio, alice, thread)
    assert (said.image_id, said.link, said.verdict, said.note) == (fox, "Acme", "approve", "Lovely.")
    link = only(sharing.links(studio, alice, thread))
    assert (link.approve, link.change, link.no) == (1, 0, 0)
    assert [event.facts["verdict"] for event in events(studio, "verdict.given")] == ["change", "approve"]
    assert "orange" not in str([event.facts for event in events(studio, "verdict.given")])
    image = shared.opened(studio, token).images[0]
    assert (image.verdict, image.note) == ("approve", "Lovely.")


def test_two_links_have_verdicts_of_their_own(studio: Studio, alice: Person, thread: str, fox: str) -> None:
    acme, chef = (share(studio, alice, thread, name=name, takes_verdicts=True) for name in ("Acme", "Chef"))

    shared.judge(studio, acme, fox, "approve", "")
    shared.judge(studio, chef, fox, "no", "Not ours.")

    assert [(said.link, said.verdict) for said in sharing.verdicts(studio, alice, thread)] == [
        ("Chef", "no"),
        ("Acme", "approve"),
    ]
    assert shared.opened(studio, acme).images[0].note == ""


def test_a_verdict_that_is_none_is_refused(studio: Studio, alice: Person, thread: str, fox: str) -> None:
    token = share(studio, alice, thread, takes_verdicts=True)

    for verdict, note in (("perhaps", ""), ("", ""), ("approve", "x" * 1_001)):
        with pytest.raises(Refused):
            shared.judge(studio, token, fox, verdict, note)

    assert sharing.verdicts(studio, alice, thread) == ()


def test_no_verdict_is_taken_where_none_is_asked_for(studio: Studio, alice: Person, thread: str, fox: str) -> None:
    token = share(studio, alice, thread)

    with pytest.raises(Refused, match="does not ask"):
        shared.judge(studio, token, fox, "approve", "")

    with studio.reading() as db:
        assert db.exec(select(Verdict)).all() == []


def test_terms_that_do_not_work_make_no_link(studio: Studio, alice: Person, thread: str) -> None:
    wrong: list[dict[str, object]] = [{"days": 0}, {"days": 366}, {"days": -1}]
    wrong += [{"password": "short"}, {"password": "x" * 201}, {"name": "x" * 81}]

    for terms in wrong:
        with pytest.raises(Refused):
            share(studio, alice, thread, **terms)

    assert sharing.links(studio, alice, thread) == ()


def test_nobody_else_can_make_see_change_or_revoke_a_link(
    studio: Studio, alice: Person, bob: Person, thread: str, fox: str
) -> None:
    token = share(studio, alice, thread, takes_verdicts=True)
    link = only(sharing.links(studio, alice, thread))

    for ask in (
        lambda: sharing.share(studio, bob, thread, Terms()),
        lambda: sharing.links(studio, bob, thread),
        lambda: sharing.verdicts(studio, bob, thread),
        lambda: sharing.revoke(studio, bob, link.id),
        lambda: sharing.change(studio, bob, link.id, Terms(days=1)),
    ):
        with pytest.raises(NotFound):
            ask()

    assert only(sharing.links(studio, alice, thread)) == link
    assert not gone(studio, token, fox)


def test_a_conversation_in_the_trash_cannot_be_shared(studio: Studio, alice: Person, thread: str) -> None:
    with studio.transaction() as db:
        db.get_one(Conversation, thread).deleted_at = studio.now()

    with pytest.raises(NotFound, match="Restore it"):
        share(studio, alice, thread)


def test_the_links_of_one_conversation_have_a_limit(studio: Studio, alice: Person, thread: str) -> None:
    fill_up(studio, alice, thread, sharing.MOST_LINKS)

    with pytest.raises(Refused, match="Revoke one"):
        share(studio, alice, thread)


def test_a_change_shows_the_words_that_a_person_gave_it(
    studio: Studio, alice: Person, thread: str, further: Callable[..., str]
) -> None:
    hat = further("with a hat")
    with studio.transaction() as db:
        post = db.get_one(Post, str(db.get_one(Image, hat).post_id))
        post.caption, post.edited_at = "The hat makes the fox.", studio.now()

    turns = shared.opened(studio, share(studio, alice, thread)).turns

    assert [turn.caption for turn in turns] == ["", ""]
    assert [image.caption for turn in turns for image in turn.images] == ["", "The hat makes the fox."]


def test_a_first_turn_that_starts_from_an_upload_shows_its_caption(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    photo = uploads.upload(studio, alice, serving.picture("PNG", (64, 64)))
    asked = conversations.start(studio, alice, wish("a red fox", source=photo.id, caption=captions.AUTO))
    work()

    (turn,) = shared.opened(studio, share(studio, alice, asked.conversation_id)).turns

    with studio.reading() as db:
        assert turn.caption == db.exec(select(Post.caption)).one() != ""


class Counted(str):
    """Words that count how often they are looked through."""

    looks = 0

    def casefold(self) -> str:
        Counted.looks += 1
        return super().casefold()


def test_hidden_prompts_are_looked_through_once_however_many_words_might_quote_them(
    studio: Studio, alice: Person, thread: str
) -> None:
    with studio.transaction() as db:
        db.exec(select(Image)).one().alt = "Somebody looks up"
    with studio.reading() as db:
        link = Share(conversation_id=thread, user_id=alice.id, token_hash="", shows_prompts=False)
        (turn,) = views.turns(db, db.exec(select(Turn)).all())
        turns = [replace(turn, id=f"{n}", prompt=Counted(f"{PROMPT} {n}")) for n in range(50)]
        showing = Showing(studio.catalogue, link, db.get_one(Conversation, thread), turns, {}, {})
        Counted.looks = 0

        page = showing.page()

    assert {image.alt for image in page.images} == {"Somebody looks up"}
    assert Counted.looks == len(turns)


def test_a_page_is_read_in_as_many_queries_however_long_the_conversation_is(
    studio: Studio, alice: Person, thread: str, further: Callable[..., str]
) -> None:
    token = share(studio, alice, thread)
    short = reads(studio, lambda: shared.opened(studio, token))
    for _ in range(3):
        further("with a hat")

    assert reads(studio, lambda: shared.opened(studio, token)) == short <= 8


def reads(studio: Studio, ask: Callable[[], Shared]) -> int:
    from tests.screens.support import queries

    with queries(studio) as seen:
        ask()
    return len(seen)


def test_two_readers_at_the_same_moment_leave_one_verdict(studio: Studio, alice: Person, thread: str, fox: str) -> None:
    token = share(studio, alice, thread, takes_verdicts=True)

    with ThreadPoolExecutor(4) as readers:
        list(readers.map(lambda n: shared.judge(studio, token, fox, "approve", f"{n}"), range(8)))

    assert len(sharing.verdicts(studio, alice, thread)) == 1
    assert len(events(studio, "verdict.given")) == 8
