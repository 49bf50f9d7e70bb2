"""What can go wrong, as sentences for people; the class says what to do next.

StudioError
├── NotFound           it is not there, or not yours: the two look the same, so a guess learns nothing
├── Refused            we did not do it; the person changes something and asks again
└── ProviderError      a provider did not give us a picture; `kind` says why
    ├── ProviderBusy       nothing was accepted or charged: ask again after `wait` seconds
    ├── ProviderRefused    it said no (moderation, account, request): do not repeat the same call
    ├── AnswerUnusable     it answered, perhaps for money, with something that holds no picture: receipt kept
    └── OutcomeUnknown     sent, and no complete answer came: it may have been charged; a person decides
"""


class StudioError(Exception):
    """Its text is one or two sentences for the person: what happened, what was kept, what to do next."""


class NotFound(StudioError):
    """There is no such thing among what this person may reach."""


class Refused(StudioError):
    """We did not do it and nothing was spent; the text says what to change."""


class ProviderError(StudioError):
    """A provider gave no picture. `kind` groups failures for people and for counting."""

    kind = "failed"


class ProviderBusy(ProviderError):
    """Not accepted and not charged (429, connection refused, 503): the same call may go again after `wait` seconds."""

    kind = "busy"

    def __init__(self, message: str, wait: float) -> None:
        super().__init__(message)
        self.wait = wait


class ProviderRefused(ProviderError):
    """A clear no. `kind` is "moderation" (change the prompt), "account" (key, credits, access) or "request"."""

    def __init__(self, message: str, kind: str = "request") -> None:
        super().__init__(message)
        self.kind = kind


class AnswerUnusable(ProviderError):
    """A complete answer without a picture we can keep. It may have cost something; the raw answer is kept."""

    kind = "unusable"


class OutcomeUnknown(ProviderError):
    """The call left us and no complete answer came back, so it may have been charged. Never sent again by itself."""

    kind = "unknown"
