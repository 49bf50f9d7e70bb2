"""How hard a provider may be worked: calls at once, and calls per minute, over all machines together."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limit:
    """Calls at once, and calls that may start within a minute (None: as many as they like)."""

    at_once: int
    per_minute: int | None = None


# To change what a provider is asked to bear, change its line. A self-hosted server draws one picture at a time anyway.
LIMITS = {
    "sketch": Limit(at_once=4),
    "openrouter": Limit(at_once=8, per_minute=120),
    "openai": Limit(at_once=6, per_minute=50),
    "gemini": Limit(at_once=6, per_minute=60),
    "a1111": Limit(at_once=1),
}
ANY_OTHER = Limit(at_once=2)


def of(provider: str) -> Limit:
    """The limit of this provider."""
    return LIMITS.get(provider, ANY_OTHER)
