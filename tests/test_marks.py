"""People star images, choose them for their posts and put them into projects, one or thousands at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from core import marks, projects, trash
from core.access import MOST, Person
from core.errors import NotFound, Refused
from core.studio import Studio
from core.tables import Event, Image, Post, Project, new_id
from tests import many

Make = Callable[..., str]


def marked(studio: Studio, fact: str) -> set[str]:
    with studio.reading() as db:
        return set(db.exec(select(Image.id).where(col(getattr(Image, fact)).is_(True))).all())


def post_of(studio: Studio, person: Person, image_ids: list[str]) -> str:
    """Puts these images into one new post."""
    post = Post(user_id=person.id, created_at=studio.now(), updated_at=studio.now())
    with studio.transaction() as db:
        db.add(post)
        for image in db.exec(select(Image).where(col(Image.id).in_(image_ids))).all():
            image.post_id = post.id
    return post.id


def project_of(studio: Studio, post_id: str) -> str | None:
    with studio.reading() as db:
        return db.get_one(Post, post_id).project_id


def test_many_images_are_starred_at_once_and_the_stars_taken_again(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 5)

    assert marks.star(studio, alice, images[:3]) == 3
    assert marks.star(studio, alice, images[2:]) == 2
    assert marked(studio, "starred") == set(images)
    assert marks.star(studio, alice, images[:1], on=False) == 1
    assert marked(studio, "starred") == set(images[1:])


def test_what_was_done_is_told_once_for_each_image_that_changed(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 3)
    marks.star(studio, alice, images[:1])

    marks.star(studio, alice, images)

    with studio.reading() as db:
        told = db.exec(select(Event).where(Event.kind == "image.starred").order_by(col(Event.seq))).all()
    assert sorted(event.facts["image"] for event in told) == sorted(images)


def test_a_post_has_one_selected_image(studio: Studio, alice: Person) -> None:
    newest, middle, oldest = many.images(studio, alice, 3)
    post_of(studio, alice, [newest, middle, oldest])

    marks.select(studio, alice, [oldest])
    changed = marks.select(studio, alice, [middle, newest])

    assert changed == 1
    assert marked(studio, "selected") == {newest}


def test_what_lies_in_the_trash_takes_no_others_place(studio: Studio, alice: Person) -> None:
    newest, oldest = many.images(studio, alice, 2)
    post_of(studio, alice, [newest, oldest])
    marks.select(studio, alice, [oldest])
    trash.trash(studio, alice, [newest])

    assert marks.select(studio, alice, [newest]) == 0
    assert marked(studio, "selected") == {oldest}


def test_of_many_who_choose_at_once_one_choice_is_left(studio: Studio, alice: Person) -> None:
    """While somebody else moves the post into a project."""
    one, other = many.images(studio, alice, 2)
    post_of(studio, alice, [one, other])
    winter = projects.start(studio, alice, "Winter")
    for _ in range(15):
        wishes = [
            lambda: marks.select(studio, alice, [one]),
            lambda: marks.select(studio, alice, [other]),
            lambda: marks.put_into(studio, alice, [other, one], winter),
        ]
        with ThreadPoolExecutor(3) as crowd:
            for done in [crowd.submit(wish) for wish in wishes]:
                done.result(60)
        assert len(marked(studio, "selected")) == 1


def test_a_project_in_the_trash_takes_nothing(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 1)
    winter = projects.start(studio, alice, "Winter")
    with studio.transaction() as db:
        db.get_one(Project, winter).deleted_at = studio.now()

    with pytest.raises(Refused, match="in the trash"):
        marks.put_into(studio, alice, images, winter)


def test_images_of_several_posts_are_selected_together(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 4)
    post_of(studio, alice, images[:2])
    post_of(studio, alice, images[2:])

    assert marks.select(studio, alice, images) == 2
    assert marks.select(studio, alice, images, on=False) == 2
    assert marked(studio, "selected") == set()


def test_images_go_into_a_project_with_their_posts(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 3)
    post, other = post_of(studio, alice, images[:2]), post_of(studio, alice, images[2:])
    autumn = projects.start(studio, alice, "  Autumn   campaign ")

    assert marks.put_into(studio, alice, images[:1], autumn) == {post: ""}
    assert (project_of(studio, post), project_of(studio, other)) == (autumn, None)
    assert [project.title for project in projects.titles(studio, alice)] == ["Autumn campaign"]
    assert marks.put_into(studio, alice, images, "") == {post: autumn}
    assert project_of(studio, post) is None


def test_what_went_into_a_project_goes_back_to_where_it_was(studio: Studio, alice: Person, bob: Person) -> None:
    images = many.images(studio, alice, 3)
    one, other, third = (post_of(studio, alice, [image]) for image in images)
    autumn, winter = (projects.start(studio, alice, title) for title in ("Autumn", "Winter"))
    marks.put_into(studio, alice, images[:1], autumn)
    moved = marks.put_into(studio, alice, images, winter)
    marks.put_into(studio, alice, images[2:], autumn)  # by hand, meanwhile

    with pytest.raises(NotFound):
        marks.put_back(studio, bob, winter, moved)
    assert marks.put_back(studio, alice, winter, moved) == 2

    assert [project_of(studio, post) for post in (one, other, third)] == [autumn, None, autumn]


def test_images_go_into_a_new_project(studio: Studio, alice: Person) -> None:
    images = many.images(studio, alice, 3)
    post = post_of(studio, alice, images[:2])

    autumn, moved = marks.put_into_new(studio, alice, images[:1], " Autumn ")

    assert (project_of(studio, post), moved) == (autumn, {post: ""})
    assert [(project.id, project.title) for project in projects.titles(studio, alice)] == [(autumn, "Autumn")]


def test_no_new_project_is_left_when_nothing_can_go_into_it(studio: Studio, alice: Person, bob: Person) -> None:
    theirs = many.images(studio, bob, 1)

    for images, title in ((theirs, "Autumn"), ([], "Autumn"), (many.images(studio, alice, 1), " ")):
        with pytest.raises((NotFound, Refused)):
            marks.put_into_new(studio, alice, images, title)

    assert projects.titles(studio, alice) == ()


def test_images_from_before_there_were_posts_get_one(studio: Studio, alice: Person) -> None:
    (fox,) = many.images(studio, alice, 1)
    autumn = projects.start(studio, alice, "Autumn")

    assert list(marks.put_into(studio, alice, [fox], autumn).values()) == [""]

    with studio.reading() as db:
        assert project_of(studio, str(db.get_one(Image, fox).post_id)) == autumn


def test_a_stranger_changes_nothing_also_among_images_of_their_own(studio: Studio, alice: Person, bob: Person) -> None:
    hers, his = many.images(studio, alice, 2), many.images(studio, bob, 1)

    marks.star(studio, bob, [*hers, *his])

    assert marked(studio, "starred") == set(his)
    with pytest.raises(NotFound):
        marks.star(studio, bob, hers)


def test_what_is_gone_does_not_keep_the_others_from_being_marked(studio: Studio, alice: Person) -> None:
    (fox,) = many.images(studio, alice, 1)

    assert marks.star(studio, alice, [fox, new_id(), "no id at all", "\0"]) == 1


def test_more_than_one_call_may_take_is_refused_whole(studio: Studio, alice: Person) -> None:
    (fox,) = many.images(studio, alice, 1)

    with pytest.raises(Refused, match=r"10,000 at once"):
        marks.star(studio, alice, [fox, *(new_id() for _ in range(MOST))])
    assert marked(studio, "starred") == set()


@pytest.mark.parametrize("title", ["", "   ", "x" * 121])
def test_a_project_needs_a_title_of_a_length_that_can_be_read(studio: Studio, alice: Person, title: str) -> None:
    with pytest.raises(Refused):
        projects.start(studio, alice, title)
