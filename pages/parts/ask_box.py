"""The ask box: words, models, settings and pictures of one turn; Create and the conversation both show it."""

from collections.abc import Callable

from core.access import Person
from core.conversations import Ask
from core.studio import Studio
from core.views import ImageView


def show(
    studio: Studio,
    person: Person,
    key: str,
    *,
    source: ImageView | None = None,
    defaults: dict[str, object] | None = None,
    submit_label: str | None = None,
    on_remove_source: Callable[[], None] | None = None,
) -> Ask | None:
    """Draw the box; the Ask when it was just submitted, else None.

    `key` names the box within the page ("create", "next"). `defaults` are a turn's settings as `TurnView.settings`
    has them (or `Ask.settings`); they count until the person changes something. `source` is what the turn starts
    from, shown with a remove button when `on_remove_source` is given.
    After the verb took the ask, call `ask_box.sent(key)`: the next time the box is drawn it is empty. Until then an
    ask keeps its token, so asking again is asking once, and nothing typed is lost when it is refused.
    """
    return None


def sent(key: str) -> None:
    """The ask of this box was taken: the next one gets a new token and an empty box."""
