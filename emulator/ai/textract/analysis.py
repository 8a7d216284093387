"""What a request wants of a document, and the blocks that answer it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.textract.blocks import PageBlocks, Query
from emulator.ai.textract.documents import Document, leaves
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

_CLOSED = {
    "HumanLoopConfig": "human loops (Augmented AI, closed to new accounts)",
    "AdaptersConfig": "adapters",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The features and questions of an analysis; None for text alone."""

    features: frozenset[str] | None
    questions: tuple[Query, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """The blocks of a whole document, how many pages it has, and which engines read them."""

    blocks: list[Json]
    pages: int
    engine: str


TEXT = Wanted(features=None)


def wanted(request: Mapping[str, Any], *, most_questions: int) -> Wanted:
    """What an analysis is asked for, or Textract's error, all faults at once."""
    for member, what in _CLOSED.items():
        if request.get(member) is not None:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    features = frozenset(request["FeatureTypes"])
    asked = (request.get("QueriesConfig") or {}).get("Queries", [])
    faults = []
    if not features:
        faults.append("FeatureTypes names no feature")
    if ("QUERIES" in features) != bool(asked):
        faults.append("the feature QUERIES and QueriesConfig.Queries go together")
    if len(asked) > most_questions:
        faults.append(f"a page has at most {most_questions} queries, got {len(asked)}")
    if faults:
        raise RefusedRequestError(
            "InvalidParameterException", f"Request has invalid parameters: {'; '.join(faults)}"
        )
    return Wanted(features=features, questions=tuple(_query(query) for query in asked))


def _query(given: Mapping[str, Any]) -> Query:
    return Query(
        text=given["Text"], alias=given.get("Alias"), pages=tuple(given.get("Pages") or ())
    )


def read(document: Document, want: Wanted, *, most_pages: int) -> Result:
    """The answer about all its pages; RefusedRequestError with Textract's code."""
    found = list(leaves(document, most_pages=most_pages))
    blocks: list[Json] = []
    for number, leaf in enumerate(found, start=1):
        seed = f"{document.digest} {number}"
        page = PageBlocks(page=leaf.page, number=number, seed=seed, aspect=leaf.aspect)
        if want.features is None:
            blocks += page.text()
        else:
            blocks += page.analysis(want.features, want.questions, len(found))
    engines = "+".join(sorted({leaf.page.engine for leaf in found}))
    return Result(blocks=blocks, pages=len(found), engine=engines)
