"""The routes: a search whose passages are cited, and documents that are forgotten."""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.kendra.documents import document_key, metadata_key
from tidegate.ai.kendra.engines import engine_of
from tidegate.ai.kendra.settings import EVERYONE, GROUP, KendraSettings, groups
from tidegate.ai.limits import Between, Bytes, Length, Matches
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found
from tidegate.errors import NotFoundError

_NAME = Matches(pattern=r"[^\x00-\x1f\x7f]+", words="a name without control characters")
_NAME_BYTES = 900
"""S3's keys have 1,024 bytes; the name stands in two of them, with more around it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A search. The caller vouches for the groups of whoever asks."""

    question: Annotated[str, "What is asked.", Length(least=1, most=1_000)]
    groups: Annotated[
        tuple[Annotated[str, GROUP], ...],
        "Groups of whoever asks; everyone is one of them always, unknown ones find nothing.",
        Length(most=100),
    ] = ()
    results: Annotated[
        int | None, "How many passages; left out: as the settings say.", Between(least=1, most=25)
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of a document that answers; `link` opens the document for 15 minutes."""

    text: str
    document: str
    link: str
    score: Annotated[float | None, "From 0 to 1, of the engine knowledge-base."] = None
    confidence: Annotated[str | None, "VERY_HIGH to LOW, of the engine kendra."] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Passages, the best first."""

    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget:
    """A document that nobody may find any more."""

    document: Annotated[str, "Its name, as passages cite it.", _NAME, Bytes(most=_NAME_BYTES)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The document is deleted; it is found no more once the run that has begun is over."""

    document: str


def search(request: Question, ports: ServicePorts) -> Found:
    """The passages of documents that the asker may read."""
    settings: KendraSettings = ports.settings
    known = groups(settings)
    mine = sorted({EVERYONE, *(group for group in request.groups if group in known)})
    most = settings.results if request.results is None else request.results
    hits = engine_of(settings).find(request.question, mine, most, ports)
    if not hits:
        ports.metrics.put("Unanswered", 1)
    passages = tuple(
        Passage(
            text=hit.text,
            document=hit.name,
            link=ports.files.link(document_key(hit.name), upload=False),
            score=hit.score,
            confidence=hit.confidence,
        )
        for hit in hits[:most]
    )
    return Found(passages=passages)


def forget(request: Forget, ports: ServicePorts) -> Forgotten:
    """The document is gone, and a run goes on that takes it out of the index."""
    try:
        ports.files.read(metadata_key(request.document))
    except NotFoundError as error:
        raise not_found("no document of that name: searches cite names") from error
    # The document first: without the other file, it would be everybody's.
    ports.files.delete(document_key(request.document))
    ports.files.delete(metadata_key(request.document))
    engine_of(ports.settings).start(ports)
    return Forgotten(document=request.document)
