"""The style `sketch`: layered landscapes with light, mist and water, and still lifes on a table."""

from collections.abc import Sequence

import numpy as np
from PIL import ImageDraw

from core.providers import sketch_shapes as shapes
from core.providers import sketch_things as things
from core.providers.sketch_paint import (
    Palette,
    Pixels,
    Random,
    blend,
    called,
    depth,
    distance,
    drawn,
    gradient,
    mix,
    noise,
    ridge,
    soft,
    step,
)

# To add a kind of land, add the words that call it and a line for its skylines: cells, octaves, keep, sharp.
_LANDS = {
    "sea": "sea ocean beach wave coast harbour boat ship sailboat yacht lighthouse island mar barco farol",
    "desert": "desert dune sand savanna deserto",
    "city": "city street town skyline urban tokyo building car taxi cidade",
    "forest": "forest wood jungle pine fox raposa floresta",
    "mountain": "mountain alps peak winter snow montanha",
    "hills": "hill field meadow garden house cottage cabin farm",
}
_SKYLINES = {
    "mountain": (2.6, 6, 0.5, True),
    "hills": (1.8, 3, 0.4, False),
    "forest": (2.2, 4, 0.5, False),
    "desert": (1.4, 2, 0.3, False),
    "sea": (3.0, 5, 0.5, True),
    "city": (2.0, 2, 0.4, False),
}

# Heights of what stands in a landscape, as a share of the picture's.
_TALL = {"lighthouse": 0.5, "tree": 0.5, "house": 0.24, "car": 0.36, "bird": 0.3}


def paint(words: Sequence[str], colours: Palette, rng: Random, height: int, width: int) -> Pixels:
    """A scene of this size that takes its land, weather and subject from the words."""
    name, hue = shapes.thing(words)
    if name in shapes.STILL:
        return things.still_life(name, hue, colours, rng, height, width)
    return _Land(words, colours, rng, height, width).paint(name, hue)


class _Land:
    """One landscape while it is painted, from the back to the front."""

    def __init__(self, words: Sequence[str], colours: Palette, rng: Random, height: int, width: int) -> None:
        self.words, self.colours, self.rng = words, colours, rng
        self.height, self.width, self.short = height, width, min(height, width)
        self.kind = next((k for k, names in _LANDS.items() if called(words, names)), None) or str(
            rng.choice(["mountain", "mountain", "hills", "forest", "desert", "sea"])
        )
        self.horizon = height * rng.uniform(0.5, 0.6)
        self.side = float(rng.choice([-1, 1]))
        """Where the subject stands; the sun takes the other side."""
        self.sun = (width * (0.5 - self.side * rng.uniform(0.1, 0.24)), self.horizon - height * rng.uniform(0.1, 0.26))
        self.canvas = np.empty((height, width, 3), np.float32)

    def paint(self, name: str | None, hue: str | None) -> Pixels:
        self._sky()
        wet = self.kind == "sea" or called(self.words, "lake river reflection water") or self.rng.random() < 0.35
        self._ranges(0, 3 if wet else 4)
        if wet and self.kind != "desert":
            self._water(self.horizon + self.height * 0.07)
        ground = self.height * 0.8 if name == "boat" else self._foreground()
        if name:
            self._subject(name, hue, ground)
        else:
            middle = (self.width * (0.5 + self.side * 0.2), self.horizon * 0.42)
            things.birds(self.canvas, mix(self.colours.near, self.colours.sky[0], 0.2), self.rng, middle)
        return self.canvas

    def _sky(self) -> None:
        sky, light = self.colours.sky, self.colours.light
        end = self.horizon / self.height
        self.canvas[:] = gradient(self.height, self.width, [*sky, sky[2]], [0, end * 0.55, end, 1])
        away = distance(self.height, self.width, *self.sun)
        if self.colours.dark:
            self._stars()
        if self.colours.name == "aurora":
            self._curtains()
        blend(self.canvas, light, 0.45 * np.exp(-((away / (self.short * 0.34)) ** 2)))
        blend(self.canvas, light, 0.5 * np.exp(-((away / (self.short * 0.13)) ** 2)))
        self._clouds()
        radius = self.short * self.rng.uniform(0.045, 0.085)
        blend(self.canvas, mix(light, np.ones(3, np.float32), 0.35), np.clip(radius - away, 0, 1) * 0.96)

    def _stars(self) -> None:
        count = 260
        places = self.rng.random((count, 3)) * (self.width, self.horizon, 1)

        def dots(pen: ImageDraw.ImageDraw, fine: float) -> None:
            for x, y, bright in places:
                r = self.short / 1024 * (0.5 + 1.6 * bright**6) * fine
                pen.ellipse((x * fine - r, y * fine - r, x * fine + r, y * fine + r), int(90 + 165 * bright))

        fade = np.clip(1.1 - np.arange(self.height, dtype=np.float32) / np.float32(self.horizon), 0, 1)[:, None]
        blend(self.canvas, self.colours.light, drawn(self.height, self.width, dots) * fade)

    def _curtains(self) -> None:
        rows = np.arange(self.height, dtype=np.float32)[:, None]
        for share, low, long in ((0.75, 0.62, 0.34), (0.5, 0.45, 0.26)):
            foot = self.horizon * (low + 0.3 * ridge(self.rng, self.width, 2, 2))
            rays = 0.35 + 0.65 * ridge(self.rng, self.width, 26, 3)
            above = (foot[None, :] - rows) / np.float32(self.horizon * long)
            glow = np.where(above > 0, np.exp(-above), np.exp(above * 9)) * rays[None, :]
            blend(self.canvas, mix(self.colours.accent, self.colours.sky[2], share - 0.5), glow * np.float32(share))

    def _clouds(self) -> None:
        if self.colours.name == "aurora":
            return
        rows = int(self.horizon)
        ragged = noise(self.rng, rows, self.width, (5, 1.6 * self.width / self.height), 5)
        high = np.linspace(0.1, 1, rows, dtype=np.float32)[:, None]
        cover = step(0.52, 0.9, ragged) * (1 - (2 * high - 1.15) ** 2).clip(0, 1)
        lit = mix(self.colours.sky[2], self.colours.light, 0.55)
        blend(self.canvas[:rows], lit, cover * np.float32(0.25 if self.colours.dark else 0.55))

    def _ranges(self, first: int, last: int) -> None:
        for at in range(first, last):
            self._range(at / 4, self.horizon + self.height * (0.02 + 0.075 * at * at / 3))

    def _range(self, near: float, base: float) -> None:
        cells, octaves, keep, sharp = _SKYLINES[self.kind]
        tall = self.height * {"mountain": 0.3, "sea": 0.1, "city": 0.12}.get(self.kind, 0.14) * (1.05 - 0.6 * near)
        line = base - tall * ridge(self.rng, self.width, cells * (1 + near), octaves, keep, sharp) ** 1.3
        if self.kind == "city":
            line = self._roofs(base, tall * 2.4)
        body = mix(mix(self.colours.sky[2], self.colours.far, 0.45 + 0.55 * near), self.colours.near, near * 0.75)
        top = max(0, int(line.min()) - 1)
        below = depth(self.height, line, top)
        shade = np.broadcast_to(body, (*below.shape, 3)).copy()
        if self.kind in ("mountain", "sea", "desert", "hills"):
            self._relief(shade, line, below, tall, near)
        mist = np.clip(below / np.float32(tall * 1.5), 0, 1) * np.float32(0.62 - 0.35 * near)
        blend(shade, mix(self.colours.sky[2], self.colours.light, 0.25), mist)
        blend(self.canvas[top:], shade, np.clip(below, 0, 1))
        if self.kind == "forest" and near > 0.2:
            things.pines(self.canvas, body, self.rng, line, self.short * (0.02 + 0.075 * near))
        if self.kind == "city" and near > 0.2:
            self._windows(line, base, near)

    def _relief(self, shade: Pixels, line: Pixels, below: Pixels, tall: float, near: float) -> None:
        """Light from the sun's side along spurs that run down aslant; snow on what is high and faces it."""
        ragged = noise(self.rng, below.shape[0], below.shape[1], (22, 22 * self.width / self.height), 4)
        slope = np.gradient(line) * np.where(np.arange(self.width) < self.sun[0], -1, 1)
        facing = soft(np.clip(0.5 + slope[None, :].repeat(2, 0) * 0.8, 0, 1).astype(np.float32), self.width / 90)[0]
        deep = np.clip(below, 0, None)
        aslant = np.arange(self.width)[None, :] + (ragged - 0.5) * tall * 0.16 + deep * np.float32(self.side * 0.45)
        lit = facing[np.clip(aslant, 0, self.width - 1).astype(int)]
        fade = np.exp(-deep / np.float32(tall * 0.8))
        blend(shade, self.colours.light, step(0.35, 0.75, lit) * fade * np.float32(0.34 - 0.2 * near))
        blend(shade, self.colours.near, step(0.45, 0.9, 1 - lit) * fade * np.float32(0.1 + 0.25 * near))
        if self.kind == "mountain" and near < 0.6:
            high = np.clip((line.max() - line) / np.float32(tall), 0, 1)[None, :]
            lies = high * 0.34 * (0.4 + 1.2 * ragged) - deep / np.float32(tall)
            much = 0.9 if called(self.words, "winter snow ice alps peak arctic") else 0.6
            snow = step(0, 0.05, lies) * step(0.1, 0.4, lit) * np.float32(much)
            blend(shade, mix(self.colours.light, self.colours.sky[1], 0.12), snow)

    def _roofs(self, base: float, tall: float) -> Pixels:
        line = np.full(self.width, base, np.float32)
        x = 0
        while x < self.width:
            wide = int(self.short * self.rng.uniform(0.025, 0.07)) + 2
            line[x : x + wide] = base - tall * self.rng.uniform(0.15, 1) ** 1.6
            if self.rng.random() < 0.2:
                mast = x + wide // 2
                line[mast : mast + max(1, self.short // 500)] -= tall * 0.16
            x += wide
        return line

    def _windows(self, line: Pixels, base: float, near: float) -> None:
        """Lit ones, in the columns and floors of each house: a new house starts where the roof line jumps."""
        pitch = max(3, round(self.short * 0.0085))
        storey = round(pitch * 1.5)
        columns, rows = np.arange(self.width), np.arange(self.height)[:, None]
        starts = np.maximum.accumulate(np.where(np.diff(line, prepend=line[0]) != 0, columns, 0))
        pane = ((columns - starts) % pitch > pitch * 0.4)[None, :] & ((rows - line.astype(int)) % storey > pitch * 0.7)
        inside = (rows > line + pitch) & (rows < base)
        awake = self.rng.random((self.height // storey + 1, self.width // pitch + 1)) < 0.3 + 0.2 * self.colours.dark
        lamp = mix(self.colours.light, self.colours.accent, 0.12)
        blend(
            self.canvas, lamp, (pane & inside & awake[rows // storey, columns // pitch]) * np.float32(0.2 + 0.6 * near)
        )

    def _water(self, level: float) -> None:
        """What stands above, mirrored in ripples, with a path of light under the sun."""
        top = int(level)
        rows = self.height - top
        down = np.arange(rows, dtype=np.float32)[:, None]
        far = down / np.float32(rows)
        ripple = noise(self.rng, rows, self.width, (46, 5), 3) - 0.5
        source = top - 1 - down * 1.05 + ripple * far * self.height * 0.09
        across = np.arange(self.width)[None, :] + ripple * far * self.width * 0.03
        places = np.clip(source, 0, top - 1).astype(int), np.clip(across, 0, self.width - 1).astype(int)
        mirror = self.canvas[places]
        tint = mix(self.colours.sky[0], self.colours.near, 0.3)
        blend(mirror, tint, np.broadcast_to(0.22 + 0.4 * far, ripple.shape))
        path = np.exp(-(((np.arange(self.width) - self.sun[0]) / (self.width * 0.07)) ** 2)).astype(np.float32)
        glitter = step(0.12, 0.26, ripple + 0.16 * path - 0.02) * path * (1 - 0.6 * far)
        blend(mirror, self.colours.light, glitter * np.float32(0.8))
        blend(mirror, self.colours.light, np.broadcast_to(0.35 * np.exp(-down / (self.height * 0.006)), ripple.shape))
        self.canvas[top:] = mirror

    def _foreground(self) -> float:
        """The nearest ground; gives the height at which a subject stands."""
        base = self.height * self.rng.uniform(0.84, 0.88)
        line = base + self.height * 0.1 * (ridge(self.rng, self.width, 1.2, 2, 0.3) - 0.5)
        body = mix(self.colours.near, self.colours.far, 0.12)
        top = max(0, int(line.min()) - 1)
        below = depth(self.height, line, top)
        shade = np.broadcast_to(body, (*below.shape, 3)).copy()
        blend(shade, self.colours.light, 0.2 * np.exp(-np.clip(below, 0, None) / (self.height * 0.02)))
        blend(shade, self.colours.near * np.float32(0.6), step(0, self.height * 0.16, below) * np.float32(0.7))
        blend(self.canvas[top:], shade, np.clip(below, 0, 1))
        if self.kind not in ("city", "desert"):
            things.grass(self.canvas, mix(body, self.colours.light, 0.06), self.rng, line)
        if self.kind in ("forest", "mountain"):
            dark = mix(self.colours.near * np.float32(0.85), self.colours.far, 0.06)
            things.firs(self.canvas, dark, self.rng, line, -self.side)
        return float(line[int(self.width * (0.5 + self.side * 0.17))]) + self.height * 0.035

    def _subject(self, name: str, hue: str | None, ground: float) -> None:
        tall = min(self.height * _TALL.get(name, 0.34), self.width * 0.5)
        foot = (self.width * (0.5 + self.side * 0.17), ground)
        things.stand(self.canvas, self.colours, name, hue, foot, tall, light=self.side, wet=name == "boat")
