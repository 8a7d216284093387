"""The routes: what to recommend, what a user did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

from tidegate.ai.limits import Between, Length, Matches
from tidegate.ai.parts import document_of, read_json
from tidegate.ai.personalize.arms import campaign_arn, current_of, unbought_arn
from tidegate.ai.personalize.popular import Scored, popular_items
from tidegate.ai.personalize.resources import TRACKING
from tidegate.ai.personalize.runs import note_events
from tidegate.ai.personalize.settings import CAMPAIGN, PersonalizeSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallError, invalid, not_found, unusable
from tidegate.ai.ready import require_ready

_EVENTS_A_CALL = 10
"""The most events of a call (botocore's model, PutEvents)."""
_ID = Matches(pattern=r"[^\x00-\x1f\x7f]+", words="printable")
_MOST_ASKED = 500
_MOMENT = Matches(
    pattern=r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})",
    words="a moment with its zone, such as 2026-12-01T08:30:00Z",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """Whom something is recommended to, at checkout or elsewhere."""

    user: Annotated[
        str | None, "The user; left out: nobody who is known.", Length(least=1, most=256), _ID
    ] = None
    cart: Annotated[
        tuple[Annotated[str, Length(least=1, most=256), _ID], ...],
        "What is in the cart already: it is not recommended.",
        Length(most=100),
    ] = ()
    number: Annotated[int, "How many items.", Between(least=1, most=100)] = 5
    filter: Annotated[
        str | None, "A filter of the settings; left out: without what was bought.", Length(most=30)
    ] = None
    filter_values: Annotated[
        Mapping[str, Annotated[str, Length(least=1, most=1_000)]],
        "Values of its placeholders, each in double quotes, separated by commas.",
    ] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item; `score` is AWS's of personal ones, of popular ones the share of what was bought."""

    item: str
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommended:
    """Items, the best first. `source` is campaign or batch (personal), or popular.

    `id` names a campaign's answer, for events that follow from it.
    """

    items: tuple[Item, ...]
    source: str
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a user did."""

    type: Annotated[str, "What it was, such as view or purchase.", Length(least=1, most=256), _ID]
    item: Annotated[str, "With which item.", Length(least=1, most=256), _ID]
    value: Annotated[float | None, "What it was worth.", Between(least=-1e9, most=1e9)] = None
    at: Annotated[str | None, "When; left out: now.", _MOMENT] = None
    id: Annotated[
        str | None, "The caller's own name of the event.", Length(least=1, most=256), _ID
    ] = None
    recommendation: Annotated[
        str | None, "The id of the answer that it follows from.", Length(least=1, most=40), _ID
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """What a user did in one session."""

    session: Annotated[str, "The session.", Length(least=1, most=256), _ID]
    user: Annotated[
        str | None,
        "The user; left out: the session stands for one.",
        Length(least=1, most=256),
        _ID,
    ] = None
    events: Annotated[tuple[Event, ...], "The events.", Length(least=1, most=100)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsTaken:
    """How many events Personalize has."""

    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWanted:
    """Nothing needs to be told."""


def recommend(request: Basket, ports: ServicePorts) -> Recommended:
    """Personal items where there are any; popular ones for new users and in outages.

    An arm on trial that was not trained yet has no answer: nobody would know whose it is.
    """
    settings: PersonalizeSettings = ports.settings
    _check_filter(request, settings)
    require_ready(ports)
    found: Recommended | None = None
    if request.user is not None:
        is_live = settings.answers == CAMPAIGN
        found = _live(request, ports) if is_live else _in_advance(request, ports)
    if found is not None and found.items:
        return found
    ports.metrics.put("PopularAnswers", 1)
    popular = popular_items(ports)
    if popular is None:
        raise not_found("nothing is known yet: send interactions, and ask for a run")
    return Recommended(items=_outside(request, popular), source="popular")


def _check_filter(request: Basket, settings: PersonalizeSettings) -> None:
    if request.filter is not None and request.filter not in settings.filters:
        known = ", ".join(settings.filters) or "none"
        raise unusable(f"there is no such filter: the settings have {known}")
    if request.filter is None and request.filter_values:
        raise invalid(["filter_values are given without a filter"])


def _outside(
    request: Basket, items: Sequence[tuple[str, float | None]] | Scored
) -> tuple[Item, ...]:
    """The best ones that are not in the cart."""
    cart = set(request.cart)
    left = [Item(item=item, score=score) for item, score in items if item not in cart]
    return tuple(left[: request.number])


def _in_advance(request: Basket, ports: ServicePorts) -> Recommended | None:
    told = read_json(ports.files, current_of(ports.given))
    folder = None if told is None else told.get("folder")
    if folder is None or request.user is None:
        return None
    found = document_of(ports.files, folder, request.user)
    if found is None:
        return None
    return Recommended(items=_outside(request, found), source="batch")


def _live(request: Basket, ports: ServicePorts) -> Recommended | None:
    """None where Personalize does not answer: whoever pays should not wait for that."""
    wanted = min(_MOST_ASKED, request.number + len(request.cart))
    try:
        told = ports.calls.call(
            "personalize-runtime",
            "GetRecommendations",
            campaignArn=campaign_arn(ports.given),
            userId=request.user,
            numResults=wanted,
            **_filter(request, ports),
        )
    except CallError:
        ports.metrics.put("Outages", 1)
        return None
    items = [(str(one["itemId"]), one.get("score")) for one in told["itemList"]]
    return Recommended(
        items=_outside(request, items), source="campaign", id=told.get("recommendationId")
    )


def _filter(request: Basket, ports: ServicePorts) -> Mapping[str, Any]:
    if request.filter is None:
        unbought = unbought_arn(ports.given)
        return {} if unbought is None else {"filterArn": unbought}
    arn = ports.resources[f"filter-{request.filter}"]
    values = dict(request.filter_values)
    return {"filterArn": arn, **({"filterValues": values} if values else {})}


def take_events(request: Events, ports: ServicePorts) -> EventsTaken:
    """Personalize has the events: a campaign follows at once, the next run learns from them."""
    events = [_event(one, ports) for one in request.events]
    user = {} if request.user is None else {"userId": request.user}
    for begin in range(0, len(events), _EVENTS_A_CALL):
        ports.calls.call(
            "personalize-events",
            "PutEvents",
            trackingId=ports.resources[TRACKING],
            sessionId=request.session,
            eventList=events[begin : begin + _EVENTS_A_CALL],
            **user,
        )
    note_events(ports)
    return EventsTaken(events=len(events))


def _event(event: Event, ports: ServicePorts) -> dict[str, Any]:
    optional = {
        "eventId": event.id,
        "eventValue": event.value,
        "recommendationId": event.recommendation,
    }
    return {
        "eventType": event.type,
        "itemId": event.item,
        "sentAt": _moment(event.at, ports),
        **{name: value for name, value in optional.items() if value is not None},
    }


def _moment(text: str | None, ports: ServicePorts) -> float:
    """Seconds since the epoch."""
    if text is None:
        return ports.clock.now()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError) as error:
        raise invalid([f"at is {text}, which is no moment"]) from error
