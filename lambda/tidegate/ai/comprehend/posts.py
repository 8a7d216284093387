"""Posts as they come, and what is said of them."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.comprehend.settings import TEXT_BYTES
from tidegate.ai.limits import Bytes, Length, Matches

_LANGUAGE = Matches(
    pattern=r"[a-z]{2,3}|[a-z]{2}-[A-Z]{2}", words="a language code, such as en or zh-TW"
)
MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What somebody wrote."""

    text: Annotated[str, "What was written.", Length(least=1), Bytes(most=TEXT_BYTES)]
    id: Annotated[str | None, "The caller's own name of the post.", Length(most=200)] = None
    language: Annotated[str | None, "Its language; left out: it is detected.", _LANGUAGE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posts:
    """Posts to judge."""

    posts: Annotated[tuple[Post, ...], "The posts.", Length(least=1, most=MOST)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """How sure Comprehend is of each sentiment, 0 to 1."""

    positive: float
    negative: float
    neutral: float
    mixed: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The sentiment of a post: positive, negative, neutral or mixed.

    `translated` says that its translation to English was judged.
    """

    sentiment: str
    scores: Scores
    language: str
    translated: bool
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What is said of posts, in their order."""

    posts: tuple[Judged, ...]
    negative_percent: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text."""

    text: Annotated[str, "The text.", Length(least=1), Bytes(most=TEXT_BYTES)]
    language: Annotated[str | None, "Its language; left out: it is detected.", _LANGUAGE] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """Something that a text names."""

    type: str
    text: str
    score: float
    begin: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entities:
    """What a text names; places count characters of `text`, English if it was translated."""

    text: str
    language: str
    translated: bool
    entities: tuple[Entity, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Redacted:
    """A text without its personal data, of which the kinds are named."""

    text: str
    language: str
    translated: bool
    found: tuple[str, ...]
