"""Words on screen: English in the code, other languages from catalogues, numbers and times as people write them."""

import gettext
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

import streamlit as st
from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

CATALOGUES = Path(__file__).parent / "locale"
"""`<language>/LC_MESSAGES/studio.mo`; a language without a catalogue reads English."""


def _(text: str) -> str:
    """This text in the person's language."""
    return _catalogue(language()).gettext(text)


def plural(one: str, many: str, n: int) -> str:
    """The form that fits `n`, with `{n}` filled in."""
    return _catalogue(language()).ngettext(one, many, n).format(n=n)


def language() -> str:
    """The language of this person's screen, e.g. "en" or "pt_BR"; the browser says which it wants."""
    return _known((st.context.locale or "en").replace("-", "_"))


def money(dollars: Decimal) -> str:
    """US dollars: "$0.17"; below a cent with as many digits as it takes to see something: "$0.0031"."""
    pattern = "¤0.00" if dollars == 0 or dollars >= Decimal("0.01") else "¤0.00##"
    return format_currency(dollars, "USD", format=pattern, locale=language(), currency_digits=False)


def number(value: int) -> str:
    """A count: "12,345"."""
    return format_decimal(value, locale=language())


def percent(share: float, *, signed: bool = False) -> str:
    """A share of one: "93%", "99.5%"; or how much something grew: "+12%"."""
    fine = "0.#%" if not signed and 0.9 < share < 1 else "0%"
    return format_percent(share, f"+#,##{fine};-#,##{fine}" if signed else f"#,##{fine}", locale=language())


def day(moment: date) -> str:
    """A date: "November 21, 2026"."""
    return format_date(moment, "long", locale=language())


def size(bytes_: int) -> str:
    """How large files are: "34 MB", "1.2 MB", "480 kB"."""
    unit, value = ("MB", bytes_ / 1_000_000) if bytes_ >= 1_000_000 else ("kB", bytes_ / 1_000)
    return f"{format_decimal(round(value, 1 if value < 10 else 0), locale=language())} {unit}"


def setting_names() -> dict[str, str]:
    """What a turn's settings are called, in the order in which they are told."""
    return {
        "ratio": _("Ratio"),
        "resolution": _("Resolution"),
        "count": _("Images each"),
        "quality": _("Quality"),
        "seed": _("Seed"),
        "negative_prompt": _("Leave out"),
        "steps": _("Steps"),
        "guidance": _("Guidance"),
        "scheduler": _("Scheduler"),
        "strength": _("Strength"),
    }


def ago(now: datetime, moment: datetime) -> str:
    """How long ago in the largest whole unit: "just now", "5 minutes ago", "3 days ago"."""
    minutes = int((now - moment).total_seconds() // 60)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return plural("{n} minute ago", "{n} minutes ago", minutes)
    if minutes < 24 * 60:
        return plural("{n} hour ago", "{n} hours ago", minutes // 60)
    return plural("{n} day ago", "{n} days ago", minutes // (24 * 60))


def seconds(value: float) -> str:
    """A duration: "8.2 s" below ten seconds, "31 s" above."""
    return f"{format_decimal(round(value, 1 if value < 10 else 0), locale=language())} s"


@cache
def _known(wanted: str) -> str:
    """What we can write of what was wanted: the whole name, its language alone, or English."""
    for name in (wanted, wanted.partition("_")[0]):
        if gettext.find("studio", CATALOGUES, [name]) and _written(name):
            return name
    return "en"


def _written(name: str) -> bool:
    try:
        return Locale.parse(name) is not None
    except (UnknownLocaleError, ValueError):
        return False


@cache
def _catalogue(name: str) -> gettext.NullTranslations:
    return gettext.translation("studio", CATALOGUES, [name], fallback=True)
