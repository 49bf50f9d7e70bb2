"""The pictures of an ask: what it starts from and its references, chosen, pasted or dropped."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core import access, pictures
from core.access import Person
from core.models import Model
from core.studio import Studio
from core.views import ImageView
from pages.parts import prompt
from pages.parts.components import component
from pages.parts.words import _

PICTURES = component("ask")

OnSource = Callable[[str | None], None]
"""Called with the id of an image just uploaded to start from, or with None to start from words alone."""


def show(
    studio: Studio,
    person: Person,
    key: str,
    token: str,
    chosen: Sequence[Model],
    source: ImageView | None,
    on_source: OnSource | None,
    beside: Sequence[str] = (),
) -> tuple[str, ...]:
    """Draw those of the ask with this token; the references' ids, which stay here when another screen is looked at.

    Images `beside` the source become references by themselves, as many as all models have room for; those that a
    person removed stay away until the box starts from another image.
    """
    mount = f"{key}-pictures-{token}"
    picked = _picked(f"{mount}-picked", source)
    beside = [] if picked.quiet else [image for image in beside if image not in picked.removed]
    free = max(0, min((_room(model, source) for model in chosen), default=0) - len(picked.own))
    picked.added = tuple(beside[:free])
    references = picked.added + picked.own
    PICTURES(
        key=mount,
        data={
            "source": source and source.id,
            "references": references,
            "added": picked.added,
            "told": picked.told,
            "changeable": on_source is not None,
            "startable": on_source is not None and source is None and any(model.takes_source for model in chosen),
            "room": max((_room(model, source) for model in chosen), default=0),
            "button": f".st-key-{prompt.button(key, token)} button",
            "most": pictures.UPLOAD_BYTES,
            "base": f"/m/{access.media_token(studio, person)}/",
            "words": words(),
        },
        on_references_change=partial(_keep, mount, picked),
        on_source_change=partial(_start, mount, on_source),
    )
    return references


def fill(key: str, token: str, source: str | None, references: Sequence[str]) -> None:
    """Put these references into the box, and nothing by itself; for callbacks."""
    picked = st.session_state.setdefault(f"{key}-pictures-{token}-picked", _Picked(source))
    picked.source, picked.own, picked.quiet = source, tuple(references), True


@dataclass
class _Picked:
    """The references of one ask."""

    source: str | None
    own: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    """Those that came by themselves."""
    removed: frozenset[str] = frozenset()
    quiet: bool = False
    """Nothing comes by itself."""
    told: int = 0
    """How often the browser told a change: what it shows is newer than ours until we heard of it."""


def _picked(name: str, source: ImageView | None) -> _Picked:
    start = source and source.id
    picked = st.session_state.setdefault(name, _Picked(start))
    if picked.source != start:
        picked.source, picked.removed, picked.quiet = start, frozenset(), False
    kept: _Picked = picked
    return kept


def _keep(mount: str, picked: _Picked) -> None:
    told = st.session_state.get(mount)
    if not (told and told.references):  # nothing when somebody left the screen at the same moment
        return
    ids = tuple(map(str, told.references["ids"]))
    picked.told = int(told.references["told"])
    picked.removed |= set(picked.added) - set(ids)
    picked.own = tuple(id for id in ids if id not in picked.added)


def _start(mount: str, on_source: OnSource | None) -> None:
    told = st.session_state.get(mount)
    if told and on_source:
        on_source(str(told.source or "") or None)


def _room(model: Model, source: ImageView | None) -> int:
    """How many references this model takes beside the source."""
    return min(model.references_max, model.inputs_max - (source is not None))


def words() -> dict[str, str]:
    """Every sentence of the component."""
    large = _("This picture is larger than {most} MB. Make it smaller and try again.")
    return {
        "add": _("Add reference images"),
        "start": _("Start from an image"),
        "hint": _("Choose files, paste a picture or drop it on this page"),
        "source": _("Starts from"),
        "reference": _("Reference"),
        "added": _("Reference, added by itself: made in the same turn"),
        "remove": _("Remove"),
        "uploading": _("Uploading…"),
        "held": _("Waiting for the pictures, then it goes off by itself."),
        "large": large.format(most=pictures.UPLOAD_BYTES // 1_000_000),
        "other": _("Only PNG, JPEG, WebP and AVIF pictures can be added."),
        "full": _("These models do not take more reference images. Remove some, or pick another model."),
        "unreachable": _("The picture did not reach the studio. Check the connection and add it again."),
    }
