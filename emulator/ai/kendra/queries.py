"""Query and Retrieve: the passages that answer a question, for those who may read them."""

import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.ai.kendra.access import may_find, reader_of
from emulator.ai.kendra.attributes import (
    MEMBERS,
    STRINGS,
    members_of,
    require_filter,
    satisfies,
)
from emulator.ai.kendra.indexes import Document, Index
from emulator.ai.searching.ranking import Ranked
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

PAGE_SIZE, MOST_PAGE_SIZE = 10, 100
EXCERPT_CHARACTERS = 300

_NOT_EMULATED = (
    "DocumentRelevanceOverrideConfigurations",
    "SortingConfigurations",
    "SpellCorrectionConfiguration",
    "CollapseConfiguration",
)
_CONFIDENCES = ((1.0, "VERY_HIGH"), (2 / 3, "HIGH"), (1 / 3, "MEDIUM"), (0.0, "LOW"))


def query(index: Index, request: Mapping[str, Any]) -> Json:
    """A result for each document that was found, its best passage as excerpt."""
    _refuse_unemulated(request)
    found = _best_of_documents(_found(index, request))
    wanted = request.get("QueryResultTypeFilter", "DOCUMENT")
    found = _sorted(found, index, request) if wanted == "DOCUMENT" else []
    items = [_query_item(index, ranked, request) for ranked in _page(found, request)]
    documents = [index.contents.documents[ranked.document] for ranked in found]
    return {
        "QueryId": str(uuid.uuid4()),
        "ResultItems": items,
        "FacetResults": _facets(documents, index, request.get("Facets", ())),
        "TotalNumberOfResults": len(found),
    }


def retrieve(index: Index, request: Mapping[str, Any]) -> Json:
    """The passages that were found, each with its document."""
    _refuse_unemulated(request)
    found = _page(_found(index, request), request)
    return {
        "QueryId": str(uuid.uuid4()),
        "ResultItems": [_passage_item(index, ranked, request) for ranked in found],
    }


def confidence(coverage: float) -> str:
    """How well a passage fits, by the share of the question's words that it has."""
    return next(name for least, name in _CONFIDENCES if coverage >= least)


def _refuse_unemulated(request: Mapping[str, Any]) -> None:
    asked = [name for name in _NOT_EMULATED if request.get(name) is not None]
    if asked:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(asked)))


def _found(index: Index, request: Mapping[str, Any]) -> list[Ranked]:
    visible = _visibility(index, request)
    text = request.get("QueryText")
    with index.contents.lock:
        if text is not None:
            return index.contents.passages.ranked(text, visible)
        listed = sorted(filter(visible, index.contents.documents))
    return [
        Ranked(document=name, number=0, text="", score=0.0, coverage=0.0, highlights=())
        for name in listed
    ]


def _visibility(index: Index, request: Mapping[str, Any]) -> Callable[[str], bool]:
    reader = reader_of(request.get("UserContext"), index.policy)
    asked = request.get("AttributeFilter")
    if asked is not None:
        require_filter(asked, index.types)

    def visible(document_id: str) -> bool:
        document = index.contents.documents[document_id]
        return may_find(reader, document.access) and (
            asked is None or satisfies(_filterable(document), asked)
        )

    return visible


def _filterable(document: Document) -> Mapping[str, Any]:
    return {"_document_id": document.id, "_document_title": document.title, **document.values}


def _best_of_documents(found: Sequence[Ranked]) -> list[Ranked]:
    best: dict[str, Ranked] = {}
    for ranked in found:
        best.setdefault(ranked.document, ranked)
    return list(best.values())


def _sorted(found: list[Ranked], index: Index, request: Mapping[str, Any]) -> list[Ranked]:
    """By the attribute that the request names; documents without it are last."""
    asked = request.get("SortingConfiguration")
    if asked is None:
        return found
    key = asked["DocumentAttributeKey"]
    if index.types.get(key, STRINGS) == STRINGS:
        raise RefusedRequestError(
            "ValidationException", f"Results cannot be sorted by the attribute {key}"
        )
    values: dict[str, Any] = {
        each.document: _filterable(index.contents.documents[each.document]).get(key)
        for each in found
    }
    having = [each for each in found if values[each.document] is not None]
    having.sort(key=lambda each: values[each.document], reverse=asked["SortOrder"] == "DESC")
    return [*having, *(each for each in found if values[each.document] is None)]


def _page(found: Sequence[Ranked], request: Mapping[str, Any]) -> Sequence[Ranked]:
    size, number = request.get("PageSize", PAGE_SIZE), request.get("PageNumber", 1)
    if not 1 <= size <= MOST_PAGE_SIZE or number < 1:
        raise RefusedRequestError(
            "ValidationException",
            f"PageSize must be from 1 to {MOST_PAGE_SIZE} and PageNumber at least 1, "
            f"got {size} and {number}",
        )
    return found[(number - 1) * size : number * size]


def _query_item(index: Index, ranked: Ranked, request: Mapping[str, Any]) -> Json:
    document = index.contents.documents[ranked.document]
    excerpt, highlights = _excerpt(ranked)
    title = document.title[:2048]
    shown = {"DocumentExcerpt": {"Text": excerpt, "Highlights": highlights}} if excerpt else {}
    return {
        **_common(index, ranked, request),
        **shown,
        "Type": "DOCUMENT",
        "Format": "TEXT",
        "DocumentTitle": {"Text": title, "Highlights": []},
        "AdditionalAttributes": [],
        "FeedbackToken": str(uuid.uuid4()),
    }


def _passage_item(index: Index, ranked: Ranked, request: Mapping[str, Any]) -> Json:
    title = index.contents.documents[ranked.document].title
    return {**_common(index, ranked, request), "DocumentTitle": title, "Content": ranked.text}


def _common(index: Index, ranked: Ranked, request: Mapping[str, Any]) -> Json:
    document = index.contents.documents[ranked.document]
    wanted = request.get("RequestedDocumentAttributes")
    searched = request.get("QueryText") is not None
    told = {
        "Id": str(uuid.uuid4()),
        "DocumentId": document.id,
        "DocumentAttributes": members_of(document.values, index.types, wanted),
        "ScoreAttributes": {
            "ScoreConfidence": confidence(ranked.coverage) if searched else "NOT_AVAILABLE"
        },
    }
    return told if document.uri is None else {**told, "DocumentURI": document.uri}


def _excerpt(ranked: Ranked) -> tuple[str, list[Json]]:
    """The passage's part that begins a little before the first word that was found."""
    first = ranked.highlights[0][0] if ranked.highlights else 0
    begin = 0 if first < EXCERPT_CHARACTERS // 2 else ranked.text.rfind(" ", 0, first - 60) + 1
    excerpt = ranked.text[begin : begin + EXCERPT_CHARACTERS]
    places = [
        {
            "BeginOffset": start - begin,
            "EndOffset": end - begin,
            "TopAnswer": False,
            "Type": "STANDARD",
        }
        for start, end in ranked.highlights
        if start >= begin and end - begin <= len(excerpt)
    ]
    return excerpt, places


def _facets(
    documents: Sequence[Document], index: Index, asked: Sequence[Mapping[str, Any]]
) -> list[Json]:
    return [_facet(documents, index, facet) for facet in asked]


def _facet(documents: Sequence[Document], index: Index, facet: Mapping[str, Any]) -> Json:
    key = facet.get("DocumentAttributeKey")
    if facet.get("Facets") is not None:
        raise RefusedRequestError(NOT_EMULATED, not_emulated("facets of facets"))
    if key not in index.types:
        raise RefusedRequestError("ValidationException", f"The index has no attribute {key}")
    kind = index.types[key]
    counts: Counter[Any] = Counter()
    for document in documents:
        value = _filterable(document).get(key)
        listed = value if isinstance(value, list) else [] if value is None else [value]
        counts.update(set(listed))
    most = facet.get("MaxResults", 10)
    best = sorted(counts.items(), key=lambda pair: (-pair[1], str(pair[0])))[:most]
    member = MEMBERS[kind] if kind != STRINGS else "StringValue"
    return {
        "DocumentAttributeKey": key,
        "DocumentAttributeValueType": kind,
        "DocumentAttributeValueCountPairs": [
            {"DocumentAttributeValue": {member: value}, "Count": count} for value, count in best
        ],
    }
