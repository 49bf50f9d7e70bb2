"""The style `ink`: washes on paper, mountains that fade into mist, one red seal."""

from collections.abc import Sequence

import numpy as np
from PIL import ImageDraw

from core.providers import sketch_shapes as shapes
from core.providers import sketch_things as things
from core.providers.sketch_paint import (
    Colour,
    Palette,
    Pixels,
    Random,
    blend,
    blurred,
    called,
    colour,
    depth,
    distance,
    drawn,
    mix,
    noise,
    ridge,
    soft,
    step,
)

PAPER = colour("f3ecdc")
_SEAL = colour("b8322a")
_BLACK = colour("22242a")
# How much ink each tone of a thing takes.
_DARK = {"b": 0.62, "h": 0.4, "l": 0.07, "d": 0.95, "a": 0.85, "s": 0.3, "p": 0.1, "w": 0.0}
_TINTED = {"night", "sea", "forest", "ember", "rose", "lavender", "autumn", "lagoon", "aurora", "reference"}


def paint(words: Sequence[str], colours: Palette, rng: Random, height: int, width: int) -> Pixels:
    """A brush painting of this size; mood words tint the ink, a noun becomes its subject."""
    short = min(height, width)
    ink = brush_ink(colours)
    name, _ = shapes.thing(words)
    sheet = _paper(rng, height, width)
    grain = noise(rng, height, width, (70, 70 * width / height), 3)
    side = float(rng.choice([-1, 1]))
    if name in shapes.STILL:
        _sun(sheet, grain, width * (0.5 + 0.16 * side), height * 0.36, short * 0.19, colours)
        _stroke_ground(sheet, ink, rng, height * 0.8)
    else:
        high, radius = height * rng.uniform(0.2, 0.28), short * rng.uniform(0.06, 0.1)
        _sun(sheet, grain, width * (0.5 - 0.2 * side), high, radius, colours)
        _mountains(sheet, ink, grain, rng)
        things.birds(sheet, ink, rng, (width * (0.5 + side * 0.22), height * 0.2))
    if name:
        _subject(sheet, name, ink, colours, grain, side)
    elif called(words, "bamboo") or rng.random() < 0.55:
        _bamboo(sheet, mix(ink, _BLACK, 0.5), rng, side)
    _splatter(sheet, ink, rng)
    _seal(sheet, rng, side)
    return sheet


def brush_ink(colours: Palette) -> Colour:
    """Nearly black, warmer or colder by the mood."""
    return mix(_BLACK, mix(colours.near, colours.far, 0.45), 0.6 if colours.name in _TINTED else 0.18)


def _paper(rng: Random, height: int, width: int) -> Pixels:
    tone = 0.035 * (noise(rng, height, width, (4, 4), 4) - 0.5) + 0.03 * (rng.random((height, width), np.float32) - 0.5)
    fibres = rng.random((240, 4))

    def threads(pen: ImageDraw.ImageDraw, fine: float) -> None:
        for x, y, turn, long in fibres:
            reach = 4 + 22 * long
            end = (x * width + np.cos(turn * 6.3) * reach, y * height + np.sin(turn * 6.3) * reach)
            pen.line([(x * width * fine, y * height * fine), (end[0] * fine, end[1] * fine)], 255, 1)

    shade = tone - 0.05 * drawn(height, width, threads)
    return np.clip(PAPER + shade[..., None], 0, 1).astype(np.float32)


def _wash(sheet: Pixels, ink: Colour, amount: Pixels) -> None:
    """Ink darkens what is below it, as water colour does."""
    sheet *= 1 - (1 - ink) * np.clip(amount, 0, 1)[..., None]


def _sun(sheet: Pixels, grain: Pixels, x: float, y: float, radius: float, colours: Palette) -> None:
    away = distance(sheet.shape[0], sheet.shape[1], x, y) + (grain - 0.5) * radius * 0.035
    inside = np.clip((radius - away) / 1.5, 0, 1)
    pooled = 0.72 + 0.2 * np.clip(away / radius, 0, 1) ** 4 + 0.16 * (grain - 0.5)
    _wash(sheet, mix(_SEAL, colours.accent, 0.35), inside * pooled)


def _mountains(sheet: Pixels, ink: Colour, grain: Pixels, rng: Random) -> None:
    height, width = sheet.shape[:2]
    count = 5
    steep = rng.random() < 0.5
    for at in range(count):
        near = at / (count - 1)
        base = height * (0.46 + 0.34 * near**1.2)
        tall = height * ((0.46 if steep else 0.3) * (1 - near) + 0.13 * near) * rng.uniform(0.85, 1.15)
        peaks = ridge(rng, width, 1.8 + 1.4 * near, 6, 0.46, sharp=True)
        rise = step(0, 1, ridge(rng, width, 1.2, 1))  # each range comes up somewhere and sinks into mist elsewhere
        line = base - tall * peaks**1.2 * (0.35 + 0.9 * rise)
        below = depth(height, line) + (grain - 0.5) * np.float32(height * 0.006)
        edge = np.clip(below / 1.5, 0, 1)
        fade = np.exp(-np.clip(below, 0, None) / np.float32(tall * (0.42 + 0.25 * near)))
        streaks = step(0.35, 0.75, noise(rng, height, width, (16, 30 * width / height), 4))
        rim = np.exp(-np.clip(below, 0, None) / np.float32(height * 0.005))
        body = (0.1 + 0.5 * near**1.3) * fade * (0.66 + 0.5 * grain) * (0.6 + 0.4 * streaks)
        _wash(sheet, ink, edge * (body + rim * (0.06 + 0.34 * near) * step(0.25, 0.6, grain)))


def _subject(sheet: Pixels, name: str, ink: Colour, colours: Palette, grain: Pixels, side: float) -> None:
    height, width = sheet.shape[:2]
    still = name in shapes.STILL
    tall = min(height, width) * ({"cup": 0.36, "shoe": 0.46}.get(name, 0.54) if still else 0.34)
    ground = height * (0.8 if still else 0.87)
    x = width * (0.5 if still else 0.5 + side * 0.16)
    view, (x, ground), parts = shapes.place(sheet, name, (x, ground), tall, flip=side > 0)
    rows, columns = view.shape[:2]
    speckle = grain[:rows, :columns]
    if not still:
        away = distance(rows, columns, x, ground, flat=6.0)
        _wash(view, ink, 0.5 * np.exp(-((away / (tall * 0.6)) ** 2)) * (0.5 + speckle))
    for tone, cover in parts:
        if tone != "w":
            blend(view, PAPER, cover)
        pooled = 1 + 0.45 * (cover - soft(cover, tall * 0.03)) + 0.4 * (speckle - 0.5)
        _wash(view, mix(_SEAL, colours.accent, 0.3) if tone == "a" else ink, cover * _DARK[tone] * pooled)
    whole = shapes.whole(parts)
    outline = np.clip(blurred(whole, tall * 0.004) * (1 - whole) * 3, 0, 1) * step(0.3, 0.55, speckle)
    _wash(view, ink, outline * np.float32(0.8))


def _stroke_ground(sheet: Pixels, ink: Colour, rng: Random, y: float) -> None:
    height, width = sheet.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32)
    middle = y + height * 0.008 * ridge(rng, width, 3, 3)
    thick = height * 0.035 * np.clip(1 - np.abs(across) ** 3, 0, 1) * (0.7 + 0.5 * ridge(rng, width, 5, 3))
    inside = np.clip(thick[None, :] - np.abs(depth(height, middle)), 0, 1)
    bristles = step(0.3, 0.62, noise(rng, height, width, (150, 3), 3) + 0.25 * (1 - np.abs(across)))
    _wash(sheet, ink, inside * (0.22 + 0.4 * bristles))


def _bamboo(sheet: Pixels, ink: Colour, rng: Random, side: float) -> None:
    """Two stalks and their leaves, close by and cut by the edge."""
    height, width = sheet.shape[:2]
    short = min(height, width)
    stalks = drawn(height, width, lambda pen, fine: _stalks(pen, fine, rng, side, height, width))
    dry = step(0.2, 0.5, noise(rng, height, width, (5, 160), 3))
    _wash(sheet, ink, stalks * (0.45 + 0.4 * dry))
    for dark in (0.4, 0.85):
        leaves = drawn(height, width, lambda pen, fine: _leaves(pen, fine, rng, side, height, width, short))
        _wash(sheet, ink, leaves * np.float32(dark))


def _stalks(pen: ImageDraw.ImageDraw, fine: float, rng: Random, side: float, height: int, width: int) -> None:
    for place, thick in ((0.4, 0.013), (0.455, 0.008)):
        x, y = width * (0.5 + side * place), float(height)
        while y > -height * 0.1:
            rise = height * rng.uniform(0.1, 0.14)
            half = min(height, width) * thick
            lean = side * rise * -0.06
            corners = [(x - half, y), (x - half * 0.82, y - rise / 2), (x - half, y - rise), (x + half, y - rise)]
            corners += [(x + half * 0.82, y - rise / 2), (x + half, y)]
            pen.polygon([((a + lean * (y - b) / rise) * fine, b * fine) for a, b in corners], 255)
            y -= rise + height * 0.005
            x += lean


def _leaves(
    pen: ImageDraw.ImageDraw, fine: float, rng: Random, side: float, height: int, width: int, short: int
) -> None:
    for _ in range(5):
        x, y = width * (0.5 + side * rng.uniform(0.34, 0.47)), height * rng.uniform(0.02, 0.55)
        for _ in range(int(rng.integers(3, 6))):
            turn = np.pi / 2 + side * rng.uniform(-0.15, 1.15)
            long = short * rng.uniform(0.07, 0.14)
            along, across = np.array([np.cos(turn), np.sin(turn)]), np.array([-np.sin(turn), np.cos(turn)])
            outline = [(0.0, 0.0), (0.25, 0.055), (0.5, 0.06), (1.0, 0.0), (0.5, -0.05), (0.25, -0.05)]
            points = [np.array([x, y]) + long * (a * along + b * across) for a, b in outline]
            pen.polygon([(p[0] * fine, p[1] * fine) for p in points], 255)


def _splatter(sheet: Pixels, ink: Colour, rng: Random) -> None:
    height, width = sheet.shape[:2]
    drops = rng.random((14, 3))
    middle = rng.random(2) * (width, height)

    def dots(pen: ImageDraw.ImageDraw, fine: float) -> None:
        for a, b, size in drops:
            x, y = middle[0] + (a - 0.5) * width * 0.3, middle[1] + (b - 0.5) * height * 0.3
            r = min(height, width) * (0.0008 + 0.003 * size**5)
            pen.ellipse([v * fine for v in (x - r, y - r, x + r, y + r)], 255)

    _wash(sheet, ink, drawn(height, width, dots) * np.float32(0.5))


def _seal(sheet: Pixels, rng: Random, side: float) -> None:
    """A square stamp with four cut signs, worn a little."""
    height, width = sheet.shape[:2]
    edge = min(height, width) * 0.062
    left, top = width * (0.075 if side > 0 else 0.925) - (0 if side > 0 else edge), height * 0.845

    def stamp(pen: ImageDraw.ImageDraw, fine: float) -> None:
        pen.rounded_rectangle([v * fine for v in (left, top, left + edge, top + edge)], edge * 0.1 * fine, 255)
        wide = max(1, round(edge * 0.055 * fine))
        for column in (0, 1):
            for row in (0, 1):
                x, y = left + edge * (0.14 + 0.4 * column), top + edge * (0.13 + 0.4 * row)
                _sign(pen, rng, x * fine, y * fine, edge * 0.32 * fine, wide)

    worn = 0.62 + 0.38 * step(0.22, 0.42, noise(rng, height, width, (120, 120), 2))
    cover = drawn(height, width, stamp, fine=3) * worn * np.float32(0.92)
    sheet += (_SEAL - sheet) * cover[..., None]


def _sign(pen: ImageDraw.ImageDraw, rng: Random, x: float, y: float, size: float, wide: int) -> None:
    for at in (0.1, 0.5, 0.9):
        if rng.random() < 0.75:
            pen.line((x, y + size * at, x + size, y + size * at), 0, wide)
    for at in (0.05, 0.5, 0.95):
        if rng.random() < 0.6:
            pen.line((x + size * at, y + size * rng.choice([0, 0.1, 0.5]), x + size * at, y + size), 0, wide)
