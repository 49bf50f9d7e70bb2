"""Words of pages that are no Streamlit screens: the reader's language, dates and amounts as it writes them."""

import gettext
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency
from starlette.requests import Request

MOST_WISHES = 10
"""Languages of a request that are looked at."""


@dataclass(frozen=True)
class Words:
    """One language: texts, and how it writes numbers and dates."""

    language: str
    catalogue: gettext.NullTranslations

    def text(self, english: str) -> str:
        """In this language."""
        return self.catalogue.gettext(english)

    def plural(self, one: str, many: str, n: int) -> str:
        """The form that fits `n`, with `{n}` filled in."""
        return self.catalogue.ngettext(one, many, n).format(n=n)

    def date(self, moment: datetime) -> str:
        """The day, as in "21 Nov 2026"."""
        return format_date(moment, "medium", locale=self.language)

    def money(self, dollars: Decimal) -> str:
        """US dollars; below a cent with as many digits as it takes to see something."""
        pattern = "¤0.00" if dollars == 0 or dollars >= Decimal("0.01") else "¤0.00##"
        return format_currency(dollars, "USD", format=pattern, locale=self.language, currency_digits=False)


def of(request: Request, catalogues: Path) -> Words:
    """The first language that the reader's browser wants and that we have a catalogue of; else English."""
    wishes = request.headers.get("accept-language", "").split(",")[:MOST_WISHES]
    names = (wish.partition(";")[0].strip().replace("-", "_") for wish in wishes)
    known = (_known(name[:20], catalogues) for name in names)
    return next((words for words in known if words), None) or _words("en", catalogues)


def _known(wanted: str, catalogues: Path) -> Words | None:
    """What a browser says is never shown: only names of catalogues of ours."""
    if wanted.partition("_")[0].lower() == "en":
        return _words("en", catalogues)
    has = _languages(catalogues)
    found = next((name for name in has if name.lower() in (wanted.lower(), wanted.partition("_")[0].lower())), None)
    return _words(found, catalogues) if found else None


@cache
def _languages(catalogues: Path) -> tuple[str, ...]:
    return tuple(sorted(mo.parents[1].name for mo in catalogues.glob("*/LC_MESSAGES/studio.mo") if _written(mo)))


def _written(mo: Path) -> bool:
    try:
        return bool(Locale.parse(mo.parents[1].name))
    except (UnknownLocaleError, ValueError):
        return False


@cache
def _words(language: str, catalogues: Path) -> Words:
    return Words(language, gettext.translation("studio", catalogues, [language], fallback=True))
