"""Things the practice provider can draw: flat shapes for a handful of nouns, made of smooth outlines."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from core.providers.sketch_paint import Colour, Palette, Pixels, colour, mix

# A shape is lines of "tone kind numbers": x from the middle, y up from the ground, the whole about 100 high.
# Kinds: smooth and sharp outlines (a point given twice is a corner), oval (middle, half axes), line (width, points).
# Tones: b body, h its lit side, l light, d dark, a accent, s skin or leaf, p glass, w shine.
# To add a thing: its shape here, then its line in _COLOURS and in _WORDS.
_SHAPES = {
    "fox": """
b smooth -14 2 -40 0 -60 10 -66 30 -56 46 -50 34 -46 22 -34 18 -20 20
l smooth -66 30 -63 41 -56 46 -56 46 -52 38 -50 30 -58 30
b smooth -22 0 -28 16 -22 36 -8 52 4 64 18 62 24 46 23 24 24 0 24 0
l smooth 10 58 20 56 24 44 22 28 16 34 11 46
d smooth 14 0 15 16 17 26 20 16 22 0 22 0
d smooth 15 0 15 4 28 4 30 0 30 0
b smooth 0 66 2 78 2 100 2 100 13 87 13 87 22 88 24 84 36 73 44 66 44 66 36 61 24 58 10 58
d sharp 4 96 5 84 11 87
b sharp 16 86 22 99 27 82
d smooth 40 68 44 66 44 66 41 63 38 65
l smooth 40 63 30 60 20 58 14 60 22 65 32 66
d oval 25 74 1.8 2.2""",
    "cat": """
b smooth -18 0 -30 4 -48 4 -56 16 -52 32 -46 36 -44 30 -46 20 -42 14 -30 14 -18 12
b smooth -20 0 -27 18 -22 40 -8 56 6 64 18 58 22 36 21 14 22 0 22 0
d smooth 9 0 10 18 13 24 14 12 14 0 14 0
b oval 10 74 19 16
b sharp -8 76 -7 100 6 88
b sharp 14 88 27 100 28 76
a sharp -5 80 -4 93 3 87
a sharp 17 87 24 93 25 80
l oval 4 76 3.4 3.8
l oval 17 76 3.4 3.8
d oval 4.4 76 1.4 3.4
d oval 17.4 76 1.4 3.4
a sharp 8.5 70 13 70 10.8 67.4
l smooth 4 56 12 54 18 56 18 44 11 38 5 46
l smooth 12 0 12 5 24 5 25 0 25 0""",
    "dog": """
b smooth -20 10 -34 24 -44 40 -50 44 -48 36 -38 20 -22 4
b smooth -22 0 -30 14 -24 36 -10 52 2 66 20 64 24 46 23 20 24 0 24 0
l smooth 10 58 20 58 24 44 22 30 15 36
d smooth 13 0 14 18 16 26 19 16 20 0 20 0
b smooth 0 62 -2 78 4 92 18 94 28 86 44 80 46 72 40 67 26 66 16 60
l smooth 28 84 44 80 46 72 40 67 28 68
d smooth 2 92 -8 84 -10 66 -4 56 3 62 8 80 10 92
d oval 44 78 3.6 3
d oval 24 82 2 2.4
a smooth 0 60 18 58 20 54 0 56
d smooth 15 0 15 4 29 4 31 0 31 0""",
    "bird": """
b smooth -60 26 -40 36 -20 46 4 62 26 68 40 58 36 40 16 26 -8 24 -30 26
l smooth 36 50 28 32 8 26 14 40 26 52
d smooth -42 34 -22 50 4 54 12 46 0 36 -20 30
a sharp 38 62 54 58 39 54
d oval 31 61 2.2 2.4
d line 2 4 26 2 2
d line 2 14 27 14 2
d line 3 -70 0 -30 2 20 1 70 4""",
    "boat": """
d line 2 2 22 2 98
l smooth 5 94 5 94 22 66 34 34 34 34 18 31 5 32 5 32
a smooth -1 84 -1 84 -14 58 -26 34 -26 34 -12 32 -1 33 -1 33
b smooth -44 24 -44 24 -10 20 30 21 50 28 50 28 38 8 28 2 -24 2 -36 10
l line 2.4 -41 20 0 16 46 22
a sharp 2 98 2 104 14 100""",
    "house": """
d sharp 18 62 18 92 28 92 28 62
l sharp -36 0 -36 52 36 52 36 0
b sharp -46 50 0 90 46 50
d sharp -8 0 -8 30 8 30 8 0
a sharp -28 18 -28 36 -15 36 -15 18
a sharp 15 18 15 36 28 36 28 18
a oval 0 62 6 6
d line 1.4 -21.5 18 -21.5 36
d line 1.4 21.5 18 21.5 36""",
    "lighthouse": """
d smooth -30 0 -22 7 -8 10 10 9 24 5 34 0 34 0 -30 0
l sharp -12 6 -7 76 7 76 12 6
b sharp -11 20 -9.9 34 9.9 34 11 20
b sharp -8.8 50 -7.7 64 7.7 64 8.8 50
d sharp -10 76 -10 79 10 79 10 76
a sharp -5.4 79 -5.4 90 5.4 90 5.4 79
d line 1.2 0 79 0 90
b sharp -8 90 0 100 8 90
d sharp -2.6 8 -2.6 16 2.6 16 2.6 8""",
    "tree": """
d smooth -5 0 -3 26 -4 48 4 48 4 26 7 0 7 0 -5 0
d line 3 0 34 -16 52
d line 3 1 30 18 50
b oval -16 58 22 18
b oval 18 58 22 17
b oval 0 76 26 22
b oval -4 56 20 16
h oval 8 82 12 9
h oval -20 64 9 7
h oval 24 63 8 6""",
    "cup": """
b line 8 30 59 44 62 55 54 56 42 48 31 26 24
b smooth -36 70 -36 70 36 70 36 70 33 30 22 8 0 5 -22 8 -33 30
l smooth -30 62 -27 34 -20 16 -14 14 -20 34 -22 62
d oval 0 70 36 7
a oval 0 69 31 5
b smooth -56 4 -56 4 -30 0 30 0 56 4 56 4 30 8 -30 8
w line 2.6 -12 80 -16 90 -8 100 -12 110
w line 2.6 6 82 2 94 10 104 6 116""",
    "bottle": """
b smooth -7 84 -7 84 7 84 7 84 8 68 20 56 22 46 22 4 16 0 -16 0 -22 4 -22 46 -20 56 -8 68
d sharp -8 84 -8 98 8 98 8 84
l sharp -22 14 -22 40 22 40 22 14
a oval 0 27 8 8
w smooth -17 52 -13 58 -13 44 -15 42
w line 1.8 -16 8 -16 12""",
    "shoe": """
l smooth -50 8 -52 2 -44 0 40 0 56 2 58 10 58 10
b smooth -48 10 -48 10 -50 40 -46 52 -46 52 -30 50 -20 46 -14 50 4 38 26 28 48 24 58 16 58 10 58 10 -48 10
d smooth -46 52 -34 48 -22 44 -14 50 -14 50 -12 56 -26 58 -44 58
a smooth -48 26 -30 24 -10 12 -10 10 -48 10
d line 2 -16 42 -5 45
d line 2 -8 37 3 40
d line 2 0 32 11 35
w smooth 34 26 48 24 57 16 44 18""",
    "car": """
b smooth -58 14 -60 30 -54 38 -40 41 -40 41 -28 60 -16 64 14 64 24 60 36 42 36 42 52 38 60 30 60 14 60 14
p smooth -32 42 -24 56 -14 59 -4 59 -4 42 -4 42
p smooth 0 42 0 59 14 59 20 56 30 42 30 42
l line 1.6 -56 28 58 28
d oval -34 13 13 13
d oval 34 13 13 13
l oval -34 13 6 6
l oval 34 13 6 6
a oval 56 32 3.4 3
d line 2 4 37 10 37""",
    "flower": """
d line 3 0 0 -2 24 1 56
s smooth -1 16 -1 16 -14 26 -26 26 -32 22 -22 14
s smooth 0 26 0 26 12 38 24 40 30 38 22 28
b oval 0 88 10 12
b oval 0 56 10 12
b oval -17 72 12 10
b oval 17 72 12 10
h oval -12 84 9 10
h oval 12 84 9 10
h oval -12 60 9 10
h oval 12 60 9 10
a oval 0 72 10 10
d oval 0 72 4 4""",
    "person": """
d smooth -9 0 -8 30 -1 44 0 0 0 0
d smooth 2 0 2 42 9 32 9 0 9 0
b smooth -9 74 -15 62 -17 34 -12 26 0 24 12 26 17 34 15 62 9 74 0 78
b smooth -11 72 -18 60 -22 44 -18 40 -13 52 -9 64
b smooth 11 72 18 60 22 44 18 40 13 52 9 64
a smooth -9 76 0 71 9 76 9 71 0 66 -9 71
s oval 0 86 7.4 9
d smooth -8 84 -9 95 0 99 9 95 8 84 4 92 -4 92
a smooth 5 70 11 66 13 48 9 48""",
}

_COLOURS = {
    "fox": "d9682b",
    "cat": "4a4550",
    "dog": "b9854f",
    "bird": "3f7fa6",
    "boat": "8c4a2f",
    "house": "b5482f",
    "lighthouse": "c63d2f",
    "tree": "4f8a5b",
    "cup": "d9725b",
    "bottle": "2f7f79",
    "shoe": "d9573f",
    "car": "d64933",
    "flower": "e0698a",
    "person": "3d5a80",
}

_WORDS = {
    "fox": "fox raposa",
    "cat": "cat kitten gato",
    "dog": "dog puppy cachorro",
    "bird": "bird robin sparrow parrot passaro pássaro",
    "boat": "boat ship sailboat yacht barco",
    "house": "house cabin cottage barn home casa",
    "lighthouse": "lighthouse farol",
    "tree": "tree oak árvore",
    "cup": "cup mug coffee tea xícara café",
    "bottle": "bottle perfume wine cosmetic garrafa",
    "shoe": "shoe sneaker trainer boot sapato tênis",
    "car": "car taxi van vehicle carro",
    "flower": "flower tulip daisy sunflower poppy bouquet flor",
    "person": "person woman man girl boy child portrait people hiker traveller pessoa",
}
NAMES = tuple(_SHAPES)
_FINE = 3
_CALLED = {word: thing for thing, words in _WORDS.items() for word in words.split()}
STILL = ("cup", "bottle", "shoe", "flower")
"""Things that stand on a table, not in a landscape."""

_HUES = {
    "red": "d03a2f",
    "orange": "e5812e",
    "yellow": "efc03d",
    "green": "4f9060",
    "teal": "2b8a86",
    "blue": "3a76b5",
    "navy": "2a4374",
    "purple": "7d55a5",
    "pink": "e58aa6",
    "brown": "8a5a3b",
    "black": "2c2b33",
    "white": "f3eee4",
    "grey": "8e949b",
}


def thing(words: Sequence[str]) -> tuple[str | None, str | None]:
    """The first thing a prompt names that we can draw, and the colour word right before it."""
    for at, word in enumerate(words):
        if word in _CALLED:
            hue = words[at - 1] if at and words[at - 1] in _HUES else None
            return _CALLED[word], hue
    return None, None


def tones(name: str, hue: str | None, palette: Palette, share: float) -> dict[str, Colour]:
    """Its colours in this light: `share` of the palette's own dark and light goes into each."""
    body = colour("d0602c" if (name, hue) == ("fox", "red") else _HUES[hue] if hue else _COLOURS[name])
    own = {
        "b": body,
        "h": mix(body, palette.light, 0.28),
        "l": mix(palette.light, body, 0.12),
        "d": mix(palette.near, body, 0.18),
        "a": palette.accent if name not in ("house", "lighthouse") else colour("ffd98a"),
        "s": colour("d7a27f") if name == "person" else colour("5d8f5a"),
        "p": mix(palette.sky[1], palette.light, 0.3),
        "w": palette.light,
    }
    return {tone: mix(c, palette.near, share if tone not in "wp" else 0) for tone, c in own.items()}


def place(
    canvas: Pixels, name: str, foot: tuple[float, float], tall: float, flip: bool = False, under: float = 0.3
) -> tuple[Pixels, tuple[float, float], list[tuple[str, Pixels]]]:
    """The view of the canvas around a thing, its foot there, and each of its parts as (tone, coverage).

    `under` is how much of the view lies below the foot, in heights of the thing. The canvas may cut it.
    """
    left, top = max(0, int(foot[0] - tall * 0.95)), max(0, int(foot[1] - tall * 1.3))
    view = canvas[top : int(foot[1] + tall * under), left : int(foot[0] + tall * 0.95)]
    foot = (foot[0] - left, foot[1] - top)
    parts = []
    for row in _SHAPES[name].strip().splitlines():
        tone, kind, *numbers = row.split()
        sheet = Image.new("L", (view.shape[1] * _FINE, view.shape[0] * _FINE), 0)
        at, unit = (foot[0] * _FINE, foot[1] * _FINE), tall * _FINE / 100
        _part(ImageDraw.Draw(sheet), kind, [float(n) for n in numbers], at, unit, flip)
        parts.append((tone, np.asarray(sheet.reduce(_FINE), np.float32) / 255))
    return view, foot, parts


def whole(parts: list[tuple[str, Pixels]]) -> Pixels:
    """The silhouette: everything but shine and steam."""
    return np.asarray(np.max([cover for tone, cover in parts if tone != "w"], axis=0), np.float32)


def _part(
    pen: ImageDraw.ImageDraw, kind: str, numbers: list[float], foot: tuple[float, float], unit: float, flip: bool
) -> None:
    side = -unit if flip else unit
    if kind == "oval":
        x, y, across, up = numbers
        x, y = foot[0] + x * side, foot[1] - y * unit
        pen.ellipse((x - across * unit, y - up * unit, x + across * unit, y + up * unit), 255)
        return
    width = numbers.pop(0) * unit if kind == "line" else 0.0
    points = np.array(numbers).reshape(-1, 2) * (side, -unit) + foot
    if kind == "line":
        curve = _smooth(points, closed=False)
        pen.line([tuple(p) for p in curve], 255, max(1, round(width)), joint="curve")
    else:
        outline = _smooth(points, closed=True) if kind == "smooth" else points
        pen.polygon([tuple(p) for p in outline], 255)


def _smooth(points: NDArray[np.float64], closed: bool) -> NDArray[np.float64]:
    """A Catmull-Rom curve through all points."""
    around = np.vstack((points[-1:], points, points[:2])) if closed else np.vstack((points[:1], points, points[-1:]))
    t = np.linspace(0, 1, 12, endpoint=False)[:, None]
    pieces = []
    for a, b, c, d in zip(around[:-3], around[1:-2], around[2:-1], around[3:], strict=True):
        if (b == c).all():
            continue  # a corner: no curve, so no curl
        pieces.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*pieces, around[-2][None]])
