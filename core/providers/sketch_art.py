"""One practice picture from one request: a style for each model, edits, masks, and the mark that says practice."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from core import pictures
from core.providers import Picture, Request
from core.providers import sketch_ink as ink
from core.providers import sketch_landscape as landscape
from core.providers import sketch_poster as poster
from core.providers import sketch_shapes as shapes
from core.providers import sketch_things as things
from core.providers.sketch_paint import Colour, Palette, Pixels, Random, blend, called, mix, palette, soft, step

Bytes = NDArray[np.uint8]

# To add a practice model, add its name and a function that paints a scene; its block goes into data/models.toml.
STYLES = {"sketch": landscape.paint, "ink": ink.paint, "poster": poster.paint}

DETAIL = 1.4
"""Million pixels. What is larger is painted at this size and enlarged: four times the pixels take four times as long.
"""
_STRENGTH = 0.6
_NEW = 0.75
"""Up to this strength an edit keeps its source's composition and changes the light."""
_BAND = 256


def draw(request: Request, seed: int, detail: float = DETAIL) -> bytes:
    """The picture as a PNG of exactly the size asked for; the same request, seed and detail give the same bytes.

    Outside the white of a mask every pixel is the source's own. Raises Refused when an image that
    came with the request cannot be read.
    """
    rng = _chance(request, seed)
    words = _words(request.prompt)
    colours = _borrowed(_mood(words, rng), request.references)
    if request.source is None:
        flat = _sized(_scene(request, words, colours, rng, detail), request)
        return _png(_finished(flat, request, rng, _corner(request)))
    return _edited(request, request.source, words, colours, rng, detail)


def _chance(request: Request, seed: int) -> Random:
    told = f"{request.model}\n{request.prompt}\n{seed}".encode()
    return np.random.Generator(np.random.PCG64(int.from_bytes(hashlib.sha256(told).digest())))


def _words(prompt: str) -> list[str]:
    """Lower case and without the s of a plural."""
    found = re.findall(r"\w+", prompt.lower())
    return [word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word for word in found]


def _mood(words: Sequence[str], rng: Random) -> Palette:
    """A colour right before a noun we can draw is that thing's own, not the light's."""
    _, hue = shapes.thing(words)
    return palette([word for word in words if word != hue], rng)


def _borrowed(colours: Palette, references: Sequence[Picture]) -> Palette:
    """The palette moved most of the way to the colours of the reference images, dark to dark and light to light."""
    if not references:
        return colours
    tiles = [Image.open(BytesIO(pictures.fitted(one.data, 32, 32))).convert("RGB") for one in references]
    strip = Image.new("RGB", (32 * len(tiles), 32))
    for at, tile in enumerate(tiles):
        strip.paste(tile, (32 * at, 0))
    found = strip.quantize(7, Image.Quantize.MEDIANCUT).convert("RGB").getcolors(len(tiles) * 1024) or []
    tones = sorted((np.array(rgb, np.float32) / 255 for _, rgb in found), key=lambda tone: float(tone.sum()))
    vivid = max(tones, key=lambda tone: float(tone.max() - tone.min()))

    def near(own: Colour, place: float) -> Colour:
        return mix(own, tones[round(place * (len(tones) - 1))], 0.75)

    sky = near(colours.sky[0], 0.35), near(colours.sky[1], 0.65), near(colours.sky[2], 0.85)
    dark, far, light = near(colours.near, 0), near(colours.far, 0.5), near(colours.light, 1)
    return replace(
        colours, name="reference", sky=sky, near=dark, far=far, light=light, accent=mix(colours.accent, vivid, 0.75)
    )


def _scene(request: Request, words: Sequence[str], colours: Palette, rng: Random, detail: float) -> Pixels:
    shrink = min(1.0, (detail * 1e6 / (request.width * request.height)) ** 0.5)
    # Nothing can be composed on fewer pixels than this; what is smaller is scaled down.
    grow = max(1.0, 96 / min(request.width, request.height))
    height, width = (max(48, round(side * shrink * min(grow, 8))) for side in (request.height, request.width))
    return STYLES.get(request.model, landscape.paint)(words, colours, rng, height, width)


def _sized(canvas: Pixels, request: Request) -> Bytes:
    flat = (np.clip(canvas, 0, 1) * 255 + 0.5).astype(np.uint8)
    if flat.shape[:2] == (request.height, request.width):
        return flat
    return np.array(Image.fromarray(flat).resize((request.width, request.height), Image.Resampling.LANCZOS))


def _finished(flat: Bytes, request: Request, rng: Random, corner: tuple[int, int]) -> Bytes:
    """Darker corners, grain that also hides the steps of long gradients, the mark; in bands, for little memory."""
    height, width = flat.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)[None, :] ** 2
    deep = 0.0 if request.model == "poster" else 0.13
    for top in range(0, height, _BAND):
        band = flat[top : top + _BAND]
        down = np.linspace(-1, 1, height, dtype=np.float32)[top : top + _BAND, None] ** 2
        shade = 1 - np.float32(deep) * np.clip((across + down) / 2, 0, 1) ** 1.5
        grain = rng.standard_normal(band.shape[:2], np.float32) * np.float32(1.7)
        band[:] = np.clip(band * shade[..., None] + grain[..., None], 0, 255)
    _mark(flat, corner)
    return flat


def _corner(request: Request) -> tuple[int, int]:
    """Where the mark ends, right and bottom: within a poster's margin of paper, and the same place for all styles,

    so that an edit in another style puts its mark exactly over the one in its source.
    """
    short = min(request.width, request.height)
    return request.width - round(short * 0.035), request.height - round(short * 0.014)


def _mark(flat: Bytes, corner: tuple[int, int]) -> None:
    """PRACTICE in small, wide letters, light on dark or dark on light."""
    cover = mark(min(flat.shape[:2]))
    rows, columns = cover.shape
    top, left = max(0, corner[1] - rows), max(0, corner[0] - columns)
    view = flat[top : corner[1], left : corner[0]]
    cover = cover[-view.shape[0] :, -view.shape[1] :, None] if view.size else cover[:0, :0, None]
    tone = 255 if view.size and view.mean() < 140 else 20
    view[:] = (view + (tone - view.astype(np.float32)) * cover * 0.72).astype(np.uint8)


def mark(short: int) -> Pixels:
    """The coverage of the mark for a picture with this short side."""
    size = max(6.0, short * 0.0155)
    fine = 3
    font = ImageFont.load_default(size * fine)
    gap = size * fine * 0.2
    wide = sum(font.getlength(letter) + gap for letter in "PRACTICE")
    sheet = Image.new("L", (round(wide / fine) * fine, round(size * 0.84) * fine), 0)
    pen, x = ImageDraw.Draw(sheet), 0.0
    for letter in "PRACTICE":
        pen.text((x, sheet.height - fine), letter, 255, font, anchor="ls")
        x += font.getlength(letter) + gap
    return np.asarray(sheet.reduce(fine), np.float32) / 255


def _edited(
    request: Request, source: Picture, words: Sequence[str], colours: Palette, rng: Random, detail: float
) -> bytes:
    """The source in new light: its composition stays, more of the new scene comes with more strength."""
    before = _opened(source, request)
    white = _white(request)
    if not white.any():
        return _png(before)
    strength = _STRENGTH if request.strength is None else min(1.0, max(0.0, request.strength))
    own = before.astype(np.float32) / 255
    name, hue = shapes.thing(words)
    adds = name and (request.mask or called(words, "add put place insert include with"))
    after = own.copy()
    if adds and name:
        _added(after, colours, name, hue, white)
    else:
        blend(after, _restyled(own, request.model, colours), min(1.0, strength * 1.5))
    if not adds and (request.mask or strength > _NEW):
        scene = _sized(_scene(request, words, colours, rng, detail), request).astype(np.float32) / 255
        blend(after, scene, 0.85 if request.mask else (strength - _NEW) / (1 - _NEW))
    blend(own, after, _inward(white) if request.mask else 1.0)
    flat = _finished((np.clip(own, 0, 1) * 255 + 0.5).astype(np.uint8), request, rng, _inner_corner(request, white))
    return _png(np.where(white[..., None], flat, before))


def _opened(picture: Picture, request: Request) -> Bytes:
    fitted = Image.open(BytesIO(pictures.fitted(picture.data, request.width, request.height))).convert("RGBA")
    return np.array(Image.alpha_composite(Image.new("RGBA", fitted.size, "white"), fitted).convert("RGB"))


def _white(request: Request) -> NDArray[np.bool_]:
    if request.mask is None:
        return np.ones((request.height, request.width), bool)
    # At the source's own pixels first, then cut as the source is, so that both stay on each other.
    size = request.source or request.mask
    grey = pictures.fitted(
        pictures.grey_mask(request.mask.data, size.width, size.height), request.width, request.height
    )
    return np.asarray(Image.open(BytesIO(grey)).convert("L")) > 127


def _restyled(own: Pixels, model: str, colours: Palette) -> Pixels:
    """Its lights and darks in the new colours: inks on paper, a few flat steps for a poster."""
    tone = own @ np.array([0.299, 0.587, 0.114], np.float32)
    if model == "poster":
        tone = np.round(soft(tone, min(tone.shape) / 160) * 4) / 4
        inks = poster.poster_inks(colours)
    else:
        inks = (
            [ink.brush_ink(colours), ink.PAPER]
            if model == "ink"
            else [colours.near, colours.far, *colours.sky, colours.light]
        )
    inks = sorted(inks, key=lambda one: float(one.sum()))
    # In the dark only what was brightest stays light.
    places = np.linspace(0, 1, len(inks)) ** (0.5 if colours.dark and model == "sketch" else 1.0)
    mapped = np.stack([np.interp(tone, places, [one[c] for one in inks]) for c in range(3)], -1).astype(np.float32)
    return mapped if model in ("poster", "ink") else mix(mapped, own, 0.3)


def _added(after: Pixels, colours: Palette, name: str, hue: str | None, white: NDArray[np.bool_]) -> None:
    """The new thing stands in the white of the mask, or to the right of the middle."""
    rows, columns = np.flatnonzero(white.any(1)), np.flatnonzero(white.any(0))
    high, wide = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    if white.all():
        foot, tall = (wide * 0.68, high * 0.88), min(high * 0.36, wide * 0.5)
    else:
        foot, tall = (columns[0] + wide / 2, rows[0] + high * 0.95), min(high * 0.88, wide * 0.75)
    things.stand(after, colours, name, hue, foot, tall, light=1.0)


def _inward(white: NDArray[np.bool_]) -> Pixels:
    """Soft inside the white, nothing outside it."""
    return np.asarray(step(0.45, 0.95, soft(white.astype(np.float32), min(white.shape) / 48)) * white)


def _inner_corner(request: Request, white: NDArray[np.bool_]) -> tuple[int, int]:
    """The mark of a masked edit lies in the area that changed."""
    right, bottom = _corner(request)
    return min(right, int(np.flatnonzero(white.any(0))[-1]) + 1), min(bottom, int(np.flatnonzero(white.any(1))[-1]) + 1)


def _png(flat: Bytes) -> bytes:
    out = BytesIO()
    Image.fromarray(flat).save(out, "PNG", compress_level=1)
    return out.getvalue()
