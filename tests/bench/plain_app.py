"""What one would write without components of one's own: a grid of st.image and buttons, and a page that polls.

`streamlit run` imports it for `app` and runs it for every visit. Its pictures come from the studio's own media route;
beside it stands a route with Starlette's FileResponse.
"""

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from core import access, conversations, gallery, web
from core.studio import current
from core.web.security import local_identity
from tests.bench.apps import ROOT

TILES = 48


def nothing() -> None:
    """The start page; nobody opens it."""


def grid() -> None:
    """The gallery's first page: a picture, a tick and two buttons each."""
    studio = current()
    person = access.local_person(studio)
    media = f"http://{st.context.headers['host']}/m/{access.media_token(studio, person)}/"
    st.title("Gallery")
    with st.grid(min_column_width=200):
        for tile in gallery.page(studio, person, limit=TILES).tiles:
            with st.container():
                st.image(f"{media}{tile.id}/256")
                st.checkbox("Select", key=f"select-{tile.id}")
                st.button("Open", key=f"open-{tile.id}")
                st.button("Use in Create", key=f"create-{tile.id}")


def poll() -> None:
    """A conversation that looks for news by itself."""
    st.title("Conversation")
    polling()


@st.fragment(run_every=1)
def polling() -> None:
    """A conversation's tiles, read again every second whether or not something happened."""
    studio = current()
    conversation = st.query_params["id"]
    for wire in conversations.live(studio, access.local_person(studio), conversation):
        st.write(wire["label"], wire["status"])


async def file(request: Request) -> FileResponse:
    """A file as Starlette sends it."""
    return FileResponse(studio.settings.data_dir / "files" / request.path_params["key"])


if __name__ == "__main__":
    pages = [st.Page(page, url_path=page.__name__, default=page is nothing) for page in (nothing, grid, poll)]
    st.navigation(pages, position="top").run()
else:
    studio = current()
    app = st.App(
        __file__,
        routes=[
            Route("/file/{key:path}", file),
            *web.routes(studio, local_identity(studio), ROOT / "pages/parts/components", web.Hub(studio)),
        ],
        middleware=web.middleware(),
    )
