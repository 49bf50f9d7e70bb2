"""The catalogue knows which models there are, what each can do and what it costs, before anything is paid."""

import re
import tomllib
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from core.catalogue import Catalogue, Model, TextModel, cost, estimate, fit, warn_soon
from core.errors import Refused
from core.models import MODELS, ROUTES
from core.prices import gpt_image_tokens
from core.providers import Picture, Request, Result, TextRequest

TODAY = date(2026, 11, 21)
CATALOGUE = Catalogue.load(today=lambda: TODAY)
EVERY = CATALOGUE.models(ROUTES)
TEXTS = CATALOGUE.texts(ROUTES)
BLOCKS = tomllib.loads(MODELS.read_text(encoding="utf-8"))

WISH = Request("", "a red fox in the snow")
SOURCE = Picture(b"", "image/png", 1024, 1024)


def names(models: tuple[Model, ...] | tuple[TextModel, ...]) -> list[str]:
    return [model.name for model in models]


# The file ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "block", BLOCKS["image_model"] + BLOCKS["image_template"] + BLOCKS["text_model"], ids=lambda block: block["key"]
)
def test_every_block_says_where_its_facts_are_from(block) -> None:
    assert re.match(r"20\d\d", block["as_of"]) and block["source"] and block["grade"] in "ABC"
    assert block["display_name"] and block["ids"] and block["seconds"] > 0
    assert "ratio_set" not in block or block["ratio_set"] in BLOCKS["ratio_sets"]


@pytest.mark.parametrize("model", EVERY, ids=lambda model: model.name)
def test_every_model_can_be_asked_and_priced_at_everything_it_offers(model: Model) -> None:
    for ratio in model.ratios or ("1:1",):
        for resolution in model.resolutions or ("1K",):
            for quality in model.qualities or (None,):
                wish = replace(WISH, ratio=ratio, resolution=resolution, quality=quality)

                request, left_out = fit(model, wish)

                assert left_out == ()
                assert request.model == model.id and request.width >= 128 and request.height >= 128
                money = estimate(model, request, 0)
                assert (money.basis, money.usd == 0) == ("estimated", model.provider in ("sketch", "a1111"))
                assert 0 <= money.usd < 2


def test_a_file_that_is_no_catalogue_says_so(tmp_path: Path) -> None:
    (tmp_path / "models.toml").write_text("[[image_model]]\nkey = 'half a model'\n")

    with pytest.raises(Refused, match="cannot be read"):
        Catalogue.load(tmp_path / "models.toml")


# Which there are -----------------------------------------------------------------------------------------------------


def test_only_models_of_open_providers_can_be_picked() -> None:
    assert names(CATALOGUE.models(["sketch"])) == ["sketch/sketch", "sketch/ink", "sketch/poster"]
    assert {model.provider for model in CATALOGUE.models(["openai", "gemini"])} == {"openai", "gemini"}


def test_practice_models_say_that_they_are() -> None:
    assert {model.provider for model in EVERY if model.practice} == {"sketch"}


def test_no_two_models_look_the_same_in_the_list() -> None:
    assert len({model.label for model in EVERY}) == len(EVERY) == len(set(names(EVERY)))
    assert CATALOGUE.find("openrouter/google/gemini-nano-banana-2.1").label == "Nano Banana 2.1 · OpenRouter"


def test_a_model_leaves_the_list_on_the_day_it_ends() -> None:
    def offered(day: date) -> bool:
        catalogue = Catalogue([ending], {}, lambda: day)
        return names(catalogue.models(["openai"])) == ["openai/gpt-image-2"]

    ending = replace(CATALOGUE.find("openai/gpt-image-2"), shutdown=date(2026, 12, 1))

    assert [offered(date(2026, 11, 30)), offered(date(2026, 12, 1))] == [True, False]


@pytest.mark.parametrize(
    ("name", "successor"),
    [
        ("openai/dall-e-3", "gpt-image-2.5-flare"),
        ("openrouter/openai/gpt-image-1", "gpt-image-2.5-sunburst"),
        ("openai/gpt-image-1.5", "gpt-image-2"),
        ("gemini/gemini-3.1-flash-image", "gemini-nano-banana-2.1"),
    ],
)
def test_a_model_that_is_gone_is_refused_with_its_successor(name: str, successor: str) -> None:
    with pytest.raises(Refused, match=rf"20\d\d\. Pick {re.escape(successor)} instead"):
        CATALOGUE.find(name)

    assert name not in names(EVERY) and CATALOGUE.label(name)


@pytest.mark.parametrize("name", ["", "sketch", "openai/", "openai/no-such-model", "elsewhere/gpt-image-1", "a1111/"])
def test_a_model_that_nobody_knows_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="There is no model called"):
        CATALOGUE.find(name)

    assert CATALOGUE.label(name) == name


def test_a_server_of_ones_own_draws_with_any_checkpoint() -> None:
    model = CATALOGUE.find("a1111/dreamshaper_8.safetensors")

    assert (model.name, model.id) == ("a1111/dreamshaper_8.safetensors", "dreamshaper_8.safetensors")
    assert fit(model, WISH)[0].model == "dreamshaper_8.safetensors"
    assert CATALOGUE.find("a1111/default").id == "default"


@pytest.mark.parametrize(("days", "warned"), [(-1, False), (0, False), (1, True), (30, True), (31, False)])
def test_people_hear_of_an_end_thirty_days_before(days: int, warned: bool) -> None:
    model = replace(CATALOGUE.find("openai/gpt-image-2"), shutdown=date.fromordinal(TODAY.toordinal() + days))

    assert bool(warn_soon(model, TODAY)) == warned


# What fits -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "wish", "sentence"),
    [
        ("gemini/gemini-nano-banana-2.1", {"source": SOURCE, "mask": SOURCE}, "cannot change only a part"),
        ("openrouter/openai/gpt-image-2", {"source": SOURCE, "mask": SOURCE}, "cannot change only a part"),
        ("openai/gpt-image-2", {"mask": SOURCE}, "needs the image"),
        ("sketch/sketch", {"references": (SOURCE,)}, "takes no reference images"),
        ("openrouter/x-ai/grok-imagine-image-2.0", {"references": (SOURCE,) * 4}, "3 images at most, .* has 4"),
        ("openrouter/x-ai/grok-imagine-image-2.0", {"source": SOURCE, "references": (SOURCE,) * 3}, "3 images at most"),
        ("openai/gpt-image-2", {"prompt": "x" * 32_001}, "32,000 characters"),
        ("openai/gpt-image-2", {"prompt": " \n"}, "Say what"),
        ("sketch/sketch", {"seed": -1}, "whole number"),
        ("sketch/sketch", {"seed": 2**32}, "whole number"),
        ("sketch/sketch", {"ratio": "wide"}, "not a ratio"),
        ("sketch/sketch", {"ratio": "0:1"}, "not a ratio"),
        ("sketch/sketch", {"ratio": "1:0"}, "not a ratio"),
        ("sketch/sketch", {"resolution": "8K"}, "not a resolution"),
        ("openai/gpt-image-2", {"quality": "best"}, "not a quality"),
    ],
)
def test_what_would_waste_the_money_is_refused(name: str, wish: dict[str, object], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        fit(CATALOGUE.find(name), replace(WISH, **wish))


def test_a_model_that_sees_no_images_refuses_a_source() -> None:
    blind = replace(CATALOGUE.find("openai/gpt-image-2"), inputs_max=0, references_max=0)

    with pytest.raises(Refused, match="cannot start from an image"):
        fit(blind, replace(WISH, source=SOURCE))


@pytest.mark.parametrize(
    ("name", "wish", "kept", "sentence"),
    [
        ("gemini/gemini-3-pro-image", {"ratio": "1:4"}, {"ratio": "9:16"}, "does not offer the ratio 1:4"),
        ("gemini/gemini-3.1-flash-lite-image", {"resolution": "4K"}, {"resolution": "1K"}, "draws 1K instead"),
        ("gemini/gemini-3-pro-image", {"resolution": "512"}, {"resolution": "1K"}, "draws 1K instead"),
        ("openrouter/openai/gpt-image-2", {"resolution": "2K"}, {"resolution": ""}, "chooses the resolution by itself"),
        ("openai/gpt-image-2", {"quality": "max"}, {"quality": "high"}, "draws high instead"),
        ("sketch/sketch", {"quality": "high"}, {"quality": None}, "has no quality"),
        ("openai/gpt-image-2", {"seed": 4}, {"seed": None}, "has no seed"),
        ("sketch/sketch", {"negative_prompt": "blur"}, {"negative_prompt": None}, "has no negative prompt"),
        ("sketch/sketch", {"steps": 9}, {"steps": None}, "has no number of steps"),
        ("sketch/sketch", {"scheduler": "Euler"}, {"scheduler": None}, "has no scheduler"),
        ("a1111/default", {"scheduler": "Warp"}, {"scheduler": None}, "does not offer the scheduler Warp"),
        ("a1111/default", {"steps": 500}, {"steps": 150}, "so 500 became 150"),
        ("openrouter/black-forest-labs/flux.2-flex", {"guidance": 1.0}, {"guidance": 1.5}, "so 1 became 1.5"),
        ("openai/gpt-image-2", {"source": SOURCE, "strength": 0.5}, {"strength": None}, "has no strength"),
    ],
)
def test_what_a_model_cannot_do_is_left_out_and_said(name: str, wish, kept, sentence: str) -> None:
    request, left_out = fit(CATALOGUE.find(name), replace(WISH, **wish))

    assert {key: getattr(request, key) for key in kept} == kept
    assert len(left_out) == 1 and sentence in left_out[0]


def test_what_a_model_can_do_is_kept() -> None:
    wish = replace(
        WISH, ratio="3:2", resolution="768", seed=0, negative_prompt="blur", steps=30, guidance=5.5,
        scheduler="DPM++ 2M / Karras", strength=0.4, source=SOURCE, mask=SOURCE,
    )  # fmt: skip

    request, left_out = fit(CATALOGUE.find("a1111/default"), wish)

    assert left_out == ()
    assert request == replace(wish, model="default", width=936, height=624)


def test_somebody_who_chose_no_quality_gets_the_middle_one() -> None:
    """OpenAI's "auto" can land on any budget."""
    for quality in (None, "auto"):
        request, left_out = fit(CATALOGUE.find("openai/gpt-image-2"), replace(WISH, quality=quality))

        assert (request.quality, left_out) == ("medium", ())


@pytest.mark.parametrize(
    ("ratio", "resolution", "pixels"),
    [
        ("1:1", "1K", (1024, 1024)),
        ("16:9", "1K", (1376, 768)),
        ("16:9", "2K", (2752, 1536)),
        ("2:3", "1K", (848, 1264)),
    ],
)
def test_gemini_draws_the_sizes_that_google_publishes(ratio: str, resolution: str, pixels: tuple[int, int]) -> None:
    model = CATALOGUE.find("gemini/gemini-nano-banana-2.1")

    request, _ = fit(model, replace(WISH, ratio=ratio, resolution=resolution))

    assert (request.width, request.height) == pixels


def test_free_sizes_stay_within_openais_rule() -> None:
    model = CATALOGUE.find("openai/gpt-image-2")

    for ratio in model.ratios:
        for resolution in model.resolutions:
            request, _ = fit(model, replace(WISH, ratio=ratio, resolution=resolution))
            w, h = request.width, request.height

            assert w % 16 == h % 16 == 0 and max(w, h) <= 3840 and max(w, h) <= 3 * min(w, h)
            assert 655_360 <= w * h <= 8_294_400
            wanted = int(ratio.split(":")[0]) / int(ratio.split(":")[1])
            assert abs(w / h / wanted - 1) < 0.03
    assert (request.width, request.height) == (1632, 3840)


# What it costs -------------------------------------------------------------------------------------------------------


# OpenAI's own calculator, in US dollars of output for one picture; the columns of the published tables.
@pytest.mark.parametrize(
    ("q", "width", "height", "published"),
    [
        (16, 1024, 1024, "0.006"), (48, 1024, 1024, "0.053"), (96, 1024, 1024, "0.211"),
        (24, 1024, 1024, "0.013"), (64, 1024, 1024, "0.094"), (16, 1536, 1024, "0.005"),
        (24, 1536, 1024, "0.010"), (48, 1536, 1024, "0.041"), (64, 1536, 1024, "0.074"), (96, 1536, 1024, "0.165"),
        (16, 3840, 2160, "0.011"), (24, 3840, 2160, "0.026"), (48, 3840, 2160, "0.100"), (64, 3840, 2160, "0.178"),
        (96, 3840, 2160, "0.400"),
    ],
)  # fmt: skip
def test_gpt_image_tokens_are_those_of_openais_calculator(q: int, width: int, height: int, published: str) -> None:
    usd = Decimal(gpt_image_tokens(q, width, height)) * 30 / 1_000_000

    assert usd.quantize(Decimal("0.001")) == Decimal(published)
    assert gpt_image_tokens(q, width, height) == gpt_image_tokens(q, height, width)


@pytest.mark.parametrize(
    ("name", "wish", "inputs", "usd"),
    [
        ("sketch/sketch", {}, 0, "0"),
        ("a1111/default", {"source": SOURCE}, 1, "0"),
        ("openrouter/bytedance-seed/seedream-4.5", {}, 3, "0.04"),
        ("openrouter/qwen/qwen-image-3", {}, 2, "0.036"),
        ("openrouter/black-forest-labs/flux-3-image", {"resolution": "4K"}, 0, "0.607"),
        ("openrouter/bytedance-seed/seedream-5-0-pro", {"resolution": "1K"}, 0, "0.045"),
        ("openrouter/bytedance-seed/seedream-5-0-pro", {"resolution": "2K"}, 1, "0.093"),
        ("openrouter/x-ai/grok-imagine-image-2.0", {}, 1, "0.09"),
        ("openrouter/black-forest-labs/flux.2-pro", {}, 0, "0.03145728"),
        ("openrouter/black-forest-labs/flux.2-flex", {}, 1, "0.12291456"),
        ("gemini/gemini-nano-banana-2.1", {"prompt": "four"}, 0, "0.0336015"),
        ("gemini/gemini-3-pro-image", {"prompt": "four", "resolution": "4K"}, 1, "0.241122"),
        ("openai/gpt-image-2", {"prompt": "four", "quality": "medium"}, 0, "0.052685"),
        ("openai/gpt-image-2", {"prompt": "four", "quality": "medium"}, 1, "0.060685"),
    ],
)
def test_the_price_is_known_before_paying(name: str, wish, inputs: int, usd: str) -> None:
    model = CATALOGUE.find(name)
    request, _ = fit(model, replace(WISH, **wish))

    money = estimate(model, request, inputs)

    assert (money.usd, money.basis) == (Decimal(usd), "estimated")


def test_what_the_provider_reports_is_what_it_cost() -> None:
    result = Result((b"png",), cost=Decimal("0.0331"), usage={"image_out": 1120})

    assert priced("openrouter/google/gemini-nano-banana-2.1", result) == (Decimal("0.0331"), "reported")


def test_tokens_are_priced_by_their_kind() -> None:
    openai = Result((b"png",), usage={"text_in": 13, "image_in": 48, "image_out": 1756})
    gemini = Result((b"png",), usage={"text_in": 13, "image_in": 258, "image_out": 1120, "text_out": 310})

    assert priced("openai/gpt-image-2", openai) == (Decimal("0.053129"), "computed")
    assert priced("gemini/gemini-nano-banana-2.1", gemini) == (Decimal("0.0363315"), "computed")


def test_without_figures_the_rule_of_thumb_stands() -> None:
    assert priced("openrouter/bytedance-seed/seedream-4.5", Result((b"png",))) == (Decimal("0.04"), "estimated")


def test_what_is_free_is_known_to_be_free() -> None:
    assert priced("sketch/sketch", Result((b"png",))) == (Decimal(0), "computed")


def test_without_a_rule_the_cost_is_unknown() -> None:
    model = replace(CATALOGUE.find("sketch/sketch"), price=None)

    assert cost(model, WISH, Result((b"png",))) == (None, "unknown")
    assert estimate(model, WISH, 0).basis == "unknown"


def priced(name: str, result: Result) -> tuple[Decimal | None, str]:
    model = CATALOGUE.find(name)
    request, _ = fit(model, WISH)
    return cost(model, request, result)


# Models that write ---------------------------------------------------------------------------------------------------

CAPTION = TextRequest(
    model="",
    instructions="x" * 1000,
    prompt="y" * 200,
    fields={"caption": {"type": "string"}},
)


def test_only_writers_that_are_open_can_be_picked_in_the_files_order() -> None:
    assert names(CATALOGUE.texts(["sketch"])) == ["sketch/caption"]
    assert names(CATALOGUE.texts({"openai": None, "sketch": None})) == [
        "sketch/caption", "openai/gpt-6-luna", "openai/gpt-6.1-terra", "openai/gpt-6.1-sol",
    ]  # fmt: skip
    assert CATALOGUE.texts(["a1111"]) == ()


def test_a_model_that_writes_is_there_once_for_each_route_it_has_an_id_for() -> None:
    terra = [name for name in names(TEXTS) if "terra" in name]
    haiku = [name for name in names(TEXTS) if "haiku" in name]

    assert (terra, haiku) == (["openai/gpt-6.1-terra"], ["openrouter/anthropic/claude-haiku-5.5"])
    assert len({model.label for model in TEXTS}) == len(TEXTS)
    assert not {model.label for model in TEXTS} & {model.label for model in EVERY}


def test_a_model_that_writes_and_one_that_draws_are_not_taken_for_each_other() -> None:
    assert CATALOGUE.text("openai/gpt-6-luna").id == "gpt-6-luna"
    with pytest.raises(Refused, match="no model called “sketch/sketch” that writes"):
        CATALOGUE.text("sketch/sketch")
    with pytest.raises(Refused, match="no model called “sketch/caption”"):
        CATALOGUE.find("sketch/caption")


def test_what_writes_has_a_friendly_name_and_says_when_it_is_for_practice() -> None:
    assert CATALOGUE.label("openrouter/openai/gpt-6-luna") == "GPT-6 Luna · OpenRouter"
    assert CATALOGUE.practises("sketch/caption") and not CATALOGUE.practises("openai/gpt-6-luna")
    assert names(tuple(model for model in TEXTS if model.practice)) == ["sketch/caption"]


@pytest.mark.parametrize("model", TEXTS, ids=lambda model: model.name)
def test_the_price_of_a_text_is_known_before_paying_and_only_practice_is_free(model: TextModel) -> None:
    usd = model.estimate(CAPTION)

    assert type(usd) is Decimal and 0 <= usd < Decimal("0.02")
    assert (usd == 0) == model.practice == (model.cost({"text_in": 1}) == 0)


def test_a_text_costs_what_its_tokens_cost() -> None:
    luna = CATALOGUE.text("openai/gpt-6-luna")

    assert luna.cost({"text_in": 310, "text_out": 96}) == Decimal("0.000079")
    assert luna.cost({}) == 0


def test_a_longer_request_in_any_script_costs_more() -> None:
    luna = CATALOGUE.text("openai/gpt-6-luna")

    plain, longer, other = (
        luna.estimate(replace(CAPTION, prompt=text)) for text in ("fox " * 50, "fox " * 99, "狐" * 200)
    )

    assert plain < longer and plain < other


def test_a_price_counts_on_its_own_days() -> None:
    def price(day: date) -> Decimal:
        model = Catalogue.load(today=lambda: day).text("gemini/gemini-3.8-flash")
        return model.cost({"text_in": 1_000_000, "text_out": 1_000_000})

    assert (price(date(2026, 12, 31)), price(date(2027, 1, 1))) == (Decimal("4.50"), Decimal("9.00"))


def test_a_price_that_changes_leaves_no_day_without_one() -> None:
    for block in BLOCKS["text_model"]:
        if "price_next" in block:
            ends = date.fromisoformat(block["price"]["valid_until"])

            assert date.fromisoformat(block["price_next"]["valid_from"]).toordinal() == ends.toordinal() + 1


def test_a_model_that_no_longer_writes_is_refused_with_its_successor_on_the_day_it_ends() -> None:
    ending = replace(CATALOGUE.text("openai/gpt-6-luna"), shutdown=date(2026, 12, 1), successor="gpt-6.1-terra")
    before = Catalogue([], {}, lambda: date(2026, 11, 30), [ending])
    after = Catalogue([], {}, lambda: date(2026, 12, 1), [ending])

    assert before.text(ending.name) == ending
    with pytest.raises(Refused, match=r"ended on 1 December 2026\. Pick gpt-6\.1-terra instead"):
        after.text(ending.name)
    assert (names(before.texts(["openai"])), after.texts(["openai"])) == ([ending.name], ())
    assert after.label(ending.name) == ending.label


def test_people_hear_of_the_end_of_a_model_that_writes() -> None:
    ending = replace(CATALOGUE.text("openai/gpt-6-luna"), shutdown=date(2026, 12, 1))

    assert "ends on 1 December 2026" in (warn_soon(ending, TODAY) or "")
