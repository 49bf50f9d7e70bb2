"""The look at a prompt before it is sent anywhere: what is flagged, or what nobody could look at, is not sent."""

import asyncio

from core.errors import ProviderBusy, ProviderError, ProviderRefused
from core.providers.moderation import Moderation
from core.studio import Studio
from core.tables import Generation, Turn

WAITS = (0.5, 1.0, 2.5)
"""Seconds before each further try, while the check cannot be reached."""
KEPT_BACK = "Nothing was sent to the provider, and nothing was charged."


async def look(studio: Studio, generation: Generation, turn: Turn) -> ProviderError | None:
    """Why this must not be sent, with its kind; None when it may be. Practice sends nothing, so nobody looks.

    It takes part only while the team's rule says so. May be done any number of times: looking is free.
    """
    if generation.practice or not (await asyncio.to_thread(studio.rules.read)).moderation:
        return None
    moderation = _moderation(studio)
    if moderation is None:
        no_key = "Your team has every prompt looked at first, and the machine that works has no key of OpenAI for it."
        return ProviderRefused(f"{no_key} {KEPT_BACK}", "account")
    for wait in (*WAITS, None):
        try:
            category = await moderation.flagged(turn.prompt)
        except ProviderRefused as refusal:
            return ProviderRefused(f"The prompt could not be looked at first. {refusal} {KEPT_BACK}", refusal.kind)
        except ProviderError:
            if wait is None:
                break
            await asyncio.sleep(wait)
        else:
            flagged = f"OpenAI's moderation flagged this prompt for {category}. {KEPT_BACK} Change the prompt."
            return ProviderRefused(flagged, "moderation") if category else None
    tries = (
        f"OpenAI's moderation gave no answer {len(WAITS) + 1} times, and your team has every prompt looked at first."
    )
    return ProviderBusy(f"{tries} {KEPT_BACK} Try again later.", 0)


def _moderation(studio: Studio) -> Moderation | None:
    if not studio.settings.openai_api_key:
        return None
    known: Moderation = studio.held.setdefault(__name__, Moderation(studio.settings))
    return known
