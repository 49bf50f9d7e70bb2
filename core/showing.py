"""What a link's page shows of a conversation: all that its owner lets be seen, and nothing in which the rest hides."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from core.catalogue import Catalogue
from core.tables import SOURCE, Conversation, Post, Share, Verdict
from core.views import GenerationView, ImageView, TurnView

QUOTED = 12
"""Characters from which a prompt counts as quoted; shorter ones are words that any caption may have."""
BEGINNING = 60
"""Characters by which a quotation is known; longer prompts are quoted with their beginning."""


@dataclass(frozen=True)
class SharedImage:
    """A picture on the page. What the owner hides is None or empty."""

    id: str
    number: int
    """Its place on the page, from 1."""
    width: int
    height: int
    placeholder: str
    alt: str
    caption: str
    """Only words of its own; those of the whole turn are the turn's."""
    made_from: int | None
    """The number of the picture that it is a change of, if that one is on the page."""
    model: str | None
    practice: bool
    """Drawn by the built-in practice provider; told where models or costs are."""
    cost: Decimal | None
    verdict: str | None
    note: str

    @property
    def tall(self) -> bool:
        """Higher than it is wide, clearly."""
        return self.height > self.width * 1.25

    @property
    def square(self) -> bool:
        """About as high as wide."""
        return not self.tall and self.width < self.height * 1.25


@dataclass(frozen=True)
class SharedTurn:
    """One thing that was asked, with what came of it."""

    position: int
    prompt: str | None
    caption: str
    hashtags: tuple[str, ...]
    images: tuple[SharedImage, ...]
    unfinished: int
    """Images that are still being made."""


@dataclass(frozen=True)
class Shared:
    """What the page of a link shows."""

    title: str
    """Empty when it would tell a hidden prompt."""
    ends_at: datetime | None
    shows_costs: bool
    takes_verdicts: bool
    has_password: bool
    turns: tuple[SharedTurn, ...]

    @property
    def images(self) -> tuple[SharedImage, ...]:
        """All of them, in the order of the page."""
        return tuple(image for turn in self.turns for image in turn.images)


@dataclass(frozen=True)
class Showing:
    """A link with all that it leads to, before anything is left out."""

    catalogue: Catalogue
    share: Share
    conversation: Conversation
    turns: Sequence[TurnView]
    posts: Mapping[str, Post]
    said: Mapping[str, Verdict]
    """By the image."""

    def page(self) -> Shared:
        """What is left. A title comes from the first prompt until somebody gives another one."""
        named = self.share.shows_prompts or self.conversation.version > 1
        return Shared(
            title=self.conversation.title if named else "",
            ends_at=self.share.ends_at,
            shows_costs=self.share.shows_costs,
            takes_verdicts=self.share.takes_verdicts,
            has_password=self.share.password_hash is not None,
            turns=tuple(self._turns()),
        )

    def _turns(self) -> Iterator[SharedTurn]:
        numbers: dict[str, int] = {}
        for turn in self.turns:
            caption, hashtags = self._words(turn)
            source = next((numbers.get(used.id) for used in turn.references if used.role == SOURCE), None)
            made = [(g, image) for g in turn.generations for image in g.images]
            for _generation, image in made:
                numbers[image.id] = len(numbers) + 1
            yield SharedTurn(
                position=turn.position,
                prompt=turn.prompt if self.share.shows_prompts else None,
                caption=caption,
                hashtags=hashtags,
                images=tuple(self._image(g, image, numbers[image.id], source) for g, image in made),
                unfinished=sum(g.unfinished for g in turn.generations),
            )

    def _image(self, generation: GenerationView, image: ImageView, number: int, source: int | None) -> SharedImage:
        share, said = self.share, self.said.get(image.id)
        return SharedImage(
            id=image.id,
            number=number,
            width=image.width,
            height=image.height,
            placeholder=image.placeholder,
            alt=self._told(image.alt),
            caption=self._own_words(image),
            made_from=source,
            model=self.catalogue.label(generation.name) if share.shows_models else None,
            practice=generation.practice and (share.shows_models or share.shows_costs),
            cost=generation.cost if share.shows_costs else None,
            verdict=said.verdict if said else None,
            note=said.note if said else "",
        )

    def _words(self, turn: TurnView) -> tuple[str, tuple[str, ...]]:
        """The caption of a first turn's post, with its hashtags; they go together, also when they are hidden."""
        posts = (self.posts.get(image.post_id or "") for g in turn.generations for image in g.images)
        written = turn.caption.post.id if turn.caption and turn.caption.post else ""
        post = self.posts.get(written) or next((post for post in posts if post and post.turn_id == turn.id), None)
        if post is None or turn.id in self._changes:
            return "", ()
        caption = self._told(post.caption)
        return caption, tuple(post.hashtags) if caption or not post.caption else ()

    def _own_words(self, image: ImageView) -> str:
        """A change has a post of its own; its caption is told once a person wrote it."""
        post = self.posts.get(image.post_id or "")
        if post is None or post.edited_at is None or post.turn_id not in self._changes:
            return ""
        return self._told(post.caption)

    @cached_property
    def _changes(self) -> frozenset[str]:
        """Turns that start from an image of a post; from any other image, an upload say, begins a post of its own."""
        starts = ((turn.id, used) for turn in self.turns for used in turn.references)
        return frozenset(turn_id for turn_id, used in starts if used.role == SOURCE and used.post_id)

    def _told(self, text: str) -> str:
        """This text; nothing when it quotes a prompt that is hidden, as practice captions and alt texts do."""
        if not text or self.share.shows_prompts:
            return text
        plain = _bare(text)
        places = range(len(plain) - QUOTED + 1)
        quoted = any(plain.startswith(p, at) for at in places for p in self._hidden.get(plain[at : at + QUOTED], ()))
        return "" if quoted else text

    @cached_property
    def _hidden(self) -> Mapping[str, set[str]]:
        """How prompts are known, by their first letters: so one walk along a text finds any of however many."""
        known = defaultdict[str, set[str]](set)
        for turn in self.turns:
            prompt = _bare(turn.prompt)
            if len(prompt) >= QUOTED:
                known[prompt[:QUOTED]].add(prompt[:BEGINNING])
        return dict(known)


def _bare(text: str) -> str:
    """Letters and digits alone, so that a quotation is found whatever signs and capitals are around it."""
    return "".join(c for c in text.casefold() if c.isalnum())
