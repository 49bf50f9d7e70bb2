"""What platforms take: how a caption with its hashtags becomes each one's text, and how each one counts it."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

CHARACTERS, WEIGHTED, UTF16, EMOJI_BYTES = "characters", "weighted", "utf16", "emoji bytes"
"""Ways to count: code points; X's weights; UTF-16 units; code points, but emoji by their UTF-8 bytes."""


@dataclass(frozen=True)
class Platform:
    """Where a post is published, and what it takes there."""

    name: str
    label: str
    longest: int
    """Of the whole text with its hashtags, in the platform's own way of counting."""
    unit: str = CHARACTERS
    hashtags: int | None = None
    """How many it takes; None: as many as fit."""
    alt: int | None = None
    """Characters of alt text that it takes; None where nobody says."""


# To add a platform, add a line. Looked up on 21 November 2026; they change, so what is too long only warns.
# Five hashtags: Instagram since December 2025, TikTok since August 2025; one topic tag: Threads. TikTok's 4,000 are
# those of a photo post (a video has 2,200). Pinterest's API takes 800 by now, its own form 500.
PLATFORMS = (
    Platform("instagram", "Instagram", 2_200, hashtags=5, alt=1_000),
    Platform("x", "X", 280, WEIGHTED, alt=1_000),
    Platform("linkedin", "LinkedIn", 3_000),
    Platform("facebook", "Facebook", 63_206),
    Platform("tiktok", "TikTok", 4_000, UTF16, hashtags=5),
    Platform("threads", "Threads", 500, EMOJI_BYTES, hashtags=1, alt=1_000),
    Platform("pinterest", "Pinterest", 500, alt=500),
)
LONGEST = max(platform.longest for platform in PLATFORMS)

# twitter-text, config/v3.json: these weigh one, everything else two, an emoji of however many parts two, a link 23.
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_LINK_WEIGHT = 23
_ENDINGS = (
    "com|org|net|edu|gov|int|io|co|app|dev|ai|info|biz|shop|store|news|blog|tv|me|eu|uk|us|ca|au|nz|ie|de|at|ch|fr|be|nl"
    "|es|pt|br|mx|ar|it|pl|se|no|dk|fi|jp|kr|cn|in|za"
)
_LINK = re.compile(rf"https?://\S+|(?<![@\w.-])(?:[a-z0-9-]+\.)+(?:{_ENDINGS})(?![\w-])(?:/\S*)?", re.IGNORECASE)
_AFTER_LINK = ".,;:!?'\")]}»\u201d\u2019…"
_BASE = (
    "[\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]"
)
_PART = rf"{_BASE}(?:\ufe0f|[\U0001f3fb-\U0001f3ff])?"
_EMOJI = re.compile(
    rf"[\U0001f1e6-\U0001f1ff]{{2}}|[0-9#*]\ufe0f?\u20e3|[\xa9\xae]\ufe0f"
    rf"|{_PART}(?:[\U000e0020-\U000e007f]+)?(?:\u200d{_PART})*"
)
_HASHTAG = re.compile(r"(?<![\w&])#\w*[^\W\d_]\w*")


def find(name: str) -> Platform | None:
    """The platform of that name."""
    return next((platform for platform in PLATFORMS if platform.name == name), None)


def text(platform: Platform, caption: str, hashtags: Sequence[str]) -> str:
    """What is published there: the caption, a blank line, and as many of the hashtags as it takes."""
    tags = " ".join(f"#{tag}" for tag in hashtags[: platform.hashtags])
    return "\n\n".join(part for part in (caption.strip(), tags) if part)


def count(platform: Platform, written: str) -> int:
    """How long this text is there, as the platform counts."""
    if platform.unit == WEIGHTED:
        return _weight(unicodedata.normalize("NFC", written))
    if platform.unit == UTF16:
        return len(written.encode("utf-16-le", "surrogatepass")) // 2
    if platform.unit == EMOJI_BYTES:
        return len(written) + sum(len(found.encode()) - len(found) for found in _EMOJI.findall(written))
    return len(written)


def warnings(platform: Platform, written: str) -> tuple[str, ...]:
    """What the platform would not take as it is, one sentence each."""
    found, tags = count(platform, written), len(_HASHTAG.findall(written))
    over = found - platform.longest
    too_long = f"{platform.label} takes {platform.longest:,} characters; this has {found:,}. Shorten it by {over:,}."
    most = "one hashtag" if platform.hashtags == 1 else f"{platform.hashtags} hashtags"
    too_many = f"{platform.label} takes {most}; this has {tags}."
    said = ((over > 0, too_long), (platform.hashtags is not None and tags > platform.hashtags, too_many))
    return tuple(sentence for wrong, sentence in said if wrong)


def wire(platforms: Iterable[Platform] = PLATFORMS) -> list[dict[str, Any]]:
    """The table as plain JSON, for a screen that counts while somebody writes."""
    return [asdict(platform) for platform in platforms]


def _weight(written: str) -> int:
    rest, links = _without_links(written)
    emoji = _EMOJI.findall(rest)
    letters = _EMOJI.sub("", rest)
    return links * _LINK_WEIGHT + len(emoji) * 2 + sum(_letter(ord(c)) for c in letters)


def _without_links(written: str) -> tuple[str, int]:
    """The text without its links, and how many there were. Signs that end a sentence are no part of a link."""
    links = 0

    def out(found: re.Match[str]) -> str:
        nonlocal links
        links += 1
        return found[0][len(found[0].rstrip(_AFTER_LINK)) :]

    return _LINK.sub(out, written), links


def _letter(point: int) -> int:
    return 1 if any(first <= point <= last for first, last in _LIGHT) else 2
