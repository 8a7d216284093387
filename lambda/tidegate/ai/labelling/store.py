"""Items and annotators, in a DynamoDB table of the service's own, with an index of lists.

What changes together is one transaction: an item and the person who labels it are never apart,
whatever kills the function. Every write is on condition that what was read is still there. The
index is read a moment late; what it finds is read again under its condition.
"""

import json
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tidegate.ai.labelling.records import Annotator, Item
from tidegate.ai.labelling.settings import LabellingSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError, ProblemError
from tidegate.ai.typed import to_json
from tidegate.errors import ConflictError

TABLE, INDEX = "table", "lists"
"""What functions are told of the table's name; the index's name."""
PEOPLE = "people"
"""The list of all annotators; items are in the list of their state."""
_ITEM, _PERSON, _ANSWER = "item", "person", "answer#"
_LOST, _LOST_ONE = "TransactionCanceledException", "ConditionalCheckFailedException"
_PAGE = 100
_DAY = 86_400


def item_of(id_: str, ports: ServicePorts) -> Item | None:
    """The item as it is now."""
    found = _get(f"item#{id_}", _ITEM, ports)
    return None if found is None else Item.of(found)


def annotator_of(ports: ServicePorts) -> Annotator:
    """Who signed in, as they are now; of whom nothing is known yet, a new one."""
    person = ports.person
    if person is None:
        raise ValueError("only routes of people know who signed in")
    found = _get(f"person#{person.id}", _PERSON, ports)
    if found is None:
        # Its first change is revision 0, which nothing may be before.
        return Annotator(id=person.id, name=person.name, since=ports.clock.now(), revision=-1)
    return Annotator.of(found)


def annotator_named(id_: str, ports: ServicePorts) -> Annotator | None:
    """The person of that id, if they ever came."""
    found = _get(f"person#{id_}", _PERSON, ports)
    return None if found is None else Annotator.of(found)


def items_in(state: str, ports: ServicePorts) -> Iterator[Item]:
    """The items of a state, in the order in which they came into it."""
    return (Item.of(found) for found in _listed(state, ports))


def annotators(ports: ServicePorts) -> tuple[Annotator, ...]:
    """Everybody who ever came."""
    return tuple(Annotator.of(found) for found in _listed(PEOPLE, ports))


def labelled_by(person: str, ports: ServicePorts) -> Iterator[str]:
    """The ids of items that a person labelled."""
    asked = {
        "KeyConditionExpression": "pk = :pk AND begins_with(sk, :answer)",
        "ExpressionAttributeValues": {":pk": _text(f"person#{person}"), ":answer": _text(_ANSWER)},
    }
    for entry in _pages(asked, ports):
        yield str(entry["sk"]["S"]).removeprefix(_ANSWER)


def counted(state: str, ports: ServicePorts) -> int:
    """How many items are in a state."""
    asked = {**_in_list(state), "Select": "COUNT"}
    return sum(page["Count"] for page in _answers(asked, ports))


def save(
    ports: ServicePorts,
    *,
    item: Item | None = None,
    annotator: Annotator | None = None,
    labelled: str | None = None,
) -> None:
    """Both are there, or neither; `labelled` writes down that the person labelled that item.

    ConflictError where one of them is no longer as it was read.
    """
    items = [
        *([] if item is None else [_item(item, ports)]),
        *([] if annotator is None else [_person(annotator, ports)]),
    ]
    if labelled is not None and annotator is not None:
        items.append(_answered(annotator, labelled, ports))
    try:
        ports.calls.call("dynamodb", "TransactWriteItems", TransactItems=items)
    except CallRefusedError as error:
        if error.code != _LOST:
            raise
        raise ConflictError("somebody else changed this at the same time") from error


def add(item: Item, ports: ServicePorts) -> bool:
    """The item is there if there was none of its source; whether it is this call's."""
    put = _item(item, ports)["Put"]
    try:
        ports.calls.call("dynamodb", "PutItem", **put)
    except CallRefusedError as error:
        if error.code != _LOST_ONE:
            raise
        return False
    return True


def changed_meanwhile() -> ProblemError:
    """What is said when others were faster each time."""
    message = "others change this at the same time: try again"
    return ProblemError("changed-meanwhile", message, status=409, retry_after=1)


def _item(item: Item, ports: ServicePorts) -> Mapping[str, Any]:
    since = item.came_at if item.decided_at is None else item.decided_at
    return _put(
        (f"item#{item.id}", _ITEM),
        to_json(item),
        ports,
        revision=item.revision,
        listed=(item.state.value, f"{since:017.6f}#{item.id}"),
    )


def _person(annotator: Annotator, ports: ServicePorts) -> Mapping[str, Any]:
    return _put(
        (f"person#{annotator.id}", _PERSON),
        to_json(annotator),
        ports,
        revision=annotator.revision,
        listed=(PEOPLE, annotator.id),
    )


def _answered(annotator: Annotator, id_: str, ports: ServicePorts) -> Mapping[str, Any]:
    item = {**_keys(f"person#{annotator.id}", f"{_ANSWER}{id_}"), "expires_at": _expiry(ports)}
    return {"Put": {"TableName": ports.resources[TABLE], "Item": item}}


def _put(
    keys: tuple[str, str],
    document: Any,
    ports: ServicePorts,
    *,
    revision: int,
    listed: tuple[str, str],
) -> Mapping[str, Any]:
    """The document is written if what is there is the revision before it."""
    item = {
        **_keys(*keys),
        "document": _text(json.dumps(document, sort_keys=True, ensure_ascii=False)),
        "revision": {"N": str(revision)},
        "list": _text(listed[0]),
        "place": _text(listed[1]),
        "expires_at": _expiry(ports),
    }
    put: dict[str, Any] = {"TableName": ports.resources[TABLE], "Item": item}
    if revision == 0:
        put["ConditionExpression"] = "attribute_not_exists(pk)"
    else:
        put["ConditionExpression"] = "revision = :before"
        put["ExpressionAttributeValues"] = {":before": {"N": str(revision - 1)}}
    return {"Put": put}


def _get(pk: str, sk: str, ports: ServicePorts) -> dict[str, Any] | None:
    answer = ports.calls.call(
        "dynamodb",
        "GetItem",
        TableName=ports.resources[TABLE],
        Key=_keys(pk, sk),
        ConsistentRead=True,
    )
    item = answer.get("Item")
    return None if item is None else _document(item)


def _document(item: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(item["document"]["S"])
    return found


def _listed(name: str, ports: ServicePorts) -> Iterator[dict[str, Any]]:
    return map(_document, _pages({**_in_list(name), "Limit": _PAGE}, ports))


def _in_list(name: str) -> Mapping[str, Any]:
    """`list` is a word of DynamoDB's own, which conditions call by another name."""
    return {
        "IndexName": INDEX,
        "KeyConditionExpression": "#list = :list",
        "ExpressionAttributeNames": {"#list": "list"},
        "ExpressionAttributeValues": {":list": _text(name)},
    }


def _pages(asked: Mapping[str, Any], ports: ServicePorts) -> Iterator[Mapping[str, Any]]:
    return (item for page in _answers(asked, ports) for item in _items(page))


def _items(page: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    found: Iterable[Mapping[str, Any]] = page["Items"]
    return found


def _answers(asked: Mapping[str, Any], ports: ServicePorts) -> Iterator[Mapping[str, Any]]:
    start: dict[str, Any] = {}
    while True:
        page = ports.calls.call(
            "dynamodb", "Query", TableName=ports.resources[TABLE], **asked, **start
        )
        yield page
        if "LastEvaluatedKey" not in page:
            return
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}


def _keys(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": _text(pk), "sk": _text(sk)}


def _text(value: str) -> dict[str, str]:
    return {"S": value}


def _expiry(ports: ServicePorts) -> dict[str, str]:
    settings: LabellingSettings = ports.settings
    return {"N": str(math.ceil(ports.clock.now()) + _DAY * settings.keep_days)}
