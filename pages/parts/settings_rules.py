"""What the team agreed on: words, limits, models, the look at prompts, how long old images stay."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core import rules
from core.access import Person
from core.rules import Told
from core.studio import Studio
from pages.parts import toast
from pages.parts.whole import whole
from pages.parts.words import _

NEVER = 0


def show(studio: Studio, person: Person, told: Mapping[str, Told], *, admin: bool) -> None:
    """All these rules in one form; only what was changed is written, and not over what somebody else changed since."""
    st.subheader(_("Rules"), anchor=False)
    with st.form("rules", border=True):
        _fields(studio, told, disabled=not admin)
        if admin:
            st.form_submit_button(_("Save rules"), type="primary", on_click=lambda: _save(studio, person, told))


def _key(rule: Told) -> str:
    """Of its version, so that a field shows what is so after somebody else changed it."""
    return f"rule-{rule.name}-{rule.version}"


def _fields(studio: Studio, told: Mapping[str, Told], *, disabled: bool) -> None:
    """To let a new rule be changed here, add its field, and how it is read to `_wanted`."""
    value, key = {n: rule.value for n, rule in told.items()}, {n: _key(rule) for n, rule in told.items()}
    labels = {model.name: model.label for model in (*studio.catalogue.known(), *studio.catalogue.texts(studio.writers))}
    labels |= {name: studio.catalogue.label(name) for name in value["off"]}
    st.text_area(
        _("Words that no prompt may hold"),
        "\n".join(value["banned"]),
        key=key["banned"],
        help=_("One word or phrase in each line. Case and accents make no difference; parts of words are no match."),
        disabled=disabled,
    )
    st.multiselect(
        _("Models that nobody may ask"),
        list(labels),
        default=list(value["off"]),
        format_func=lambda name: labels[name],
        key=key["off"],
        disabled=disabled,
    )
    numbers = {
        "at_once": (_("Images on their way for one person"), 1, None),
        "per_minute": (_("Times one person may ask in a minute"), 1, None),
        "uploads_gb": (_("Gigabytes one person may upload"), NEVER, _("0 is no limit.")),
        "failed_days": (_("Days until failed images go off the page"), NEVER, _("0 is never.")),
        "unpicked_days": (_("Days until unpicked images go to the trash"), NEVER, _("0 is never.")),
    }
    for row in (("at_once", "per_minute", "uploads_gb"), ("failed_days", "unpicked_days")):
        for name, place in zip(row, st.columns(len(row)), strict=True):
            label, least, hint = numbers[name]
            now = value[name] or NEVER
            place.number_input(label, least, rules.MOST, now, key=key[name], help=hint, disabled=disabled)
    st.toggle(
        _("OpenAI looks at every prompt before it is sent anywhere"),
        value["moderation"],
        key=key["moderation"],
        help=_("Needs a key of OpenAI where the work is done. What cannot be looked at is not sent."),
        disabled=disabled,
    )


def _wanted(told: Mapping[str, Told]) -> dict[str, Any]:
    """What the form says."""
    said = {name: st.session_state[_key(rule)] for name, rule in told.items()}
    unset = {name: said[name] or None for name in ("uploads_gb", "failed_days", "unpicked_days")}
    return {**said, **unset, "banned": said["banned"].splitlines()}


@whole
def _save(studio: Studio, person: Person, told: Mapping[str, Told]) -> None:
    wanted = _wanted(told)
    changed = {name: value for name, value in wanted.items() if value != _plain(told[name].value)}

    def change() -> None:
        for name, value in changed.items():
            rules.change(studio, person, name, value, told[name].version)

    toast.after(change, _("The rules are saved.") if changed else _("Nothing was changed."))


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
