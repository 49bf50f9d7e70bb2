"""A first turn's caption is written through the same pipeline as its images, to the brief, and never lost."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image as Pillow
from sqlmodel import func, select

from core import access, again, briefs, captions, conversations, generations, posting
from core.access import Person
from core.briefs import Brief
from core.errors import Refused
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import CAPTION, Attempt, Generation, Image, Post
from core.views import TurnView
from tests import answers
from tests.conftest import unfinished, wish
from tests.vendors import Vendors


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    picture = BytesIO()
    Pillow.effect_noise((64, 64), 60).convert("RGB").save(picture, "PNG")
    with Vendors(picture.getvalue()) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, vendors: Vendors) -> Settings:
    """Both homes, with every provider open."""
    return replace(settings, **vendors.settings())


@pytest.fixture
def work(studio: Studio) -> Callable[[], None]:
    """Does all that waits, but draws nothing; the stand-ins are asked."""
    return lambda: answers.answer(studio)


def turn_of(studio: Studio, person: Person, conversation: str) -> TurnView:
    return conversations.opened(studio, person, conversation).turns[-1]


def newest(studio: Studio) -> list[Generation]:
    """What the last turn asked for."""
    with studio.reading() as db:
        last = select(func.max(Generation.turn_id)).scalar_subquery()
        return list(db.exec(select(Generation).where(Generation.turn_id == last)).all())


def test_a_first_turn_has_its_caption_beside_its_images(studio: Studio, alice: Person) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", caption=captions.AUTO, count=2))
    assert len(unfinished(studio)) == 3

    answers.work(studio)

    turn = turn_of(studio, alice, asked.conversation_id)
    assert turn.caption and turn.caption.status == "succeeded" and turn.caption.practice
    assert turn.caption.post and "fox" in turn.caption.post.caption.lower()
    assert [g.makes for g in turn.generations] == ["image", "image"]
    with studio.reading() as db:
        [post] = db.exec(select(Post)).all()
        assert {image.post_id for image in db.exec(select(Image)).all()} == {post.id}


def test_alt_text_reaches_images_that_came_before_the_caption_and_after_it(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    conversations.start(studio, alice, wish("a red fox", caption=captions.AUTO, count=2))
    first, *others = unfinished(studio)

    work()

    assert first and others
    with studio.reading() as db:
        post, images = db.exec(select(Post)).one(), db.exec(select(Image)).all()
    assert post.alt and {image.alt for image in images} == {post.alt}


def test_each_edit_has_a_post_of_its_own_with_the_words_of_what_it_was_made_from(
    studio: Studio, alice: Person, work: Callable[[], None]
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", caption=captions.AUTO))
    work()
    [fox] = conversations.opened(studio, alice, asked.conversation_id).images

    conversations.ask(studio, alice, asked.conversation_id, wish("bluer", source=fox.id, count=2, caption="auto"))
    work()

    turn = turn_of(studio, alice, asked.conversation_id)
    posts = {image.post_id for g in turn.generations for image in g.images}
    assert turn.caption is None and len(posts) == 2 and fox.post_id not in posts
    with studio.reading() as db:
        assert len({post.caption for post in db.exec(select(Post)).all()}) == 1


def test_paid_images_get_a_paid_caption_in_the_ledger_and_practice_never_costs(
    studio: Studio, alice: Person, vendors: Vendors, work: Callable[[], None]
) -> None:
    asked = conversations.start(studio, alice, wish("a red fox", "openai/gpt-image-2", caption="auto", quality="low"))

    work()

    caption = turn_of(studio, alice, asked.conversation_id).caption
    assert caption and not caption.practice and caption.cost and caption.cost > 0
    assert vendors.texts and len(vendors.texts) == 1
    with studio.reading() as db:
        [attempt] = db.exec(select(Attempt).where(Attempt.generation_id == caption.id)).all()
    assert (attempt.state, attempt.cost_basis) == ("stored", caption.cost_basis)


def test_the_price_says_what_the_caption_adds(studio: Studio, alice: Person) -> None:
    ask = wish("a red fox", "openai/gpt-image-2", quality="low")

    without, with_it = (
        conversations.quote(studio, alice, replace(ask, caption=wanted)).cost for wanted in ("", "auto")
    )

    assert Decimal(0) < with_it - without < Decimal("0.01")


def test_a_practice_image_with_a_paid_caption_is_not_called_free(studio: Studio, alice: Person) -> None:
    ask = wish("a red fox", caption="openai/gpt-6-luna")

    paid, free = (conversations.quote(studio, alice, replace(ask, caption=wanted)) for wanted in (ask.caption, "auto"))

    assert paid.cost > 0 and not paid.practice
    assert free.cost == 0 and free.practice


def test_a_caption_is_in_the_price_exactly_where_one_is_written(
    studio: Studio, alice: Person, make: Callable[..., str]
) -> None:
    """A turn that starts from an upload begins a post too; its caption was paid for and in no price."""
    fox = make(alice, "a red fox")
    conversation = conversations.start(studio, alice, wish("another")).conversation_id
    with studio.transaction() as db:
        lone = db.get_one(Image, fox)
        lone.post_id = None
    for source in (None, fox, make(alice, "a hen")):
        ask = wish("bluer", source=source, caption="openai/gpt-6-luna")
        cost = conversations.quote(studio, alice, ask).cost

        conversations.ask(studio, alice, conversation, ask)

        assert (cost > 0) == any(row.kind == CAPTION for row in newest(studio))


def test_asking_a_turn_again_costs_what_its_quote_says(studio: Studio, alice: Person, make: Callable[..., str]) -> None:
    fox = make(alice, "a red fox")
    asks = [
        wish("a fox", "openai/gpt-image-2", caption="openai/gpt-6-luna", quality="low", count=2),
        wish("bluer", "openai/gpt-image-2", source=fox, references=(fox,), quality="low", caption="auto"),
        wish("a hen", caption="auto"),
    ]

    for ask in asks:
        asked = conversations.start(studio, alice, ask)
        found = again.price(studio, turn_of(studio, alice, asked.conversation_id))

        quote = conversations.quote(studio, alice, ask)
        assert found and (found.cost, found.practice) == (quote.cost, quote.practice)


def test_an_edit_turn_does_not_show_the_caption_of_one_of_its_posts(
    studio: Studio, alice: Person, work: Callable[[], None], make: Callable[..., str]
) -> None:
    asked = conversations.start(studio, alice, wish("bluer", source=make(alice, "a red fox"), count=2))
    work()
    first, _second = (g.images[0].post_id for g in turn_of(studio, alice, asked.conversation_id).generations)

    posting.ask_caption(studio, alice, first or "")
    work()

    assert turn_of(studio, alice, asked.conversation_id).caption is None


def test_the_caption_keeps_to_the_brief_of_that_moment(
    studio: Studio, alice: Person, vendors: Vendors, work: Callable[[], None]
) -> None:
    briefs.save(studio, alice, Brief(voice="dry", language="Portuguese", hashtags=("#Foxes",), avoid=("cheap",)))
    asked = conversations.start(studio, alice, wish("a red fox", "openai/gpt-image-2", caption="auto", quality="low"))
    briefs.save(studio, alice, Brief(voice="loud"))

    work()

    said = str(vendors.texts[0].body)
    assert "dry" in said and "Portuguese" in said and "cheap" in said and "loud" not in said
    caption = turn_of(studio, alice, asked.conversation_id).caption
    assert caption and caption.post and caption.post.hashtags[0] == "Foxes"


@pytest.mark.parametrize("trouble", ["refusal", "cut", "truncated"])
def test_a_caption_that_fails_leaves_the_images_and_can_be_tried_again(
    studio: Studio, alice: Person, vendors: Vendors, work: Callable[[], None], trouble: str
) -> None:
    vendors.next_text(trouble)
    asked = conversations.start(studio, alice, wish("a red fox", "openai/gpt-image-2", caption="auto", quality="low"))
    work()
    turn = turn_of(studio, alice, asked.conversation_id)
    assert turn.caption and turn.caption.status == "failed" and turn.caption.error
    assert [g.status for g in turn.generations] == ["succeeded"]

    generations.retry(studio, alice, turn.caption.id)
    work()

    again = turn_of(studio, alice, asked.conversation_id).caption
    assert again and again.status == "succeeded" and again.post and again.post.caption


def test_images_that_all_fail_leave_the_caption(
    studio: Studio, alice: Person, vendors: Vendors, work: Callable[[], None]
) -> None:
    vendors.always = "blocked"
    asked = conversations.start(studio, alice, wish("a red fox", "openai/gpt-image-2", caption="auto", quality="low"))

    work()

    turn = turn_of(studio, alice, asked.conversation_id)
    assert [g.status for g in turn.generations] == ["failed"]
    assert turn.caption and turn.caption.post and turn.caption.post.caption


def test_a_persons_own_words_are_not_overwritten(studio: Studio, alice: Person, work: Callable[[], None]) -> None:
    conversations.start(studio, alice, wish("a red fox", caption="auto"))
    with studio.transaction() as db:
        post = db.exec(select(Post)).one()
        post.caption, post.edited_at = "Mine", studio.now()

    work()

    with studio.reading() as db:
        assert db.exec(select(Post)).one().caption == "Mine"
        assert db.exec(select(Generation).where(Generation.kind == CAPTION)).one().status == "succeeded"


def test_a_model_that_cannot_write_is_refused_before_anything_is_asked(studio: Studio, alice: Person) -> None:
    with pytest.raises(Refused):
        conversations.start(studio, alice, wish("a red fox", caption="openai/gpt-image-2"))

    assert unfinished(studio) == []


def test_without_a_service_that_writes_nothing_is_asked_of_a_practice_writer(laptop: Settings) -> None:
    """Paid images beside a practice caption would be published by somebody in a hurry."""
    studio = open_studio(replace(laptop, a1111_url="http://127.0.0.1:9"))
    person = access.local_person(studio)

    conversations.start(studio, person, wish("a red fox", "a1111/any", caption="auto"))

    assert len(unfinished(studio)) == 1
