"""The style `poster`: flat shapes, few colours and grain, after the posters of the last mid-century."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from core.providers import sketch_shapes as shapes
from core.providers.sketch_paint import Colour, Palette, Pixels, Random, blend, blurred, colour, mix, noise

Ink = tuple[int, int, int]
_FINE = 2

# Paper, dark, and four inks that stand beside one another.
_SETS = {
    "warm": "f4ead5 1f2a3a d8432e f0a431 2f7f86 e9c9a1",
    "cool": "f1eee3 14213d 2a6f97 61a5c2 f26b4e c9dcd9",
    "earth": "f2e6cf 2b2320 b5562f d99a3d 5e7350 dcc3a0",
    "pop": "f7efe2 22223b e5446d f5b83d 2d9d92 f3c6c0",
    "night": "e9e2cf 0d1630 e8b04b 3a5a92 d9583b 8fa6c4",
    "leaf": "f3efdc 16342b 3f7d58 a9c46c e2853f d5dfbd",
    "mono": "f2f0ea 17181a d23b2f 8b8d8e c5c3bc 4a4c4f",
}
_MOOD = {
    "dawn": "pop", "sunset": "warm", "night": "night", "winter": "cool", "forest": "leaf", "sea": "cool",
    "desert": "earth", "spring": "pop", "autumn": "earth", "city": "night", "storm": "mono", "aurora": "night",
    "ember": "warm", "honey": "earth", "lagoon": "leaf", "lavender": "pop", "rose": "pop", "silver": "mono",
}  # fmt: skip


def paint(words: Sequence[str], colours: Palette, rng: Random, height: int, width: int) -> Pixels:
    """A poster of this size: a noun stands large before the sun, without one the shapes play alone."""
    inks = poster_inks(colours)
    name, hue = shapes.thing(words)
    order = rng.permutation([2, 3, 4, 5]).tolist()
    sheet = _Sheet(height, width, [inks[0], inks[1], *(inks[at] for at in order)], rng)
    if name:
        sheet.rays() if rng.random() < 0.5 else sheet.hills(0.66)
    else:
        (sheet.tiles, sheet.tiles, sheet.arcs, sheet.hills)[int(rng.integers(4))]()
    canvas = sheet.pixels()
    if name:
        _subject(canvas, name, hue, sheet.inks, colours)
    _print(canvas, sheet.inks[0], rng)
    return canvas


def poster_inks(colours: Palette) -> list[Colour]:
    """Paper, dark and four inks for a mood; a palette taken from references brings its own."""
    if colours.name not in _MOOD:
        return [mix(colours.light, np.ones(3, np.float32), 0.3), colours.near, colours.accent, *colours.sky]
    return [colour(code) for code in _SETS[_MOOD[colours.name]].split()]


class _Sheet:
    """Flat colours laid one over the other at twice the size."""

    def __init__(self, height: int, width: int, inks: list[Colour], rng: Random) -> None:
        self.height, self.width, self.inks, self.rng = height * _FINE, width * _FINE, inks, rng
        self.short = min(self.height, self.width)
        self.flat = [self._ink(c) for c in inks]
        self.sheet = Image.new("RGB", (self.width, self.height), self.flat[0])
        self.pen = ImageDraw.Draw(self.sheet)

    def _ink(self, c: Colour) -> Ink:
        r, g, b = (int(v * 255 + 0.5) for v in c)
        return r, g, b

    def pixels(self) -> Pixels:
        return np.asarray(self.sheet.reduce(_FINE), np.float32) / 255

    def disc(self, x: float, y: float, r: float, ink: int) -> None:
        self.pen.ellipse((x - r, y - r, x + r, y + r), self.flat[ink])

    def rays(self) -> None:
        """A sun with rays behind whatever stands before it."""
        x, y, reach = self.width / 2, self.height * 0.52, float(self.width + self.height)
        count = int(self.rng.choice([20, 24, 28]))
        self.pen.rectangle((0, 0, self.width, self.height), self.flat[5])
        for at in range(count):
            if at % 2:
                a, b = (2 * np.pi * (at + d) / count for d in (0, 1))
                edge = [(x + reach * np.cos(t), y + reach * np.sin(t)) for t in (a, b)]
                self.pen.polygon([(x, y), *edge], self.flat[0])
        self.disc(x, y, self.short * 0.4, 2)
        self.disc(x, y, self.short * 0.36, 3)
        self.pen.rectangle((0, self.height * 0.82, self.width, self.height), self.flat[1])
        self.pen.rectangle((0, self.height * 0.82, self.width, self.height * 0.83), self.flat[2])

    def hills(self, first: float = 0.5) -> None:
        """Rings of a sun over rolling bands."""
        x = self.width * float(self.rng.choice([0.34, 0.5, 0.66]))
        self.pen.rectangle((0, 0, self.width, self.height), self.flat[5])
        for share, ink in ((0.42, 0), (0.34, 5), (0.27, 3), (0.18, 2)):
            self.disc(x, self.height * 0.42, self.short * share, ink)
        inks = [4, 2, 3, 1] if first < 0.6 else [4, 1]
        for at, ink in enumerate(inks):
            base = self.height * (first + (0.96 - first) * (at + 0.6) / len(inks))
            self._band(base, self.height * 0.085, ink)

    def _band(self, base: float, swing: float, ink: int) -> None:
        turn, waves = self.rng.uniform(0, 6.3), self.rng.uniform(0.5, 1.1)
        xs = np.linspace(0, self.width, 160)
        line = base - swing * np.sin(turn + waves * 6.3 * xs / self.width)
        for lift, tone in ((0.0, ink), (swing * 0.34, 0), (swing * 0.42, ink)):
            points = [(float(a), float(b + lift)) for a, b in zip(xs, line, strict=True)]
            self.pen.polygon([*points, (self.width, self.height), (0, self.height)], self.flat[tone])

    def arcs(self) -> None:
        """Arches that nest, a bar of stripes and one disc: large, few, off centre."""
        left = bool(self.rng.random() < 0.5)
        x, y = self.width * (0.36 if left else 0.64), self.height * 0.72
        for at, ink in enumerate((1, 2, 0, 3, 4, 0, 1, 5)):
            r = self.short * (0.52 - 0.062 * at)
            self.pen.pieslice((x - r, y - r, x + r, y + r), 180, 360, self.flat[ink])
        self.disc(self.width * (0.79 if left else 0.21), self.height * 0.22, self.short * 0.11, 2)
        self.pen.rectangle((0, y, self.width, self.height), self.flat[4])
        for at in range(6):
            top = y + (self.height - y) * (0.1 + 0.15 * at)
            end = top + (self.height - y) * 0.026 * (at + 1)
            self.pen.rectangle((0, top, self.width, end), self.flat[1 if at % 2 else 0])
        self.disc(x, y, self.short * 0.07, 2)

    def tiles(self) -> None:
        """A grid of quarter circles, halves, leaves and stripes; one large tile holds it together."""
        shape = self.width / self.height
        across, down = (5, 3) if shape > 1.25 else (3, 5) if shape < 0.8 else (4, 4)
        edge_x, edge_y = self.width / across, self.height / down
        big = (int(self.rng.integers(across - 1)), int(self.rng.integers(down - 1)))
        last = -1
        for row in range(down):
            for column in range(across):
                back, front, last = self._pair(last)
                self._tile((column * edge_x, row * edge_y, (column + 1) * edge_x, (row + 1) * edge_y), back, front)
        x, y = big[0] * edge_x, big[1] * edge_y
        self.pen.rectangle((x, y, x + 2 * edge_x, y + 2 * edge_y), self.flat[1])
        middle, reach = (x + edge_x, y + edge_y), min(edge_x, edge_y)
        for share, ink in ((0.86, 2), (0.62, 0), (0.38, 3)):
            self.disc(*middle, reach * share, ink)
        self.pen.pieslice(self._around(middle, reach * 0.86), 0, 90, self.flat[4])

    def _around(self, middle: tuple[float, float], r: float) -> tuple[float, float, float, float]:
        return middle[0] - r, middle[1] - r, middle[0] + r, middle[1] + r

    def _pair(self, last: int) -> tuple[int, int, int]:
        back = int(self.rng.choice([at for at in (0, 0, 1, 2, 3, 4, 5) if at != last]))
        front = int(self.rng.choice([at for at in (0, 1, 2, 3, 4) if at != back and {at, back} != {0, 5}]))
        return back, front, back

    def _tile(self, box: tuple[float, float, float, float], back: int, front: int) -> None:
        x0, y0, x1, y1 = box
        wide, high = x1 - x0, y1 - y0
        self.pen.rectangle(box, self.flat[back])
        kind, turn = int(self.rng.integers(7)), int(self.rng.integers(4))
        corner = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)][turn]
        tile = Image.new("RGB", (int(wide) + 1, int(high) + 1), self.flat[back])
        pen, ink = ImageDraw.Draw(tile), self.flat[front]
        cx, cy = corner[0] - x0, corner[1] - y0
        if kind in (0, 1):
            pen.ellipse((cx - wide, cy - high, cx + wide, cy + high), ink)
            if kind:
                pen.ellipse((cx - wide / 2, cy - high / 2, cx + wide / 2, cy + high / 2), self.flat[back])
        elif kind == 2:
            pen.pieslice((wide * 0, high * 0, wide, high), 90 * turn, 90 * turn + 180, ink)
        elif kind == 3:
            for at in range(4):
                pen.rectangle((0, high * (at + 0.0) / 4, wide, high * (at + 0.5) / 4), ink)
        elif kind == 4:
            pen.polygon([(0, high), (wide, high), (wide, 0)] if turn % 2 else [(0, 0), (wide, high), (0, high)], ink)
        elif kind == 5:
            pen.ellipse((wide * 0.14, high * 0.14, wide * 0.86, high * 0.86), ink)
        else:
            _leaf(pen, wide, high, turn, ink)
        self.sheet.paste(tile, (int(x0), int(y0)))


def _leaf(pen: ImageDraw.ImageDraw, wide: float, high: float, turn: int, ink: Ink) -> None:
    """What two quarter circles from opposite corners share."""
    t = np.linspace(0, np.pi / 2, 40)
    one = [(wide * (1 - np.cos(a)), high * np.sin(a)) for a in t]
    other = [(wide * np.sin(a), high * (1 - np.cos(a))) for a in t]
    points = one + other[::-1]
    pen.polygon([(wide - x, y) if turn % 2 else (x, y) for x, y in points], ink)


def _subject(canvas: Pixels, name: str, hue: str | None, inks: list[Colour], colours: Palette) -> None:
    height, width = canvas.shape[:2]
    tall = min(height, width) * {"cup": 0.44, "shoe": 0.6, "car": 0.62, "bird": 0.52, "boat": 0.58}.get(name, 0.6)
    paints = shapes.tones(name, hue, colours, 0.0)
    paints |= {"l": inks[0], "w": inks[0], "d": inks[1], "p": inks[5], "a": inks[3]}
    paints["h"] = mix(paints["b"], inks[0], 0.3)
    view, _, parts = shapes.place(canvas, name, (width * 0.5, height * 0.86), tall)
    halo = np.clip(blurred(shapes.whole(parts), tall * 0.009) * 5 - 0.2, 0, 1)
    blend(view, inks[0], halo)
    for tone, cover in parts:
        blend(view, paints[tone], cover)


def _print(canvas: Pixels, paper: Colour, rng: Random) -> None:
    """Uneven ink, speckled shade towards the foot of every form, and a margin of bare paper."""
    height, width = canvas.shape[:2]
    speck = rng.random((height, width), np.float32)
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    shade = noise(rng, height, width, (3, 3 * width / height), 2) * 0.5 + down * 0.5
    blend(canvas, canvas * np.float32(0.86), (speck < shade * 0.34).astype(np.float32) * np.float32(0.5))
    missing = noise(rng, height, width, (90, 90 * width / height), 3)
    blend(canvas, paper, np.clip((missing - 0.93) * 8, 0, 1) * np.float32(0.6))
    margin = round(min(height, width) * 0.035)
    for edge in (canvas[:margin], canvas[-margin:], canvas[:, :margin], canvas[:, -margin:]):
        edge[:] = paper
