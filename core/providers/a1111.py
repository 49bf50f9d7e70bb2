"""AUTOMATIC1111 and Forge, on a server of one's own started with --api: txt2img and img2img.

https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import Raw

from core import pictures
from core.providers import Answer, Picture, Request, Result
from core.providers.answers import NOTHING, bare_picture, mapping, no_picture, parsed, picture
from core.providers.complaint import loose
from core.providers.wire import Wire, base64, described
from core.settings import Settings

# Sent when nobody chose: the server's own default of 50 steps takes long and shows little more.
_STEPS = 20
_GUIDANCE = 7.0
_STRENGTH = 0.75


class _Body(msgspec.Struct):
    images: list[Raw] | None = None
    info: Any = None
    error: Raw = NOTHING
    detail: Any = None


class A1111:
    """Costs nothing. It knows every setting we have, and masks as we do: white = change."""

    name = "a1111"

    def __init__(self, settings: Settings) -> None:
        passwords = re.findall(r"//[^/@]*:([^/@]+)@", settings.a1111_url)
        self.wire = Wire("AUTOMATIC1111", settings.a1111_url, {}, settings.provider_deadline, secrets=passwords)

    def sent(self, request: Request) -> dict[str, Any]:
        return _body(request, described, described)

    async def send(self, request: Request) -> Answer:
        path = "/sdapi/v1/img2img" if request.source else "/sdapi/v1/txt2img"
        return await self.wire.post(path, lambda: _body(request, base64, lambda mask: _white(request, mask)))

    def read(self, request: Request, answer: Answer) -> Result:
        """The list can begin with a grid and end with helper maps; `info`, JSON in a string, says which is which."""
        if bare := bare_picture(self.wire, answer):
            return Result((bare,), seed=request.seed)
        body = parsed(self.wire, answer, _Body)
        info = mapping(loose(body.info.encode(errors="replace")) if isinstance(body.info, str) else body.info)
        found = _first(body.images or [], info.get("index_of_first_image"))
        if not found:
            raise no_picture(self.wire, body.error, body.detail if isinstance(body.detail, str) else "")
        seed = info.get("seed")
        return Result((found,), seed=seed if type(seed) is int and 0 <= seed < 2**63 else request.seed)


def _body(request: Request, show: Callable[[Picture], str], mask: Callable[[Picture], str]) -> dict[str, Any]:
    """One body for both routes; "sampler / scheduler" are one setting of ours and two of the server's."""
    sampler, _, scheduler = (request.scheduler or "").partition(" / ")
    body = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt or "",
        "width": request.width,
        "height": request.height,
        "steps": request.steps or _STEPS,
        "cfg_scale": _GUIDANCE if request.guidance is None else request.guidance,
        "seed": -1 if request.seed is None else request.seed,
        "sampler_name": sampler or None,
        "scheduler": scheduler or None,
        "batch_size": 1,
        "n_iter": 1,
        "override_settings": None if request.model == "default" else {"sd_model_checkpoint": request.model},
    }
    if request.source:
        body["init_images"] = [show(request.source)]
        body["denoising_strength"] = _STRENGTH if request.strength is None else request.strength
    if request.mask:
        # Fill 1 starts from what is there; the mask is already as sharp or soft as the person painted it.
        body |= {"mask": mask(request.mask), "inpainting_fill": 1, "inpainting_mask_invert": 0, "mask_blur": 4}
    return {name: value for name, value in body.items() if value is not None}


def _white(request: Request, mask: Picture) -> str:
    """White = repaint, the same as ours, at exactly the source's pixels."""
    size = request.source or mask
    return base64(replace(mask, data=pictures.grey_mask(mask.data, size.width, size.height), mime="image/png"))


def _first(images: list[Raw], index: object) -> bytes | None:
    """The first picture that is not the grid, or any that can be read."""
    start = index if type(index) is int and 0 < index < len(images) else 0
    return next((data for raw in images[start:] + images[:start] if (data := picture(raw))), None)
