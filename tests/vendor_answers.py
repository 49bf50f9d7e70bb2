"""What the vendors on loopback answer: good answers, and the refusals of their own rules."""

import base64
import json
import struct
from typing import Any

KEY = "sk-loopback-0123456789abcdef"
RETRY_AFTER = 7
REQUEST_ID = "req-loopback-1"
CHOSEN_SEED = 42
REFUSAL = "I'm sorry, I can't draw that."
CHAT = "Do you want a cat or a dog?"

_ALPHA = (4, 6)
"""PNG colour types with an alpha channel."""


def good(vendor: str, picture: bytes, seed: int = -1) -> dict[str, Any]:
    """The vendor's answer with this picture, with the usage that it would report."""
    data = base64.b64encode(picture).decode()
    return _GOOD[vendor](data, CHOSEN_SEED if seed == -1 else seed)


def _openrouter(data: str, seed: int) -> dict[str, Any]:
    return {
        "created": 1795219200,
        "data": [{"b64_json": data, "media_type": "image/png"}],
        "usage": {
            "prompt_tokens": 12,
            "completion_tokens": 1120,
            "total_tokens": 1132,
            "completion_tokens_details": {"image_tokens": 1120},
            "cost": 0.0336,
            "is_byok": False,
        },
    }


def _openai(data: str, seed: int) -> dict[str, Any]:
    return {
        "created": 1795219200,
        "background": "opaque",
        "output_format": "png",
        "data": [{"b64_json": data, "revised_prompt": None}],
        "usage": {
            "input_tokens": 61,
            "input_tokens_details": {"text_tokens": 13, "image_tokens": 48},
            "output_tokens": 1756,
            "output_tokens_details": {"image_tokens": 1756, "text_tokens": 0},
            "total_tokens": 1817,
        },
    }


def _gemini(data: str, seed: int) -> dict[str, Any]:
    draft = {"inlineData": {"mimeType": "image/png", "data": "ZHJhZnQ="}}
    parts = [
        {"text": "Thinking of foxes.", "thought": True},
        {**draft, "thought": True},
        draft,
        {"text": "Here it is."},
        {"inlineData": {"mimeType": "image/png", "data": data}, "thoughtSignature": "c2lnbmVk"},
    ]
    return {
        "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
        "usageMetadata": {
            "promptTokenCount": 271,
            "candidatesTokenCount": 1120,
            "thoughtsTokenCount": 310,
            "totalTokenCount": 1701,
            "promptTokensDetails": [
                {"modality": "TEXT", "tokenCount": 13},
                {"modality": "IMAGE", "tokenCount": 258},
            ],
            "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1120}],
        },
        "modelVersion": "gemini-nano-banana-2.1",
        "responseId": "resp-1",
    }


def _a1111(data: str, seed: int) -> dict[str, Any]:
    """The first image is a grid, as when the server was told to make one."""
    info = {"seed": seed, "all_seeds": [seed], "index_of_first_image": 1, "sd_model_name": "some-checkpoint"}
    return {"images": ["Z3JpZA==", data], "parameters": {"init_images": None}, "info": json.dumps(info)}


_GOOD = {"openrouter": _openrouter, "openai": _openai, "gemini": _gemini, "a1111": _a1111}

# What each vendor takes: its fields, and what it says to others -------------------------------------------------------

_FIELDS = {
    "openrouter": "model prompt n resolution aspect_ratio size quality output_format background seed input_references "
    "provider",
    "openai": "model prompt n size quality background output_format moderation images mask user",
    "gemini": "contents generationConfig safetySettings",
    "a1111": "prompt negative_prompt seed steps cfg_scale sampler_name scheduler width height batch_size n_iter "
    "denoising_strength override_settings init_images mask mask_blur inpainting_fill inpainting_mask_invert",
}


def refusal(vendor: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]] | None:
    """What the real vendor would answer to a request it does not like."""
    if vendor != "a1111" and (no := locked_out(vendor, headers)):
        return no
    unknown = set(body) - set(_FIELDS[vendor].split())
    if unknown:
        return 400, complaint(vendor, 400, f"Unknown parameter: {min(unknown)}.", "unknown_parameter")
    if vendor == "openai" and "mask" in body:
        image, mask = (
            base64.b64decode(one["image_url"].partition(",")[2]) for one in (body["images"][0], body["mask"])
        )
        if _png(mask)[:2] != _png(image)[:2] or _png(mask)[2] not in _ALPHA:
            return 400, complaint(vendor, 400, "Invalid mask image: size or format differ.", "invalid_image_file")
    return None


def locked_out(vendor: str, headers: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
    """What the vendor says to a wrong key, repeating it; None when the key is the right one."""
    given = headers.get("authorization", "").removeprefix("Bearer ") or headers.get("x-goog-api-key", "")
    if given == KEY:
        return None
    return 401, complaint(vendor, 401, f"Incorrect API key provided: {given}.", "invalid_api_key")


def _png(data: bytes) -> tuple[int, int, int]:
    """Width, height and colour type (4 and 6 have an alpha channel) from a PNG's header."""
    width, height, _, kind = struct.unpack(">IIBB", data[16:26])
    return width, height, kind


def complaint(vendor: str, status: int, message: str, code: str) -> Any:
    if vendor == "openrouter":
        return {"error": {"code": status, "message": message, "metadata": {"error_type": code}}, "user_id": "user_x"}
    if vendor == "openai":
        return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    if vendor == "gemini":
        return [{"error": {"code": status, "message": message, "status": code.upper()}}]
    return {"error": "HTTPException", "detail": message, "body": "", "errors": ""}
