"""What stands in the practice pictures, with its shadow and light: one thing on a table or in a land, trees, birds."""

import numpy as np
from PIL import ImageDraw

from core.providers import sketch_shapes as shapes
from core.providers.sketch_paint import (
    Colour,
    Palette,
    Pixels,
    Random,
    blend,
    depth,
    distance,
    drawn,
    gradient,
    mix,
    noise,
    soft,
)

# A far bird, one wing's length each way from its middle.
_WINGS = ((-1, -0.52), (-0.52, -0.62), (0, 0.1), (0.55, -0.66), (1.05, -0.54), (0.5, -0.42), (0, 0.37), (-0.5, -0.4))


def still_life(name: str, hue: str | None, colours: Palette, rng: Random, height: int, width: int) -> Pixels:
    """One object on a table before a wall with a painted sun, lit from a window."""
    side = float(rng.choice([-1, 1]))
    table = height * rng.uniform(0.68, 0.74)
    short = min(height, width)
    wall = mix(colours.sky[1], colours.light, 0.25)
    canvas = gradient(height, width, [mix(wall, colours.sky[0], 0.28), wall, mix(wall, colours.light, 0.35)])
    blend(canvas, colours.sky[0], 0.12 * (noise(rng, height, width, (3, 3), 5) - 0.3).clip(0, 1))
    _window(canvas, colours, side, short)
    disc = distance(height, width, width * (0.5 + side * rng.uniform(0.06, 0.12)), table - short * 0.28)
    blend(canvas, mix(colours.accent, colours.light, 0.3), np.clip(short * 0.25 - disc, 0, 1) * np.float32(0.8))
    below = depth(height, np.full(width, table, np.float32))
    back, front = mix(colours.far, colours.light, 0.42), mix(colours.far, colours.near, 0.28)
    top = gradient(height, width, [back, front], [table / height, 1])
    blend(top, colours.near, 0.1 * noise(rng, height, width, (60, 2), 3))
    blend(canvas, top, np.clip(below, 0, 1))
    blend(canvas, colours.light, np.exp(-np.abs(below) / np.float32(height * 0.003)) * np.float32(0.35) * (below > 0))
    tall = short * {"bottle": 0.62, "flower": 0.66, "cup": 0.4, "shoe": 0.5}[name]
    tall = min(tall, width * 0.42) if name == "shoe" else tall
    foot = (width * 0.5, table + (height - table) * 0.42)
    cast = distance(height, width, foot[0] + side * tall * 0.42, foot[1] - tall * 0.01, flat=7)
    blend(canvas, colours.near, 0.5 * np.exp(-((cast / (tall * 0.52)) ** 2)))
    stand(canvas, colours, name, hue, foot, tall, light=side)
    return canvas


def stand(
    canvas: Pixels,
    colours: Palette,
    name: str,
    hue: str | None,
    foot: tuple[float, float],
    tall: float,
    light: float,
    wet: bool = False,
) -> None:
    """Put a thing into a picture with its shadow and a rim of light; `light` is -1 when it comes from the right."""
    view, foot, parts = shapes.place(canvas, name, foot, tall, flip=light > 0, under=1.1 if wet else 0.3)
    paints = shapes.tones(name, hue, colours, 0.3 if colours.dark else 0.12)
    if wet:
        _mirrored(view, parts, paints, foot[1])
    else:
        spot = distance(view.shape[0], view.shape[1], foot[0] + light * tall * 0.12, foot[1], flat=5.5)
        blend(view, colours.near * np.float32(0.4), 0.55 * np.exp(-((spot / (tall * 0.42)) ** 2)))
    for tone, cover in parts:
        blend(view, paints[tone], cover)
    _lit(view, colours, shapes.whole(parts), tall, light)


def _window(canvas: Pixels, colours: Palette, side: float, short: int) -> None:
    height, width = canvas.shape[:2]

    def panes(pen: ImageDraw.ImageDraw, fine: float) -> None:
        for row in range(2):
            for column in range(2):
                x = width / 2 + side * short * (-0.42 + 0.2 * column - 0.02 * row)
                y = height * (0.1 + 0.25 * row) + short * 0.05 * column
                lean, wide, high = side * short * 0.06, side * short * 0.17, height * 0.21
                drop = short * 0.045
                corners = [(x, y), (x + wide, y + drop), (x + wide + lean, y + high + drop), (x + lean, y + high)]
                pen.polygon([(a * fine, b * fine) for a, b in corners], 255)

    blend(canvas, colours.light, soft(drawn(height, width, panes), short * 0.008) * np.float32(0.34))


def _lit(view: Pixels, colours: Palette, whole: Pixels, tall: float, light: float) -> None:
    reach = max(1, round(tall * 0.014))
    rim = np.clip(whole - np.roll(whole, (reach // 2, round(light * reach)), (0, 1)), 0, 1)
    blend(view, colours.light, soft(rim, 1.5) * whole * np.float32(0.5))
    lit = np.clip(np.roll(soft(whole, tall * 0.16), round(-light * tall * 0.16), 1), 0, 1)
    blend(view, colours.near, whole * (1 - lit) * np.float32(0.4))


def _mirrored(view: Pixels, parts: list[tuple[str, Pixels]], paints: dict[str, Pixels], ground: float) -> None:
    height, width = view.shape[:2]
    top = int(ground) - 3
    down = np.clip(np.arange(height) - top, 0, None)
    shift = (np.sin(down * 0.55 + np.sin(down * 0.13) * 3) * down * 0.035).astype(int)
    across = np.clip(np.arange(width)[None, :] + shift[:, None], 0, width - 1)
    rows = np.clip(top - down, 0, height - 1)
    for tone, cover in parts:
        flipped = cover[rows[:, None], across]
        flipped[:top] = 0
        blend(view, paints[tone], flipped * np.float32(0.4))


def pines(canvas: Pixels, shade: Colour, rng: Random, line: Pixels, tall: float) -> None:
    """A wood along a skyline."""
    height, width = canvas.shape[:2]
    trees, x = [], -tall
    while x < width + tall:
        foot = float(line[int(np.clip(x, 0, width - 1))]) + tall * 0.15
        trees.append((x, foot, tall * rng.uniform(0.55, 1.25)))
        x += tall * rng.uniform(0.12, 0.55) * (1 if rng.random() < 0.85 else 4)
    blend(canvas, shade, drawn(height, width, lambda pen, fine: _wood(pen, fine, trees, 4)))


def firs(canvas: Pixels, shade: Colour, rng: Random, line: Pixels, side: float) -> None:
    """A few tall ones close by, so that the eye has something to look past."""
    height, width = canvas.shape[:2]
    trees = []
    for place, size in rng.random((int(rng.integers(2, 6)), 2)):
        x = width * (0.5 + side * (0.34 + 0.2 * place))
        foot = float(line[int(np.clip(x, 0, width - 1))]) + min(height, width) * 0.03
        trees.append((x, foot, height * (0.24 + 0.34 * size**1.5)))
    blend(canvas, shade, drawn(height, width, lambda pen, fine: _wood(pen, fine, trees, 9)))


def _wood(pen: ImageDraw.ImageDraw, fine: float, trees: list[tuple[float, float, float]], tiers: int) -> None:
    """Boughs that hang a little, each tier narrower and shorter than the one below."""
    for x, foot, high in ((a * fine, b * fine, c * fine) for a, b, c in trees):
        for tier in range(tiers):
            share = tier / tiers
            low, wide = foot - high * (0.08 + 0.84 * share), high * 0.22 * (1 - share) ** 0.85 + high * 0.012
            sag, notch, top = low + high * 0.1 / tiers, low - high * 0.12 / tiers, low - high * 1.5 / tiers
            pen.polygon(
                [(x - wide, sag), (x - wide * 0.4, notch), (x + wide * 0.4, notch), (x + wide, sag), (x, top)], 255
            )
        pen.rectangle((x - high * 0.014, foot - high * 0.12, x + high * 0.014, foot), 255)


def grass(canvas: Pixels, shade: Colour, rng: Random, line: Pixels) -> None:
    """Blades along the edge of the nearest ground."""
    height, width = canvas.shape[:2]
    tall = min(height, width) * 0.022
    blades = rng.random((420, 3))

    def tufts(pen: ImageDraw.ImageDraw, fine: float) -> None:
        for x, lean, high in blades:
            foot, at = float(line[int(x * (width - 1))]) + 2, x * width
            tip = (at + (lean - 0.5) * tall, foot - tall * (0.3 + high**3 * 1.4))
            corners = [(at - tall * 0.05, foot), (at + tall * 0.05, foot), tip]
            pen.polygon([(a * fine, b * fine) for a, b in corners], 255)

    blend(canvas, shade, drawn(height, width, tufts))


def birds(canvas: Pixels, shade: Colour, rng: Random, middle: tuple[float, float]) -> None:
    """A small flock, far away."""
    height, width = canvas.shape[:2]
    flock = rng.random((int(rng.integers(4, 9)), 3))

    def wings(pen: ImageDraw.ImageDraw, fine: float) -> None:
        for a, b, near in flock:
            x, y = middle[0] + (a - 0.5) * width * 0.3, middle[1] + (b - 0.5) * height * 0.14
            span = min(height, width) * (0.008 + 0.011 * near)
            pen.polygon([((x + u * span) * fine, (y + v * span) * fine) for u, v in _WINGS], 255)

    blend(canvas, shade, drawn(height, width, wings) * np.float32(0.85))
