"""Model providers: one file each, all the same shape.

To add a provider: one file in this folder, one name in `open_providers`, its key in `core/settings.py`,
its models in `data/models.toml`. `tests/test_providers.py` then asks for its wire test.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from core.settings import Settings


@dataclass(frozen=True)
class Picture:
    """An image that goes with a request. Masks follow one convention of ours: white = change, black = keep."""

    data: bytes
    mime: str
    width: int
    height: int


@dataclass(frozen=True)
class Request:
    """What one generation asks of one model: always one picture.

    Fields that a model cannot honour are left out before this is made (`core.catalogue.fit`).
    """

    model: str
    """The provider's own id."""
    prompt: str
    ratio: str = "1:1"
    resolution: str = "1K"
    width: int = 1024
    height: int = 1024
    """Pixels that ratio and resolution come to for this model."""
    quality: str | None = None
    seed: int | None = None
    negative_prompt: str | None = None
    steps: int | None = None
    guidance: float | None = None
    scheduler: str | None = None
    strength: float | None = None
    """How far an edit may go from its source, 0 to 1."""
    source: Picture | None = None
    mask: Picture | None = None
    references: tuple[Picture, ...] = ()


@dataclass(frozen=True)
class TextRequest:
    """What one generation asks of one text model: an object with exactly these fields."""

    model: str
    """The provider's own id."""
    instructions: str
    """What every such text has to keep to: the task, the voice, the language."""
    prompt: str
    fields: Mapping[str, Mapping[str, Any]]
    """JSON schemas by field; all are required, and nothing else may come."""


@dataclass(frozen=True)
class Answer:
    """A provider's complete raw answer, exactly as it came; this is what the spool keeps before anyone parses it."""

    status: int
    headers: Mapping[str, str]
    """Lower-case names; only content-type, retry-after and request ids are kept."""
    body: bytes


@dataclass(frozen=True)
class Result:
    """What an answer turned out to hold."""

    pictures: tuple[bytes, ...]
    """Raw encoded bytes; their type is sniffed later, labels are ignored."""
    cost: Decimal | None = None
    """US dollars as the provider reported them, None when it did not."""
    usage: Mapping[str, int] = field(default_factory=dict)
    """Token counts: text_in, image_in, text_out, image_out. Empty when not reported."""
    seed: int | None = None
    request_id: str | None = None
    text: str | None = None
    """What the model said beside the picture, if anything."""


@dataclass(frozen=True)
class TextResult:
    """What a text model's answer turned out to hold."""

    told: Mapping[str, Any]
    """By field, each of the type that its schema wants."""
    cost: Decimal | None = None
    usage: Mapping[str, int] = field(default_factory=dict)
    """Token counts: text_in, text_out. Empty when not reported."""
    request_id: str | None = None


@dataclass(frozen=True)
class Call:
    """One paid call, ready to be made."""

    sent: dict[str, Any]
    """The parameters that really go out, for the record."""
    reserved: Decimal | None
    """US dollars that it should cost."""
    send: Callable[[], Awaitable[Answer]]


class Writer(Protocol):
    """A service that writes text; the same three steps as a Provider, with the same errors."""

    name: str

    def sent(self, request: TextRequest) -> dict[str, Any]:
        """The parameters that really go out, for the record: no keys."""

    async def send(self, request: TextRequest) -> Answer:
        """One call, one complete answer. Raises ProviderBusy, ProviderRefused or OutcomeUnknown. Never retries."""

    def read(self, request: TextRequest, answer: Answer) -> TextResult:
        """Take the fields out of an answer. Raises ProviderRefused (it would not write this) or AnswerUnusable."""


class Provider(Protocol):
    """A service we call. `send` is the only paid line in the studio; `sent` and `read` are pure."""

    name: str

    def sent(self, request: Request) -> dict[str, Any]:
        """The parameters that really go out, for the record: no picture bytes, no keys."""

    async def send(self, request: Request) -> Answer:
        """One call, one complete answer with a success status.

        Raises ProviderBusy (nothing accepted), ProviderRefused (a clear no with an error status) or
        OutcomeUnknown (left us, no complete answer). Never retries.
        """

    def read(self, request: Request, answer: Answer) -> Result:
        """Take the pictures out of an answer, at any time later.

        Raises ProviderRefused (blocked, answered with text) or AnswerUnusable.
        """


def open_providers(settings: Settings) -> dict[str, Provider]:
    """The providers that these settings open, by name: the built-in one always, the others with their key or address.

    Nothing is called or checked here.
    """
    # Here, not above: every one of them imports the words of this file.
    from core.providers.a1111 import A1111
    from core.providers.gemini import Gemini
    from core.providers.openai import OpenAI
    from core.providers.openrouter import OpenRouter
    from core.providers.sketch import Sketch

    # To add a provider, add a line: what opens it, and its class.
    kinds = (
        (True, Sketch),
        (settings.openrouter_api_key, OpenRouter),
        (settings.openai_api_key, OpenAI),
        (settings.gemini_api_key, Gemini),
        (settings.a1111_url, A1111),
    )
    opened: list[Provider] = [kind(settings) for wanted, kind in kinds if wanted]
    return {provider.name: provider for provider in opened}


def open_writers(settings: Settings) -> dict[str, Writer]:
    """The writers that these settings open, by name: the built-in one always, the others with their key.

    Nothing is called or checked here.
    """
    from core.providers import chat
    from core.providers.gemini_words import GeminiWords
    from core.providers.sketch_words import SketchWords

    # To add a writer, add a line: what opens it, and what makes it.
    kinds: tuple[tuple[object, Callable[[Settings], Writer]], ...] = (
        (True, SketchWords),
        (settings.openrouter_api_key, chat.openrouter),
        (settings.openai_api_key, chat.openai),
        (settings.gemini_api_key, GeminiWords),
    )
    opened = [make(settings) for wanted, make in kinds if wanted]
    return {writer.name: writer for writer in opened}
