"""Pictures like photographs, made from a seed: clouds of all sizes with grain on top, which is what costs to decode."""

from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image

SIDE = 2048
"""Four megapixels, as providers send them."""


@cache
def photo(kind: str, side: int = SIDE, seed: int = 7) -> bytes:
    """A square picture, encoded as providers do: PNG at the usual level, JPEG at quality 95."""
    out, options = BytesIO(), {"PNG": {"compress_level": 6}, "JPEG": {"quality": 95}}[kind]
    Image.fromarray(_pixels(side, seed)).save(out, kind, **options)
    return out.getvalue()


def _pixels(side: int, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    channels = np.stack([_clouds(random, side) for _ in range(3)], axis=-1)
    shown = 0.6 * channels + 0.4 * channels.mean(axis=-1, keepdims=True)  # neighbouring colours, not a rainbow
    grain = random.normal(0, 1.5, (side, side, 1))
    return np.clip(shown * 255 + grain, 0, 255).astype(np.uint8)


def _clouds(random: np.random.Generator, side: int) -> np.ndarray:
    """Noise of ever finer cells, each half as strong as the one before; between 0 and 1."""
    total = np.zeros((side, side), np.float32)
    cells, strength = 3, 1.0
    while cells <= side // 4:
        field = Image.fromarray(random.random((cells, cells), np.float32))
        total += strength * np.asarray(field.resize((side, side), Image.Resampling.BICUBIC))
        cells, strength = cells * 2, strength / 2
    low, high = total.min(), total.max()
    return (total - low) / (high - low)
