"""What a browser wants done to a post."""

from collections.abc import Callable, Mapping
from typing import Any

from core import generations, marks, posting
from core.access import Person
from core.posting import Words
from core.studio import Studio
from pages.parts import wishes
from pages.parts.wishes import Answer, Wish

POST = "post"


def grant(studio: Studio, person: Person, post_id: str, told: Any) -> None:
    """Do these wishes. They come from a browser, so every verb looks up again whose everything is."""
    acts: Mapping[str, Callable[[Wish], object]] = {
        "save": lambda wish: _save(studio, person, post_id, wish),
        "cancel": lambda wish: generations.cancel(studio, person, str(wish["id"])),
        "retry": lambda wish: generations.retry(studio, person, str(wish["id"])),
        "select": lambda wish: marks.select(studio, person, [str(wish["id"])]),
        "unselect": lambda wish: marks.select(studio, person, [str(wish["id"])], on=False),
        "focus": lambda wish: posting.focus(studio, person, str(wish["id"]), float(wish["x"]), float(wish["y"])),
        "alt": lambda wish: posting.edit_alt(studio, person, str(wish["id"]), str(wish["text"])),
    }
    wishes.grant(POST, told, acts)


def answered() -> list[Answer]:
    """What came of the newest wishes."""
    return wishes.answered(POST)


def _save(studio: Studio, person: Person, post_id: str, wish: Wish) -> None:
    """All or nothing, so that what is refused is still whole where it was written."""
    words = Words(str(wish["caption"]), tuple(map(str, wish["hashtags"]))) if wish["words"] else None
    own = {str(platform): str(text) for platform, text in wish["own"].items()}
    posting.edit(studio, person, post_id, words, int(wish["version"]), own)
