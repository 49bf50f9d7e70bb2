"""The query line on a page of its own: above some empty frames, as a grid would mount it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from core import marks, projects, saved_views
from core.access import Person
from core.replica import Replica
from core.studio import Studio
from core.tables import Conversation, Image, Post, Turn
from pages.parts import find_words
from pages.parts import saved_views as views_part
from tests import many, serving
from tests.serving import Served
from tests.test_replica import is_there, until

# What is done with a view is answered by `window.answer`.
ALONE = """import { Find } from "./find.js";
import { make } from "./elements.js";
const views = new WeakMap();
export default function ({ parentElement, data, setTriggerValue }) {
  const view = views.get(parentElement) ?? { data };
  view.data = data;
  if (!view.find) {
    const place = make("div"), bar = make("div", "bar"), area = make("div", "area");
    bar.append(make("p", "total", "Images"));
    area.append(...Array.from({ length: 24 }, () => make("i", "frame")));
    parentElement.append(place, bar, area);
    const act = (action) => (setTriggerValue("action", action), window.answer);
    const on = { change: (q) => setTriggerValue("line", q), act, others: () => {} };
    view.find = new Find(place, () => view.data, on);
  }
  views.set(parentElement, view);
  view.find.show(data.q);
  if (data.changed) view.find.refresh();
}
"""
FRAMES = """
.area { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 6px; }
.frame { aspect-ratio: 1; border-radius: 8px; background: var(--st-secondary-background-color); }
"""
TITLES = ("Winter campaign", "Spring", "Summer sale")


@contextmanager
def alone(studio: Studio, folder: Path) -> Iterator[Served]:
    """A server with the component `found` beside those of the studio, and an index that follows."""
    shutil.copytree(serving.UI, folder)
    (folder / "found.js").write_text(ALONE)
    (folder / "found.css").write_text((folder / "gallery.css").read_text() + FRAMES)
    with Replica(studio).running() as copy, serving.serving(studio, folder) as served:
        until(lambda: is_there(copy))
        yield served


def data(studio: Studio, person: Person, q: str = "") -> dict[str, Any]:
    """What the page hands over."""
    return {"q": q, "views": views_part.shown(studio, person), "words": {"find": find_words.words()}}


def library(studio: Studio, person: Person, colleague: Person) -> list[str]:
    """Ninety images, of foxes and boats, starred, in projects, of two models; newest first."""
    made = many.images(studio, person, 90, apart=timedelta(hours=16), each=1)
    ids = [projects.start(studio, person, title) for title in TITLES]
    with studio.transaction() as db:
        db.execute(sa.update(Conversation).values(title=""))
        for number, turn in enumerate(db.scalars(sa.select(Turn).order_by(col(Turn.created_at).desc()))):
            turn.prompt = "a blue boat in the harbour" if number % 3 else "a red fox in the snow"
        for number, image_id in enumerate(made[:30]):
            post = Post(user_id=person.id, project_id=ids[number % 3], created_at=studio.now(), updated_at=studio.now())
            db.add(post)
            db.flush()
            db.get_one(Image, image_id).post_id = post.id
    marks.star(studio, person, made[:12])
    saved_views.save(studio, person, "Stars of the week", "is:starred after:7d")
    saved_views.share(studio, person, saved_views.save(studio, person, "Red foxes", '"red fox" sort:costliest'))
    theirs = saved_views.save(studio, colleague, "Everything dear", "cost:>0.05 sort:costliest")
    saved_views.share(studio, colleague, theirs)
    return made
