"""Pictures over HTTP: `/m/<token>/<image>/<256 | 512 | preview | full | download>`, for the person the token names."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

import anyio
from anyio.to_thread import run_sync
from sqlmodel import col, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from core import access, pictures, standing
from core.access import Person
from core.disk import DiskStore
from core.errors import NotFound
from core.studio import Studio
from core.tables import Generation, Image, Turn
from core.web import ranges, security
from core.zips import slugged

T = TypeVar("T")
REMEMBERED = timedelta(minutes=1)
"""How long a purged picture may still be served: rows never change their key, but they do go."""
REMEMBERED_IMAGES = 20_000
AT_ONCE = 2
"""Pictures decoded at the same time: 40 megapixels take 160 MB each."""
HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class File:
    """What serving a picture needs of its row."""

    key: str
    mime: str
    size: int
    sha256: str

    @property
    def stem(self) -> str:
        """The key without its ending; variants lie beside."""
        return self.key.rpartition(".")[0]


# To add a variant, add a line: its place beside the original and how it is made from it.
VARIANTS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "256": (".256.webp", lambda original: pictures.keep(original).thumbs[256]),
    "512": (".512.webp", lambda original: pictures.keep(original).thumbs[512]),
    "preview": (".preview.jpg", pictures.preview),
}


class Media:
    """Answers picture requests of one studio; remembers for a minute whose picture is where.

    A process has one, so that what is unpacked at the same time has one limit.
    """

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.remembered: OrderedDict[tuple[str, str], tuple[datetime, File]] = OrderedDict()
        self.under_way: dict[Hashable, asyncio.Future[Any]] = {}
        self.on_disk = isinstance(studio.store, DiskStore)
        self.limiter = anyio.CapacityLimiter(AT_ONCE)

    async def answer(self, request: Request) -> Response:
        """The picture; 403 for a token that is not ours, 404 for what is not this person's."""
        variant, image_id = request.path_params["variant"], request.path_params["image"]
        try:
            person = await self._person(request.path_params["token"])
        except NotFound as error:
            return security.sentence(str(error), 403)
        if variant not in (*VARIANTS, "full", "download"):
            raise NotFound("There is no such size of a picture.")
        file = await self._file(image_id, person)
        etag = f'"{file.sha256[:32]}-{variant}"'
        if _knows(request, etag):
            return Response(status_code=304, headers={**HEADERS, "ETag": etag})
        if variant not in VARIANTS:
            return await self._original(request, image_id, file, {"ETag": etag}, saved=variant == "download")
        data = await self.variant(file, variant)
        part = ranges.wanted(request, len(data), etag)
        return part.response(data[part.first : part.last + 1], {**HEADERS, "ETag": etag, "Content-Type": _mime(data)})

    def expect(self, person: Person, image_id: str) -> None:
        """Look up a picture that is about to be asked for. What goes wrong, who asks for it hears then."""
        looking = asyncio.ensure_future(self._file(image_id, person))
        looking.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _person(self, token: str) -> Person:
        """Mostly known from a moment ago, and then without a thread: a page asks for fifty pictures at once."""
        person = access.named_by(self.studio, token)
        if not standing.remembered(self.studio, person.id):
            await run_sync(standing.of, self.studio, person.id)
        standing.refuse_off(self.studio, person.id)
        return person

    async def _file(self, image_id: str, person: Person) -> File:
        known = self.remembered.get((image_id, person.id))
        if known and known[0] > self.studio.now():
            return known[1]
        return await self._once((image_id, person.id), lambda: self._found(image_id, person))

    async def _found(self, image_id: str, person: Person) -> File:
        file = await run_sync(self._look_up, image_id, person)
        self.remembered[image_id, person.id] = (self.studio.now() + REMEMBERED, file)
        self.remembered.move_to_end((image_id, person.id))
        if len(self.remembered) > REMEMBERED_IMAGES:
            self.remembered.popitem(last=False)
        return file

    def _look_up(self, image_id: str, person: Person) -> File:
        with self.studio.reading() as db:
            image = access.look(db, Image, image_id, person)
        return File(image.key, image.mime, image.size, image.sha256)

    async def variant(self, file: File, name: str) -> bytes:
        """One of VARIANTS of this picture; made at first look. Who may see it was asked before."""
        place, make = VARIANTS[name]
        key = file.stem + place
        try:
            # A thumbnail on this machine's disk is read right here: handing it to a thread costs more than the read.
            return self.studio.store.get(key) if self.on_disk else await run_sync(self.studio.store.get, key)
        except NotFound:
            return await self._once(key, lambda: self._made(file, key, make))

    async def _made(self, file: File, key: str, make: Callable[[bytes], bytes]) -> bytes:
        original = await run_sync(self.studio.store.get, file.key)
        data = await run_sync(make, original, limiter=self.limiter)
        await run_sync(self.studio.store.put, key, data, _mime(data))
        return data

    async def _once(self, what: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """However many ask at the same time, it is looked up or made once."""
        if what not in self.under_way:
            self.under_way[what] = asyncio.ensure_future(make())
            self.under_way[what].add_done_callback(lambda _: self.under_way.pop(what))
        made: T = await asyncio.shield(self.under_way[what])
        return made

    async def _original(
        self, request: Request, image_id: str, file: File, headers: dict[str, str], saved: bool
    ) -> Response:
        """As it was made; only the part that was asked for is read. Some stores hand out downloads themselves."""
        headers = {**HEADERS, **headers, "Content-Type": file.mime}
        if saved:
            name = await run_sync(self._name, image_id, file)
            if link := await run_sync(self.studio.store.link, file.key, name):
                return RedirectResponse(link, 307, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        part = ranges.wanted(request, file.size, headers["ETag"])
        return part.response(await run_sync(self.studio.store.get, file.key, part.first, part.length), headers)

    def _name(self, image_id: str, file: File) -> str:
        """A file name that says what it shows: the first words of its prompt, and a piece of its id."""
        query = (
            select(Turn.prompt)
            .join(Generation, col(Generation.turn_id) == Turn.id)
            .join(Image, col(Image.generation_id) == Generation.id)
            .where(Image.id == image_id)
        )
        with self.studio.reading() as db:
            prompt = db.exec(query).first()
        return f"{slugged(prompt or '') or 'image'}-{image_id[-8:]}.{file.key.rpartition('.')[2]}"


def routes(media: Media) -> list[Route]:
    """The one address of all pictures."""
    return [Route("/m/{token}/{image}/{variant}", media.answer, methods=["GET"])]


def _knows(request: Request, etag: str) -> bool:
    """True when the browser already holds these bytes."""
    known = request.headers.get("if-none-match", "")
    return known == "*" or etag in (part.strip().removeprefix("W/") for part in known.split(","))


def _mime(data: bytes) -> str:
    """By the bytes: a preview is a WebP, whatever its name says, when it has transparency."""
    return pictures.sniff(data) or "application/octet-stream"
