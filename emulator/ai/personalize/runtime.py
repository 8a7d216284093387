"""personalize-runtime: recommendations of campaigns."""

import uuid
from collections.abc import Mapping
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.frame import Asked as AskedOf
from emulator.ai.personalize import things
from emulator.ai.personalize.recommending import Asked, Recommender, version_of
from emulator.ai.personalize.town import Town
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

RESULTS, MOST_RESULTS = 25, 500


def runtime_operations(town: Town) -> Mapping[str, Operation]:
    """What each operation answers."""
    return {
        "GetRecommendations": lambda call: _recommendations(town, call),
        "GetPersonalizedRanking": lambda call: _ranking(town, call),
    }


def runtime_resource(asked: AskedOf) -> str:
    """The campaign, or the recommender, that is asked."""
    request = asked.request
    return str(request.get("campaignArn", request.get("recommenderArn", "*")))


def _recommendations(town: Town, call: Call) -> Answer:
    request = call.request
    unemulated = [name for name in ("recommenderArn", "promotions") if request.get(name)]
    if unemulated:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(unemulated)))
    if request.get("campaignArn") is None:
        raise RefusedRequestError("InvalidInputException", "campaignArn must be given")
    most = request.get("numResults", RESULTS)
    if most > MOST_RESULTS:
        raise RefusedRequestError(
            "InvalidInputException", f"numResults is {MOST_RESULTS} at most, got {most}"
        )
    recommender = _recommender(town, call)
    asked = Asked(user=request.get("userId"), item=request.get("itemId"), **_filter(request))
    found = recommender.recommend(asked)
    items = [_item(pair, recommender, request) for pair in found.items[: most or RESULTS]]
    return Answer(
        body={"itemList": items, "recommendationId": f"RID-{uuid.uuid4()}"}, engine=found.engine
    )


def _ranking(town: Town, call: Call) -> Answer:
    request = call.request
    recommender = _recommender(town, call)
    asked = Asked(user=request["userId"], ranked=request["inputList"], **_filter(request))
    found = recommender.recommend(asked)
    known = {name for name, _ in found.items}
    items = [_item(pair, recommender, request) for pair in found.items]
    # Items of which nothing is known come last, without a score, as Personalize has them.
    items += [
        {"itemId": name}
        for name in request["inputList"]
        if name not in known and request.get("filterArn") is None
    ]
    return Answer(
        body={"personalizedRanking": items, "recommendationId": f"RID-{uuid.uuid4()}"},
        engine=found.engine,
    )


def _recommender(town: Town, call: Call) -> Recommender:
    campaign = town.things.active(call.tenant, things.CAMPAIGN, call.request["campaignArn"])
    version = version_of(town, call.tenant, campaign["solutionVersionArn"])
    return Recommender.of(town, call.tenant, version)


def _filter(request: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "filter_arn": request.get("filterArn"),
        "filter_values": request.get("filterValues"),
    }


def _item(pair: tuple[str, float], recommender: Recommender, request: Mapping[str, Any]) -> Json:
    name, score = pair
    columns = request.get("metadataColumns", {}).get("ITEMS", ())
    known = recommender.data.items.get(name, {})
    metadata = {column: str(known[column.upper()]) for column in columns if column.upper() in known}
    item: Json = {"itemId": name, "score": score}
    return {**item, "metadata": metadata} if columns else item
