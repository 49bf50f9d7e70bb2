"""The practice provider draws offline, always the same for the same words, and fails as often as it is told."""

import asyncio
import json
from decimal import Decimal
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from core import pictures
from core.errors import AnswerUnusable, OutcomeUnknown, ProviderError, ProviderRefused
from core.providers import Answer, Picture, Request, sketch_art, sketch_shapes
from core.providers.sketch import Sketch
from core.settings import Settings

STYLES = sorted(sketch_art.STYLES)
SIZES = [(256, 256), (640, 272), (200, 511), (64, 64), (33, 190), (1, 1), (1500, 1100)]
QUICK = Settings(sketch_delay=0)
USELESS = [
    *(b"", b"<html>", b"[]", b"null", b"{}", b"\xff\xfe{"),
    b'{"image": 5, "seed": 1, "cost": 0}',
    b'{"image": "%%", "seed": 1, "cost": 0}',
    b'{"image": "", "seed": 1, "cost": 0}',
    b'{"image": "AAAA", "seed": 1, "cost": "x"}',
]
FAILING = Settings(sketch_delay=0, sketch_failures=1)


def ask(prompt="a red fox in the snow", **fields):
    return Request(**{"model": "sketch", "prompt": prompt, "width": 256, "height": 192, "seed": 7, **fields})


def made(request, settings=QUICK):
    """Send, then read what came, as the pipeline does."""
    provider = Sketch(settings)
    return provider.read(request, asyncio.run(provider.send(request)))


def pixels(request):
    return np.asarray(Image.open(BytesIO(made(request).pictures[0])).convert("RGB"))


def picture(im):
    out = BytesIO()
    im.save(out, "PNG")
    return Picture(out.getvalue(), "image/png", *im.size)


def photo(width=256, height=192):
    noise = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


def mean_difference(a, b):
    return np.abs(a.astype(int) - b.astype(int)).mean()


# The same again, or something new


@pytest.mark.parametrize("model", STYLES)
def test_the_same_request_gives_the_same_bytes(model):
    request = ask(model=model)

    assert made(request) == made(request)


@pytest.mark.parametrize("model", STYLES)
def test_another_seed_gives_another_picture(model):
    one, other = pixels(ask(model=model, seed=1)), pixels(ask(model=model, seed=2))

    assert mean_difference(one, other) > 4


def test_models_are_styles():
    one, other, third = (pixels(ask(model=model)) for model in STYLES)

    assert min(mean_difference(one, other), mean_difference(other, third), mean_difference(one, third)) > 10


def test_words_choose_the_colours():
    red, blue = pixels(ask("a crimson evening")), pixels(ask("a blue morning by the sea"))

    assert red[..., 0].mean() - red[..., 2].mean() > 20
    assert blue[..., 2].mean() - blue[..., 0].mean() > 5


def test_a_colour_before_a_thing_is_the_things_own():
    winter = pixels(ask("a red fox in winter"))

    assert winter[:40, :, 2].mean() > winter[:40, :, 0].mean()  # the sky stays cold


def test_without_a_seed_chance_picks_one_and_says_which():
    request = ask(seed=None)

    first, second = made(request), made(request)

    assert first.seed != second.seed
    assert made(ask(seed=first.seed)).pictures == first.pictures


def test_a_practice_picture_is_free():
    assert made(ask()).cost == Decimal(0)


# Sizes


@pytest.mark.parametrize("model", STYLES)
@pytest.mark.parametrize(
    "width, height", [(256, 256), (640, 272), (200, 511), (64, 64), (33, 190), (1, 1), (1500, 1100)]
)
def test_the_picture_has_exactly_the_size_asked_for(model, width, height):
    result = made(ask(model=model, width=width, height=height))

    assert pictures.size(result.pictures[0]) == (width, height)
    assert pictures.sniff(result.pictures[0]) == "image/png"


def test_a_noun_calls_its_thing_and_the_colour_before_it():
    assert sketch_shapes.thing(["a", "white", "kitten", "on", "a", "red", "car"]) == ("cat", "white")
    assert sketch_shapes.thing(["uma", "xícara", "de", "café"]) == ("cup", None)
    assert sketch_shapes.thing(["red", "hills"]) == (None, None)


@pytest.mark.parametrize("name", sorted(sketch_shapes.NAMES))
def test_every_thing_is_drawn_where_it_stands(name):
    canvas = np.full((200, 200, 3), 0.5, np.float32)

    view, foot, parts = sketch_shapes.place(canvas, name, (100, 160), 100)

    cover = sketch_shapes.whole(parts)
    rows = np.flatnonzero(cover.any(1))
    assert 0.03 < cover.mean() < 0.6
    assert rows[0] < foot[1] - 55  # it rises
    assert foot[1] - 12 < rows[-1] < foot[1] + 12  # and stands on the ground
    assert view.shape[:2] == cover.shape


# Edits


@pytest.mark.parametrize("model", STYLES)
@pytest.mark.parametrize("prompt", ["a small boat", "autumn colours"])
def test_outside_the_mask_every_pixel_stays(model, prompt):
    before = photo()
    white = np.zeros((192, 256), bool)
    white[50:150, 60:200] = True
    white[80:90, 100:110] = False
    mask = picture(Image.fromarray(np.where(white, 255, 0).astype(np.uint8)))

    after = pixels(ask(prompt, model=model, source=picture(before), mask=mask))

    changed = (after != np.asarray(before)).any(-1)
    assert not changed[~white].any()
    assert changed[white].mean() > 0.1


def test_a_black_mask_changes_nothing():
    before = photo()

    after = pixels(ask(source=picture(before), mask=picture(Image.new("L", (256, 192), 0))))

    assert (after == np.asarray(before)).all()


def test_more_strength_goes_further_from_the_source():
    source = picture(Image.fromarray(pixels(ask("a lake at dawn"))))
    before = pixels(ask("a lake at dawn"))

    gone = [
        mean_difference(pixels(ask("a forest at night", source=source, strength=strength)), before)
        for strength in (0.0, 0.3, 0.6, 1.0)
    ]

    assert gone == sorted(gone)
    assert gone[0] < 12 < gone[3]


def test_an_edit_keeps_the_composition_of_its_source():
    halves = Image.new("RGB", (256, 192), (20, 20, 20))
    halves.paste((235, 235, 235), (0, 0, 128, 192))

    after = pixels(ask("a warm sunset", source=picture(halves))).mean(-1)

    assert after[:, :120].mean() - after[:, 136:].mean() > 60


def test_references_lend_their_colours():
    green = picture(Image.new("RGB", (50, 50), (20, 160, 60)))

    plain, lent = pixels(ask("hills", seed=3)), pixels(ask("hills", seed=3, references=(green,)))

    def greenness(a):
        return a[..., 1].mean() - (a[..., 0].mean() + a[..., 2].mean()) / 2

    assert greenness(lent) - greenness(plain) > 25


def test_a_source_that_is_no_picture_is_refused():
    with pytest.raises(ProviderRefused, match="not a PNG, JPEG, WebP or AVIF"):
        made(ask(source=Picture(b"no picture", "image/png", 256, 192)))


# The mark


@pytest.mark.parametrize("model", STYLES)
@pytest.mark.parametrize("prompt", ["a calm winter morning", "midnight stars"])
def test_every_picture_says_practice(model, prompt):
    grey = pixels(ask(prompt, model=model, width=800, height=600)).mean(-1)
    letters = sketch_art.mark(600) > 0.8
    rows, columns = letters.shape

    def stands_out(bottom, right):
        there = grey[bottom - rows : bottom, right - columns : right]
        return abs(there[letters].mean() - there[sketch_art.mark(600) < 0.05].mean())

    corner = 600 - round(600 * 0.014), 800 - round(600 * 0.035)
    assert stands_out(*corner) > 50
    assert stands_out(corner[0], columns + 40) < 40  # the other corner does not


# Troubles and time


def _end(request, settings):
    try:
        return type(made(request, settings))
    except ProviderError as trouble:
        assert str(trouble).endswith(".")
        return type(trouble)


def test_all_fail_when_all_shall_fail():
    ends = {_end(ask(f"picture {n}", width=32, height=32), FAILING) for n in range(60)}

    assert ends == {OutcomeUnknown, ProviderRefused, AnswerUnusable}


def test_none_fail_when_none_shall_fail():
    ends = {_end(ask(f"picture {n}", width=32, height=32), QUICK).__name__ for n in range(30)}

    assert ends == {"Result"}


def test_about_the_share_that_was_set_fails():
    settings = Settings(sketch_delay=0, sketch_failures=0.3)

    ends = [_end(ask(model="poster", seed=7, width=16, height=16), settings) for _ in range(200)]

    failed = sum(issubclass(end, ProviderError) for end in ends)
    assert 25 <= failed <= 100  # six standard deviations: one run in a hundred million falls outside


def test_other_requests_go_on_while_one_is_drawn():
    order = []

    async def one(name, delay):
        await Sketch(Settings(sketch_delay=delay)).send(ask(width=32, height=32))
        order.append(name)

    async def both():
        await asyncio.gather(one("slow", 0.4), one("quick", 0))

    asyncio.run(both())

    assert order == ["quick", "slow"]


def test_drawing_leaves_the_loop_free():
    order = []

    async def draw():
        await Sketch(QUICK).send(ask(width=1024, height=1024))
        order.append("drawn")

    async def watch():
        await asyncio.sleep(0.001)
        order.append("meanwhile")

    async def both():
        await asyncio.gather(draw(), watch())

    asyncio.run(both())

    assert order == ["meanwhile", "drawn"]


# The wire


def test_the_answer_is_json_like_a_vendors():
    answer = asyncio.run(Sketch(QUICK).send(ask()))

    told = json.loads(answer.body)

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert set(told) == {"image", "seed", "cost"}
    assert told["seed"] == 7
    assert made(ask()).request_id == answer.headers["x-request-id"]


@pytest.mark.parametrize("body", USELESS)
def test_an_answer_without_a_picture_is_unusable(body):
    with pytest.raises(AnswerUnusable):
        Sketch(QUICK).read(ask(), Answer(200, {}, body))


def test_what_is_recorded_as_sent_holds_no_picture():
    request = ask(source=picture(photo()), references=(picture(photo()),), strength=0.4)

    sent = Sketch(QUICK).sent(request)

    assert sent == {
        "model": "sketch",
        "prompt": "a red fox in the snow",
        "width": 256,
        "height": 192,
        "seed": 7,
        "strength": 0.4,
        "source": True,
        "references": 1,
    }
