"""The review queue: forms with doubtful fields, given to a person and decided once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from tidegate.ai.kind import Arrived
from tidegate.ai.limits import Length, Matches
from tidegate.ai.parts import read_json
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError, invalid, not_found
from tidegate.ai.textract.blocks import Table
from tidegate.ai.textract.records import Entry, Record
from tidegate.ai.textract.settings import TICK, TextractSettings
from tidegate.ai.textract.values import Value, value_of
from tidegate.ai.typed import read, to_json

REVIEWS, DECISIONS = "reviews/", "decisions/"
"""What keys of drafts and of decisions begin with."""
TOPIC, QUEUE = "topic", "reviews"
"""What functions are told of the service's resources."""
HIDDEN_SECONDS = 900
"""How long a form is one person's; then it is given to the next who asks."""
_MOST_DECIDED = 20
"""Forms decided already that are dropped in search of an open one, in one request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextReview:
    """Asks for a form that nobody looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A form with its doubtful fields; `document` is a link to it, for 15 minutes."""

    review: str
    key: str
    document: str
    doubtful: Mapping[str, Entry]
    sure: Mapping[str, Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the doubtful fields say, each as it stands on the form: null where it says nothing."""

    review: Annotated[
        str,
        "The review's id, as it was given.",
        Matches(pattern="[0-9a-f]{32}", words="32 hexadecimal digits"),
    ]
    values: Annotated[
        Mapping[str, Annotated[str | None, Length(most=10_000)]],
        "Each doubtful field's text; yes or no of a box; null where the form says nothing.",
    ] = field(default_factory=dict)
    reviewer: Annotated[str | None, "Who decided, kept with the record.", Length(most=100)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The record has these values; the form's work goes on within a minute."""

    review: str
    values: Annotated[Mapping[str, Any], "By field, in its type."]


def review_key(work: str) -> str:
    """Where the draft of a form is."""
    return f"{REVIEWS}{work}.json"


def announced_key(work: str) -> str:
    """What is there once the review queue has a message of the form."""
    return f"{REVIEWS}{work}.sent"


def decision_key(work: str) -> str:
    """Where a person's decision is."""
    return f"{DECISIONS}{work}.json"


def review_document(arrived: Arrived, record: Record, until: float) -> bytes:
    """The draft as it is stored."""
    told = {"key": arrived.key, "until": until, "record": to_json(record)}
    return json.dumps(told, ensure_ascii=False).encode()


def draft_in(content: bytes) -> Record:
    """The draft that was stored."""
    return _record(json.loads(content)["record"])


def _record(told: Mapping[str, Any]) -> Record:
    fields = {name: read(Entry, entry, what="entry") for name, entry in told["fields"].items()}
    tables = tuple(read(Table, table, what="table") for table in told["tables"])
    return Record(pages=told["pages"], fields=fields, tables=tables)


def next_review(_request: NextReview, ports: ServicePorts) -> Review:
    """A form is the caller's for 15 minutes; those that were decided are taken out on the way."""
    queue = ports.resources[QUEUE]
    for _ in range(_MOST_DECIDED):
        answer = ports.calls.call(
            "sqs",
            "ReceiveMessage",
            QueueUrl=queue,
            VisibilityTimeout=HIDDEN_SECONDS,
            WaitTimeSeconds=1,
        )
        messages = answer.get("Messages", [])
        if not messages:
            break
        work = str(json.loads(messages[0]["Body"])["review"])
        found = _open(work, ports)
        if found is not None:
            return found
        receipt = messages[0]["ReceiptHandle"]
        ports.calls.call("sqs", "DeleteMessage", QueueUrl=queue, ReceiptHandle=receipt)
    raise not_found("no form waits for a person")


def _open(work: str, ports: ServicePorts) -> Review | None:
    """The review, None where it was decided or its time is over."""
    document = _document(work, ports)
    if document is None or document["until"] <= ports.clock.now() or _decided(work, ports):
        return None
    record = _record(document["record"])
    doubtful = record.doubtful
    return Review(
        review=work,
        key=document["key"],
        document=ports.files.link(document["key"], upload=False),
        doubtful={name: record.fields[name] for name in doubtful},
        sure={name: entry for name, entry in record.fields.items() if name not in doubtful},
    )


def _document(work: str, ports: ServicePorts) -> Mapping[str, Any] | None:
    document: Mapping[str, Any] | None = read_json(ports.files, review_key(work))
    return document


def _decided(work: str, ports: ServicePorts) -> bool:
    return read_json(ports.files, decision_key(work)) is not None


def decide(request: Decision, ports: ServicePorts) -> Decided:
    """The decision is stored, once, and the work is told to go on."""
    document = _document(request.review, ports)
    if document is None:
        raise not_found(f"no review {request.review}: it was never asked for, or has expired")
    if document["until"] <= ports.clock.now():
        raise ProblemError("too-late", "the form was refused: nobody looked in time", status=409)
    values = _values(_record(document["record"]), request.values, ports.settings)
    told = {"values": values, "reviewer": request.reviewer}
    content = json.dumps(told, ensure_ascii=False, sort_keys=True).encode()
    key = decision_key(request.review)
    if not ports.files.write_once(key, content, content_type="application/json"):
        raise ProblemError("decided", "somebody decided this form already", status=409)
    _tell(request.review, ports)
    return Decided(review=request.review, values=values)


def _values(
    record: Record, given: Mapping[str, str | None], settings: TextractSettings
) -> Mapping[str, Value | None]:
    """A value for each doubtful field, and for no other; ProblemError with every fault."""
    doubtful = record.doubtful
    faults = [f"values.{name} is missing" for name in doubtful if name not in given]
    known = ", ".join(doubtful)
    faults += [f"values.{name} is not doubtful: {known}" for name in given if name not in doubtful]
    values: dict[str, Value | None] = {}
    for name in doubtful:
        try:
            values[name] = _value(name, given.get(name), record.fields[name], settings)
        except ValueError as error:
            faults.append(f"values.{name} {error}")
    if faults:
        raise invalid(faults)
    return values


def _value(name: str, text: str | None, entry: Entry, settings: TextractSettings) -> Value | None:
    if text is None:
        return None
    wanted = settings.fields.get(name)
    kind = wanted.type if wanted is not None else TICK if isinstance(entry.value, bool) else "text"
    return value_of(text, kind, date_order=settings.date_order)


def _tell(work: str, ports: ServicePorts) -> None:
    """The worker looks now; without this it would within 15 minutes."""
    message = json.dumps({"JobTag": work, "API": "review"})
    ports.calls.call("sns", "Publish", TopicArn=ports.resources[TOPIC], Message=message)
