"""The studio over plain HTTP: pictures, uploads, gallery rows, live screens, health. Never Streamlit."""

from collections.abc import Collection
from pathlib import Path

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from core import sign_in
from core.settings import Settings
from core.studio import Studio
from core.web import (
    analytics,
    conversations,
    find,
    gallery,
    health,
    kit,
    lineage,
    live,
    media,
    parcels,
    security,
    shared,
    trash,
    ui,
    uploads,
)
from core.web.arrivals import Arrivals
from core.web.live import Hub
from core.web.media import Media
from core.web.security import Claimed, Identify

OURS = ("api", "m", "s", "ui")
"""What Streamlit must not answer with its start page and status 200."""
LAPTOP = Settings()
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes(studio: Studio, identify: Identify, ui_folder: Path, hub: Hub) -> list[BaseRoute]:
    """Every address of ours, in the order in which they are tried; `hub` runs for as long as the server does."""
    pictures = Media(studio)
    hub.kept = pictures.expect
    return [
        *health.routes(studio),
        *media.routes(pictures),
        *shared.routes(studio, ui_folder.parent / "locale", pictures),
        *ui.routes(ui_folder),
        *gallery.routes(studio, identify),
        *find.routes(studio, identify),
        *trash.routes(studio, identify, ui_folder.parent / "locale"),
        *conversations.routes(studio, identify),
        *lineage.routes(studio, identify),
        *kit.routes(studio, identify, pictures),
        *analytics.routes(studio, identify),
        *parcels.routes(studio, identify),
        *uploads.routes(studio, identify),
        *live.routes(identify, hub),
        *(
            Route(f"/{place}", nothing_here, methods=METHODS)
            for name in OURS
            for place in (name, f"{name}/{{rest:path}}")
        ),
    ]


def middleware(
    settings: Settings = LAPTOP, claims: Claimed = lambda cookies: {}, pages: Collection[str] = ()
) -> list[Middleware]:
    """What stands before every address, Streamlit's too.

    `claims` reads the cookie of a sign-in; people who have none find the one of `pages` again that they asked for.
    """
    with_sign_in = settings.sign_in == sign_in.OIDC
    return [
        Middleware(security.StudioHeaders),
        Middleware(security.Gate, settings=settings),
        *([Middleware(Arrivals, settings=settings, claims=claims, pages=pages)] if with_sign_in else ()),
        Middleware(security.Sentences),
    ]


async def nothing_here(_: Request) -> Response:
    """404 as JSON, whatever was meant."""
    return security.sentence("There is nothing at this address.", 404)
