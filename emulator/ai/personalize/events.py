"""personalize-events: what users do now, and what is known of items and users."""

import base64
from collections.abc import Mapping
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.frame import Asked as AskedOf
from emulator.ai.personalize import data, things
from emulator.ai.personalize.town import Town
from emulator.ai.site import Tenant
from emulator.jsonapi import Json, RefusedRequestError

RECORDED = "recorded"


def event_operations(town: Town) -> Mapping[str, Operation]:
    """What each operation answers."""
    return {
        "PutEvents": lambda call: _put_events(town, call),
        "PutItems": lambda call: _put(town, call, data.ITEMS, "items"),
        "PutUsers": lambda call: _put(town, call, data.USERS, "users"),
    }


def event_resource(asked: AskedOf) -> str:
    """The data set that is written to; events take no resource.

    Source: Service Authorization Reference, "Actions defined by Amazon Personalize".
    """
    return str(asked.request.get("datasetArn", "*"))


def _tracker(town: Town, tenant: Tenant, tracking_id: str | None) -> Json | None:
    trackers = town.things.of(tenant, things.TRACKER)
    return next((each for each in trackers if each["trackingId"] == tracking_id), None)


def _put_events(town: Town, call: Call) -> Answer:
    request = call.request
    tracker = _tracker(town, call.tenant, request["trackingId"])
    if tracker is None:
        raise RefusedRequestError(
            "InvalidInputException", f"There is no event tracker {request['trackingId']}"
        )
    # An anonymous visitor is known by the session until the user is.
    user = request.get("userId", request["sessionId"])
    rows = [_row(event, user) for event in request["eventList"] if event.get("itemId")]
    group = town.data(call.tenant, tracker["datasetGroupArn"])
    with group.lock:
        group.events += rows
    return Answer(body={}, engine=RECORDED)


def _row(event: Mapping[str, Any], user: str) -> Json:
    row = {
        **data.properties_of(_text(event.get("properties"))),
        "USER_ID": user,
        "ITEM_ID": event["itemId"],
        "TIMESTAMP": event["sentAt"],
        "EVENT_TYPE": event["eventType"],
    }
    return row if event.get("eventValue") is None else {**row, "EVENT_VALUE": event["eventValue"]}


def _put(town: Town, call: Call, kind: str, member: str) -> Answer:
    dataset = town.things.active(call.tenant, things.DATASET, call.request["datasetArn"])
    if dataset["datasetType"].upper() != kind:
        raise RefusedRequestError(
            "InvalidInputException", f"The data set is of {dataset['datasetType']}, not {kind}"
        )
    name = data.REQUIRED[kind][0]
    identifier = f"{member.removesuffix('s')}Id"
    rows = [
        {**data.properties_of(_text(each.get("properties"))), name: each[identifier]}
        for each in call.request[member]
    ]
    town.data(call.tenant, dataset["datasetGroupArn"]).take(kind, rows, mode="INCREMENTAL")
    return Answer(body={}, engine=RECORDED)


def _text(properties: Any) -> str | None:
    """Properties as they were given: the protocol sends JSON texts in Base64."""
    if properties is None or str(properties).lstrip().startswith("{"):
        return None if properties is None else str(properties)
    return base64.b64decode(properties).decode()
