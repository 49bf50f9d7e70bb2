"""Sample content looks like a team's two months, is marked as practice, adds up, and is made once."""

import hashlib
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlmodel import SQLModel, select

from core import access, demo, demo_plan
from core.access import Person
from core.catalogue import Catalogue
from core.demo_rows import aged_id
from core.errors import Refused
from core.models import ROUTES
from core.providers.sketch_art import STYLES
from core.settings import Settings
from core.studio import Studio, open_studio
from core.tables import (
    CANCELED,
    FAILED,
    RECEIVED,
    SENT,
    SUCCEEDED,
    UNFINISHED,
    Attempt,
    Conversation,
    Generation,
    Image,
    Post,
    Project,
    Reference,
    Turn,
    new_id,
)

ASKED = 12


@dataclass(frozen=True)
class Filled:
    """A studio after its first fill."""

    studio: Studio
    person: Person
    made: int
    progress: list[tuple[int, int]]


def opened(folder: Path, **settings: int) -> Studio:
    return open_studio(Settings(data_dir=folder, **{"free_space_floor_mb": 1, **settings}))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Made once, because drawing takes a while; tests only look at it."""
    studio = opened(tmp_path_factory.mktemp("filled"))
    person = access.local_person(studio)
    progress: list[tuple[int, int]] = []
    made = demo.fill(studio, person, ASKED, lambda done, total: progress.append((done, total)))
    yield Filled(studio, person, made, progress)
    studio.engine.dispose()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Studio]:
    studio = opened(tmp_path)
    yield studio
    studio.engine.dispose()


def rows(studio: Studio, table: type[SQLModel]) -> list:
    with studio.reading() as db:
        return list(db.exec(select(table)).all())


def test_it_makes_as_many_images_as_asked_and_tells_how_far_it_is(filled):
    assert filled.made == len(rows(filled.studio, Image)) >= ASKED
    assert filled.progress[-1] == (filled.made, filled.made)


def test_a_second_fill_makes_nothing(filled):
    before = len(rows(filled.studio, Turn))

    assert demo.fill(filled.studio, filled.person, ASKED) == 0
    assert len(rows(filled.studio, Turn)) == before


def test_on_every_home_a_larger_fill_goes_on_from_a_smaller_one(studio, alice):
    first = demo.fill(studio, alice, 2)

    more = demo.fill(studio, alice, first + 1)

    assert len(rows(studio, Image)) == first + more
    assert more > 0


def test_a_fill_that_was_cut_off_goes_on(empty):
    person = access.local_person(empty)
    total = sum(story.images for story in demo_plan.plan(7, demo.SEED))

    def cut_off(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        demo.fill(empty, person, 7, cut_off)
    demo.fill(empty, person, 7)

    assert len(rows(empty, Image)) == total


def test_the_same_seed_draws_the_same(empty, filled):
    demo.fill(empty, access.local_person(empty), 3)

    again = {image.sha256 for image in rows(empty, Image)}
    assert again <= {image.sha256 for image in rows(filled.studio, Image)}


def test_nothing_is_made_on_a_disk_that_is_nearly_full(tmp_path):
    studio = opened(tmp_path, free_space_floor_mb=10**9)

    with pytest.raises(Refused):
        demo.fill(studio, access.local_person(studio), ASKED)

    assert rows(studio, Image) == []


def test_every_generation_is_marked_as_practice_and_has_ended(filled):
    generations = rows(filled.studio, Generation)

    assert all(generation.practice for generation in generations)
    assert not any(generation.status in UNFINISHED for generation in generations)
    assert not any(attempt.state in (SENT, RECEIVED) for attempt in rows(filled.studio, Attempt))


def test_not_everything_succeeded_and_what_failed_says_why(filled):
    generations = rows(filled.studio, Generation)

    assert {generation.status for generation in generations} == {SUCCEEDED, FAILED, CANCELED}
    assert "unknown" in {generation.error_kind for generation in generations}
    assert all(bool(generation.error) == (generation.status == FAILED) for generation in generations)


def test_costs_are_those_of_the_attempts(filled):
    attempts = rows(filled.studio, Attempt)
    for generation in rows(filled.studio, Generation):
        costs = [a.cost for a in attempts if a.generation_id == generation.id and a.cost is not None]

        assert (generation.cost or 0) == sum(costs, Decimal(0))
    assert sum(a.cost or 0 for a in attempts) > 0


def test_every_image_opens_and_has_its_thumbnails(filled):
    for image in rows(filled.studio, Image):
        stem = image.key.rpartition(".")[0]

        assert hashlib.sha256(filled.studio.store.get(image.key)).hexdigest() == image.sha256
        assert all(filled.studio.store.head(f"{stem}.{edge}.webp") for edge in (256, 512))


def test_ids_sort_by_age(filled):
    for table in (Conversation, Turn, Post):
        found = sorted(rows(filled.studio, table), key=lambda row: row.id)

        assert [row.created_at for row in found] == sorted(row.created_at for row in found)


def test_an_aged_id_sorts_among_the_others():
    rng = random.Random(1)
    now = datetime.now(UTC)

    old, young = aged_id(now - timedelta(days=3), rng), aged_id(now + timedelta(days=3), rng)

    assert old < new_id() < young
    assert uuid.UUID(old).version == 7
    assert uuid.UUID(old).variant == uuid.RFC_4122


def test_a_later_turn_starts_from_an_earlier_image_of_its_conversation(filled):
    images, turns = ({row.id: row for row in rows(filled.studio, table)} for table in (Image, Turn))
    references = rows(filled.studio, Reference)

    assert references
    for use in references:
        assert images[use.image_id].conversation_id == turns[use.turn_id].conversation_id
        assert images[use.image_id].id < use.turn_id


def test_first_turns_share_a_post_and_later_images_have_their_own(filled):
    posts = {post.id: post for post in rows(filled.studio, Post)}
    turns = {turn.id: turn for turn in rows(filled.studio, Turn)}
    per_post = Counter(image.post_id for image in rows(filled.studio, Image))

    assert set(per_post) == set(posts)
    for post_id, count in per_post.items():
        assert count == 1 or turns[posts[post_id].turn_id].position == 1
    assert any(post.caption for post in posts.values())


def test_some_are_starred_and_some_are_in_the_trash_for_as_long_as_the_setting_says(filled):
    images = rows(filled.studio, Image)
    (trashed,) = [image for image in images if image.deleted_at]

    assert any(image.starred for image in images)
    assert trashed.purge_after == trashed.deleted_at + timedelta(days=filled.studio.settings.trash_days)
    assert trashed.created_at <= trashed.deleted_at <= filled.studio.now() < trashed.purge_after


def test_nothing_is_of_the_future_or_older_than_two_months(filled):
    now = filled.studio.now()

    for turn in rows(filled.studio, Turn):
        assert now - timedelta(days=64) < turn.created_at < now
    assert all(generation.finished_at < now for generation in rows(filled.studio, Generation))


def test_projects_belong_to_who_filled_the_studio(filled):
    projects = {project.id: project for project in rows(filled.studio, Project)}

    assert len(projects) == len(demo_plan.words()["projects"])
    for conversation in rows(filled.studio, Conversation):
        if conversation.project_id:
            assert projects[conversation.project_id].user_id == conversation.user_id == filled.person.id


# The whole plan, without drawing it ----------------------------------------------------------------------------------


def test_the_plan_is_two_months_of_a_team():
    stories = demo_plan.plan(300, demo.SEED)

    asked = Counter(story.colleague for story in stories)
    assert 300 <= sum(story.images for story in stories) < 320
    assert 45 <= len(stories) <= 70
    assert asked[None] > len(stories) / 2
    assert set(asked) == {None, *demo_plan.COLLEAGUES}
    assert {1, 8} <= {len(story.steps) for story in stories} <= set(range(1, 9))
    assert len({story.steps[0].prompt for story in stories}) == len(stories)
    assert max(len(step.shots) for story in stories for step in story.steps) > 2


def test_a_longer_plan_begins_with_the_shorter_one():
    short, long = demo_plan.plan(40, 3), demo_plan.plan(80, 3)

    assert long[: len(short)] == short


def test_a_model_that_ended_is_left_out_of_the_plan():
    known = demo_plan.MODELS.keys() - {"openai/gpt-image-2"}

    stories = demo_plan.plan(60, demo.SEED, known)

    assert {shot.model for story in stories for step in story.steps for shot in step.shots} <= known


def test_every_word_of_the_file_fits():
    words = demo_plan.words()
    models = {model.name for model in Catalogue.load().models(ROUTES)}

    assert models >= demo_plan.MODELS.keys()
    for told in words["conversations"]:
        assert told["ask"]
        assert told["then"]
        assert told.get("style", "sketch") in STYLES
        assert told.get("project", 0) in range(len(words["projects"]))
        assert all(part.isdecimal() for part in told["shape"].split(":"))


@pytest.mark.parametrize("hour", range(0, 24, 3))
@pytest.mark.parametrize("day", range(1, 8))
def test_work_is_begun_in_the_past_on_working_days(day, hour):
    now = datetime(2026, 11, day, hour, tzinfo=UTC)

    for story in demo_plan.plan(100, demo.SEED):
        moment = demo_plan.began(story, now)

        assert moment < now
        assert story.days_ago < 2 or (moment.weekday() < 5 and 8 <= moment.hour <= 17)
