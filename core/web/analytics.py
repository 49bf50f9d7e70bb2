"""What analytics counted as downloads: `/api/analytics/<figures|calls>.<csv|parquet>?from=…&to=…`."""

import tempfile
from pathlib import Path

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from core import ledger_export, question
from core.analytics import SPLITS, Question
from core.errors import NotFound, Refused
from core.studio import Studio
from core.web.security import FRESH, Identify

MIMES = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}


def routes(studio: Studio, identify: Identify) -> list[Route]:
    """The file is written first and goes when it was sent: nobody's slow line holds up the copy."""

    def sent(request: Request) -> Response:
        what, form = request.path_params["what"], request.path_params["form"]
        asked, split = _asked(request)
        if form not in MIMES or what not in ("figures", "calls"):
            raise NotFound("There is no such download.")
        folder = tempfile.TemporaryDirectory(prefix="analytics-")
        into = Path(folder.name) / f"{what}.{form}"
        try:
            if what == "calls":
                ledger_export.calls(studio, identify(request), asked, form, into)
            else:
                ledger_export.figures(studio, identify(request), asked, split, form, into)
        except BaseException:
            folder.cleanup()
            raise
        name = f"{what}-{asked.since}-{asked.until}.{form}"
        gone = BackgroundTask(folder.cleanup)
        return FileResponse(into, media_type=MIMES[form], filename=name, headers=FRESH, background=gone)

    return [Route("/api/analytics/{what}.{form}", sent)]


def _asked(request: Request) -> tuple[Question, str]:
    """Raises Refused for what cannot be read."""
    given = request.query_params
    split = given.get("by", "model")
    if split not in SPLITS:
        raise Refused(f"Figures are told apart by one of {', '.join(SPLITS)}.")
    return question.read({name: given.getlist(name) for name in given}), split
