"""Every provider speaks its vendor's wire format: what it is sent, and what is read from a good answer."""

import asyncio
import base64
import json
from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from core.providers import Answer, Picture, Provider, Request, Result, open_providers
from core.settings import Settings
from tests.vendor_answers import CHOSEN_SEED, KEY, REQUEST_ID
from tests.vendors import VENDORS, Vendors

MODELS = {
    "openrouter": "google/gemini-nano-banana-2.1",
    "openai": "gpt-image-2",
    "gemini": "gemini-nano-banana-2.1",
    "a1111": "default",
}


def png(width: int = 8, height: int = 8, mode: str = "RGB", colour: object = "red") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (8, 8), "blue").save(out, "JPEG")
    return out.getvalue()


FOX = png()


@pytest.fixture
def vendors() -> Iterator[Vendors]:
    with Vendors(FOX) as running:
        yield running


@pytest.fixture
def providers(vendors: Vendors) -> dict[str, Provider]:
    return open_providers(Settings(**vendors.settings(), provider_deadline=20))


def ask(provider: Provider, **wishes: object) -> Request:
    return Request(
        MODELS[provider.name], "a red fox", quality="medium" if provider.name == "openai" else None, **wishes
    )


def draw(provider: Provider, request: Request | None = None) -> Result:
    """Send and read, as the worker does."""
    request = request or ask(provider)
    return provider.read(request, asyncio.run(provider.send(request)))


def painted() -> Picture:
    """Left half white: change; right half black: keep."""
    mask = Image.new("L", (40, 20), 0)
    mask.paste(255, (0, 0, 20, 20))
    out = BytesIO()
    mask.save(out, "PNG")
    return Picture(out.getvalue(), "image/png", 40, 20)


# Who is open ---------------------------------------------------------------------------------------------------------


def test_only_the_built_in_provider_is_open_without_keys() -> None:
    assert list(open_providers(Settings())) == ["sketch"]


def test_a_key_or_an_address_opens_its_provider() -> None:
    opened = open_providers(Settings(openai_api_key="sk-1", a1111_url="http://127.0.0.1:7860"))

    assert set(opened) == {"sketch", "openai", "a1111"}
    assert all(provider.name == name for name, provider in opened.items())


# Good answers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", VENDORS)
def test_a_good_answer_holds_the_picture_byte_for_byte(vendors: Vendors, providers, name: str) -> None:
    result = draw(providers[name])

    assert result.pictures == (FOX,)
    assert len(vendors.calls) == 1


@pytest.mark.parametrize("name", VENDORS)
def test_an_answer_can_be_read_again_later_from_its_kept_bytes(providers, name: str) -> None:
    request = ask(providers[name])
    answer = asyncio.run(providers[name].send(request))
    kept = Answer(answer.status, dict(answer.headers), bytes(answer.body))

    assert providers[name].read(request, kept) == providers[name].read(request, answer)


@pytest.mark.parametrize("name", VENDORS)
def test_only_harmless_headers_are_kept(providers, name: str) -> None:
    answer = asyncio.run(providers[name].send(ask(providers[name])))

    assert dict(answer.headers) == {"content-type": "application/json", "x-request-id": REQUEST_ID}


def test_openrouter_reports_the_cost(providers) -> None:
    result = draw(providers["openrouter"])

    assert (result.cost, result.usage) == (Decimal("0.0336"), {"text_in": 12, "image_out": 1120})
    assert result.request_id == REQUEST_ID


@pytest.mark.parametrize("trouble", ["no usage", "null cost"])
def test_a_missing_cost_is_no_reason_to_lose_the_picture(vendors: Vendors, providers, trouble: str) -> None:
    vendors.next(trouble)

    result = draw(providers["openrouter"])

    assert (result.pictures, result.cost) == ((FOX,), None)


def test_openai_reports_tokens_by_their_kind(providers) -> None:
    result = draw(providers["openai"])

    assert result.usage == {"text_in": 13, "image_in": 48, "image_out": 1756}
    assert result.cost is None


def test_gemini_counts_thoughts_as_text_and_takes_the_last_picture_that_is_no_thought(providers) -> None:
    result = draw(providers["gemini"])

    assert result.usage == {"text_in": 13, "image_in": 258, "image_out": 1120, "text_out": 310}
    assert (result.pictures, result.text, result.request_id) == ((FOX,), "Here it is.", "resp-1")


def test_a1111_skips_the_grid_and_tells_the_real_seed(providers) -> None:
    result = draw(providers["a1111"], ask(providers["a1111"], seed=7))

    assert (result.pictures, result.seed) == ((FOX,), 7)


def test_a1111_tells_the_seed_it_chose_when_nobody_chose_one(vendors: Vendors, providers) -> None:
    result = draw(providers["a1111"])

    assert (vendors.calls[0].body["seed"], result.seed) == (-1, CHOSEN_SEED)


@pytest.mark.parametrize("name", VENDORS)
def test_a_jpeg_labelled_as_png_comes_as_it_is(vendors: Vendors, providers, name: str) -> None:
    vendors.picture = jpeg()

    assert draw(providers[name]).pictures == (jpeg(),)


@pytest.mark.parametrize("name", VENDORS)
def test_a_bare_picture_instead_of_json_is_taken(vendors: Vendors, providers, name: str) -> None:
    vendors.next("bare")

    assert draw(providers[name]).pictures == (FOX,)


def test_one_client_serves_all_calls_of_an_event_loop(vendors: Vendors, providers) -> None:
    provider = providers["openai"]

    async def three() -> None:
        for _ in range(3):
            await provider.send(ask(provider))

    asyncio.run(three())

    assert len(vendors.calls) == 3
    assert len(provider.wire._clients) <= 1


# What is sent --------------------------------------------------------------------------------------------------------


def test_openrouter_gets_ratio_tier_references_and_the_makers_own_settings(vendors: Vendors, providers) -> None:
    source, other = Picture(png(40, 20), "image/png", 40, 20), Picture(jpeg(), "image/jpeg", 8, 8)
    request = Request(
        "black-forest-labs/flux.2-flex", "a fox", "16:9", "2K", seed=5, steps=30, guidance=3.5,
        source=source, references=(other,),
    )  # fmt: skip

    draw(providers["openrouter"], request)

    call = vendors.calls[0]
    urls = [one["image_url"]["url"] for one in call.body.pop("input_references")]
    assert call.path == "/openrouter/api/v1/images"
    assert call.headers["x-openrouter-title"] == "Image Studio"
    assert [base64.b64decode(url.partition("base64,")[2]) for url in urls] == [source.data, other.data]
    assert call.body == {
        "model": "black-forest-labs/flux.2-flex", "prompt": "a fox", "n": 1, "aspect_ratio": "16:9", "resolution": "2K",
        "seed": 5, "provider": {"options": {"black-forest-labs": {"steps": 30, "guidance": 3.5}}},
    }  # fmt: skip


def test_openrouter_is_not_told_a_size_that_the_model_chooses_itself(vendors: Vendors, providers) -> None:
    draw(providers["openrouter"], Request("openai/gpt-image-2", "a fox", ratio="", resolution="", quality="low"))

    assert vendors.calls[0].body == {"model": "openai/gpt-image-2", "prompt": "a fox", "n": 1, "quality": "low"}


def test_openai_always_gets_model_size_and_quality(vendors: Vendors, providers) -> None:
    draw(providers["openai"], Request("gpt-image-2", "a fox", width=1360, height=768))

    assert vendors.calls[0].path == "/openai/v1/images/generations"
    assert vendors.calls[0].body == {
        "model": "gpt-image-2", "prompt": "a fox", "n": 1, "size": "1360x768", "quality": "medium",
        "output_format": "png",
    }  # fmt: skip


def test_openai_changes_what_the_mask_makes_transparent(vendors: Vendors, providers) -> None:
    """The source is twice as large as the mask that was painted: what goes out has the source's pixels."""
    source = Picture(png(80, 40), "image/png", 80, 40)

    draw(providers["openai"], ask(providers["openai"], source=source, mask=painted()))

    call = vendors.calls[0]
    mask = Image.open(BytesIO(base64.b64decode(call.body["mask"]["image_url"].partition("base64,")[2])))
    alpha = mask.getchannel("A")
    assert call.path == "/openai/v1/images/edits"
    assert mask.size == (80, 40)
    assert (alpha.getpixel((5, 20)), alpha.getpixel((75, 20))) == (0, 255)


def test_openai_gets_the_source_before_the_references(vendors: Vendors, providers) -> None:
    source, other = Picture(png(40, 20), "image/png", 40, 20), Picture(jpeg(), "image/jpeg", 8, 8)

    draw(providers["openai"], ask(providers["openai"], source=source, references=(other,)))

    first, second = (one["image_url"] for one in vendors.calls[0].body["images"])
    assert first.startswith("data:image/png;") and second.startswith("data:image/jpeg;")


def test_gemini_gets_words_pictures_ratio_and_size(vendors: Vendors, providers) -> None:
    source = Picture(FOX, "image/png", 8, 8)

    draw(providers["gemini"], ask(providers["gemini"], ratio="16:9", resolution="2K", source=source))

    call = vendors.calls[0]
    assert call.path == "/gemini/v1beta/models/gemini-nano-banana-2.1:generateContent"
    assert call.body["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
    }
    assert call.body["contents"][0]["parts"] == [
        {"text": "a red fox"},
        {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(FOX).decode()}},
    ]


def test_a1111_gets_every_setting_by_its_own_name(vendors: Vendors, providers) -> None:
    request = Request(
        "dreamshaper.safetensors", "a fox", width=768, height=512, seed=9, negative_prompt="blur", steps=25,
        guidance=6.5, scheduler="DPM++ 2M / Karras",
    )  # fmt: skip

    draw(providers["a1111"], request)

    assert vendors.calls[0].path == "/a1111/sdapi/v1/txt2img"
    assert vendors.calls[0].body == {
        "prompt": "a fox", "negative_prompt": "blur", "width": 768, "height": 512, "steps": 25, "cfg_scale": 6.5,
        "seed": 9, "sampler_name": "DPM++ 2M", "scheduler": "Karras", "batch_size": 1, "n_iter": 1,
        "override_settings": {"sd_model_checkpoint": "dreamshaper.safetensors"},
    }  # fmt: skip


def test_a1111_repaints_what_the_mask_makes_white(vendors: Vendors, providers) -> None:
    source = Picture(png(80, 40), "image/png", 80, 40)

    draw(providers["a1111"], ask(providers["a1111"], source=source, mask=painted(), strength=0.4))

    call = vendors.calls[0]
    mask = Image.open(BytesIO(base64.b64decode(call.body["mask"]))).convert("L")
    assert call.path == "/a1111/sdapi/v1/img2img"
    assert (mask.size, mask.getpixel((5, 20)), mask.getpixel((75, 20))) == ((80, 40), 255, 0)
    assert base64.b64decode(call.body["init_images"][0]) == source.data
    assert (call.body["denoising_strength"], call.body["inpainting_mask_invert"]) == (0.4, 0)
    assert "override_settings" not in call.body


@pytest.mark.parametrize("name", VENDORS)
def test_the_record_of_what_was_sent_holds_no_picture_and_no_key(providers, name: str) -> None:
    source = Picture(png(80, 40), "image/png", 80, 40)
    mask = painted() if name in ("openai", "a1111") else None

    record = json.dumps(providers[name].sent(ask(providers[name], source=source, mask=mask)))

    assert "a red fox" in record and f"image/png, 80x40, {len(source.data)} bytes" in record
    assert KEY not in record and base64.b64encode(source.data).decode() not in record
