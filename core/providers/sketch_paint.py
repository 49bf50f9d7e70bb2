"""The practice provider's paint box: palettes chosen by words, noise, and soft-edged brushes on float arrays."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Pixels = NDArray[Any]
"""Height x width x 3, 0 to 1; or height x width for a coverage."""
Colour = Pixels
Random = np.random.Generator


@dataclass(frozen=True)
class Palette:
    """Colours that go together, from the sky down to what is near."""

    name: str
    sky: tuple[Colour, Colour, Colour]
    """Top, middle, horizon."""
    far: Colour
    near: Colour
    light: Colour
    """Sun, moon, snow, paper."""
    accent: Colour

    @property
    def dark(self) -> bool:
        """True when the sky calls for stars."""
        return float(self.sky[0].mean()) < 0.2


def colour(code: str) -> Colour:
    """From six hexadecimal digits."""
    return np.frombuffer(bytes.fromhex(code), np.uint8).astype(np.float32) / 255


# To add a mood, add a line: name, words that call it, then sky top, middle, horizon, far, near, light, accent.
_MOODS = """
dawn     | dawn morning sunrise calm gentle soft peaceful      | 6f86b5 c9a7b8 fbd9b9 a78fa8 2c2a4a fff2dc e9785d
sunset   | sunset dusk evening warm orange romantic            | 41306b c9527a ffb46e a9517a 241436 ffe6b0 ff7b54
night    | night moon midnight star dark black dream noite     | 070d24 14264f 3e6187 2b456e 050a1a f6f0dc e8b04b
winter   | winter snow ice cold frost white arctic inverno     | 7fa6c6 bcd3e0 eff3f4 a9c1d2 34506b fffaf0 c8553d
forest   | forest wood jungle green moss nature floresta       | 86b39b c4d8ae f6f0d4 7fa489 12302a fffbe4 e0893c
sea      | sea ocean beach wave coast harbour lake blue mar    | 2c6f93 7dbccb f3ecd8 5b98aa 0f3347 fff6e0 f2643d
desert   | desert dune sand canyon mars savanna deserto        | 5fa3b3 e8cfa8 f8b98a d98f66 5d2a2a fff0cf b83b2e
spring   | spring blossom cherry garden fresh easter           | 9cc4de e3d3e0 fde4e1 c99bb2 3e4a3f fff7ee e5728f
autumn   | autumn fall harvest october leaf rust brown cosy    | 5f7a8a d7a86e f8dca4 b97a45 35201c fff0c9 c8452c
city     | city street town skyline neon urban tokyo cidade    | 1f2a55 80568f f49a82 4a3b6e 120f2a ffe2b8 33c6c0
storm    | storm rain grey gray gloomy fog mist thunder sad    | 39444f 77858d c5ccc9 7f8d92 1d262c f4f3ea d8a13a
aurora   | aurora space galaxy magic cosmic northern violet    | 0c0b2b 2b2566 5a5aa6 3a2f78 080618 e7fff3 4ee0a6
ember    | red fire volcano lava crimson ember vermelho        | 3c0d1d a82a35 f4955f 8a2334 1c060e ffe1b5 ffb347
honey    | yellow honey gold golden sunflower summer lemon     | e2ab4f f4cf86 fff0c8 d0973c 4a3213 fffbe8 d9542b
lagoon   | teal turquoise tropical island mint lagoon          | 17727a 5fc1b4 f9f0cf 4fa79c 0b3a3e fffbe0 ff7a59
lavender | lavender lilac purple provence twilight             | 6d6bb0 b7a6d6 f7dfe3 8f82b8 2a2350 fff4e8 f2b134
rose     | pink rose love candy blush wedding                  | c9708f f2b3b5 fde6d8 c97b95 4a1c36 fff5ea 8c2f5a
silver   | monochrome minimal noir silver                      | 4a5058 969ba0 e6e6e2 7b8086 15181c ffffff d23b2f
"""


def _palette(row: str) -> tuple[Palette, frozenset[str]]:
    name, words, codes = (part.strip() for part in row.split("|"))
    c = [colour(code) for code in codes.split()]
    return Palette(name, (c[0], c[1], c[2]), *c[3:]), frozenset(words.split())


_PALETTES = [_palette(row) for row in _MOODS.strip().splitlines()]
# Grey ones only for those who ask.
_ANY = [at for at, (found, _) in enumerate(_PALETTES) if found.name not in ("storm", "silver")]


def palette(words: Sequence[str], rng: Random) -> Palette:
    """The palette most words ask for, the first named when two are even; when none does, chance picks one."""
    asked = [[at for at, word in enumerate(words) if word in calls] for _, calls in _PALETTES]
    best = max(range(len(asked)), key=lambda n: (len(asked[n]), -min(asked[n], default=0)))
    return _PALETTES[best if asked[best] else int(rng.choice(_ANY))][0]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`share` of b, the rest of a."""
    return np.asarray(a + (b - a) * np.float32(share))


def gradient(height: int, width: int, stops: Sequence[Colour], ends: Sequence[float] | None = None) -> Pixels:
    """Down the picture through all stops; `ends` says where each lies, 0 to 1."""
    at = np.linspace(0, 1, height)
    ends = ends if ends is not None else np.linspace(0, 1, len(stops)).tolist()
    channels = [np.interp(at, ends, [stop[c] for stop in stops]) for c in range(3)]
    column = np.stack(channels, -1).astype(np.float32)
    return np.repeat(column[:, None], width, 1)


def noise(rng: Random, height: int, width: int, cells: tuple[float, float], octaves: int = 4) -> Pixels:
    """Smooth clouds of 0 to 1, mean one half; `cells` is how many of the largest fit down and across."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        shape = [min(n, int(c * 2**octave) + 3) for c, n in zip(cells, (height, width), strict=True)]
        tile = Image.fromarray(rng.random(shape, np.float32))
        total += np.asarray(tile.resize((width, height), Image.Resampling.BICUBIC)) * np.float32(0.5**octave)
    spread = np.float32(0.55 * sum(0.25**octave for octave in range(octaves)) ** 0.5)
    return np.asarray(np.clip((total - total.mean()) / (2 * spread) + 0.5, 0, 1))


def ridge(rng: Random, width: int, cells: float, octaves: int, keep: float = 0.5, sharp: bool = False) -> Pixels:
    """A skyline of 0 to 1 across the picture; sharp ones have peaks, the others roll."""
    at, total, reach = np.linspace(0, 1, width), np.zeros(width), 0.0
    for octave in range(octaves):
        points = int(cells * 2**octave) + 4
        knots = np.arange(points) + rng.uniform(-0.35, 0.35, points)
        heights = rng.random(points)
        wave = np.interp(at * (points - 3) + 1, knots, heights) if sharp else _rolling(at * (points - 3) + 1, heights)
        total += wave * keep**octave
        reach += keep**octave
    return (total / reach).astype(np.float32)


def _rolling(at: NDArray[np.float64], heights: NDArray[np.float64]) -> NDArray[np.float64]:
    left = at.astype(int)
    way = (1 - np.cos((at - left) * np.pi)) / 2
    return np.asarray(heights[left] * (1 - way) + heights[np.minimum(left + 1, len(heights) - 1)] * way)


def step(low: float, high: float, values: Pixels) -> Pixels:
    """0 below `low`, 1 above `high`, smooth between."""
    way = np.clip((values - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(way * way * (3 - 2 * way))


def depth(height: int, line: Pixels, top: int = 0) -> Pixels:
    """How many pixels each place of rows `top` and on lies below the line; clipped to 0..1 it is a smooth edge."""
    return np.arange(top, height, dtype=np.float32)[:, None] + np.float32(0.5) - line[None, :]


def distance(height: int, width: int, x: float, y: float, flat: float = 1.0) -> Pixels:
    """Pixels from a point; `flat` above 1 makes the rings lie down."""
    rows = (np.arange(height, dtype=np.float32) - np.float32(y)) * np.float32(flat)
    columns = np.arange(width, dtype=np.float32) - np.float32(x)
    return np.sqrt(rows[:, None] ** 2 + columns[None, :] ** 2)


def blend(canvas: Pixels, paint: Colour, coverage: Pixels | float) -> None:
    """Lay paint (one colour or an array of them) over the canvas in place."""
    share = np.asarray(coverage, np.float32)
    for one in range(3):  # all three in one expression take six times as long: its innermost loop would be of length 3
        channel = canvas[..., one]
        channel += (paint[..., one] - channel) * share


def drawn(height: int, width: int, draw: Callable[[ImageDraw.ImageDraw, float], None], fine: int = 2) -> Pixels:
    """A coverage from shapes drawn white on black at `fine` times the size; `draw` gets the pen and that scale."""
    sheet = Image.new("L", (width * fine, height * fine), 0)
    draw(ImageDraw.Draw(sheet), float(fine))
    return np.asarray(sheet.reduce(fine), np.float32) / 255


def soft(coverage: Pixels, radius: float) -> Pixels:
    """Blurred, by scaling down and up again: cheap at any radius."""
    height, width = coverage.shape
    factor = max(1.0, radius / 1.5)
    small = (max(2, round(width / factor)), max(2, round(height / factor)))
    sheet = Image.fromarray(np.ascontiguousarray(coverage, np.float32)).resize(small, Image.Resampling.BOX)
    return np.asarray(np.clip(np.asarray(sheet.resize((width, height), Image.Resampling.BICUBIC)), 0, 1))


def blurred(coverage: Pixels, radius: float) -> Pixels:
    """Blurred smoothly; for small radii."""
    sheet = Image.fromarray((np.clip(coverage, 0, 1) * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(sheet, np.float32) / 255


def called(words: Collection[str], names: str) -> bool:
    """Does the prompt use one of these words?"""
    return not set(names.split()).isdisjoint(words)
