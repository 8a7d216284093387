"""Routing: one request to one model, to the slot that is the user's, signed and logged.

What routing needs to know of a model stands in its split document, which is read once in a few
seconds, before the request is sent, and never older than the split document may be. Who draws the
slot is said there: SageMaker each request, or this router each user (`assignment.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from tidegate.assignment import Why, anonymous_client_of, assign
from tidegate.ec2 import is_fleet
from tidegate.echo import echoed_digest
from tidegate.errors import NotFoundError, OverrideRefusedError, TargetRefusedError
from tidegate.inference import Answer, Question
from tidegate.observation import Unit
from tidegate.override import overridden_slot
from tidegate.prediction_id import PredictionId, sign
from tidegate.requestlog import UNKNOWN_SLOT, ServedLine
from tidegate.split import CACHE_SECONDS, NO_SPLIT, SplitDocument
from tidegate.targets import HEADER
from tidegate.tracks import track_endpoint
from tidegate.values import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.asynchronous import Asynchronous
    from tidegate.ports import Clock, Keys, ModelInvoker, Splits
    from tidegate.signing import SigningKeys


@value
class PredictionRequest:
    """A caller's request. `client` is a hash of who called, empty where nothing says who.

    `slot_token` is what a tester sent to have a slot of his choice, None without. `track` is the
    slot of the track that the request came by, None where all slots share one endpoint; who
    asked for that track by its own name (`names_track`) was drawn by no record. `target` is the
    model that is asked, of a multi-model endpoint.
    """

    model: str
    body: bytes
    content_type: str
    accept: str
    client: str
    slot_token: str | None = None
    track: str | None = None
    names_track: bool = False
    target: str | None = None


@value
class Prediction:
    """A model's answer with its signed id, and the line that the request log gets.

    `new_cookie` is the id of a user whom nothing names and who is to be known by it from now on.
    """

    answer: Answer
    prediction_id: str
    slot: str
    version: str
    line: ServedLine
    new_cookie: str | None = None


@value
class Draw:
    """Where a request goes and how it counts. `slot` None lets the endpoint draw."""

    slot: str | None
    split_version: int
    unit: Unit
    client: str
    new_cookie: str | None = None


@value
class Placed:
    """A request whose slot is settled, or left to the endpoint, and that has a name of its own."""

    split: SplitDocument
    draw: Draw
    keys: SigningKeys
    served_at: float
    nonce: str


class Router:
    """Sends requests to models; remembers the split document of each for a few seconds."""

    def __init__(
        self,
        *,
        splits: Splits,
        invoker: ModelInvoker,
        keys: Keys,
        clock: Clock,
        nonce: Callable[[], str],
    ) -> None:
        self._splits = splits
        self._invoker = invoker
        self._keys = keys
        self._clock = clock
        self._nonce = nonce
        self._known: dict[str, tuple[float, SplitDocument]] = {}

    def predict(self, request: PredictionRequest) -> Prediction:
        """The model's answer, signed.

        NotFoundError for a model that is not deployed, OverrideRefusedError for a slot token that
        does not hold, TargetRefusedError for a target model that is not there or not named: then
        nothing was asked.
        """
        placed = self.place(request)
        split, draw = placed.split, placed.draw
        answer = self._invoker.invoke(
            Question(
                endpoint_name=_endpoint(request, split),
                body=request.body,
                content_type=request.content_type,
                accept=request.accept,
                inference_id=placed.nonce,
                slot=draw.slot,
                target=request.target,
            )
        )
        line = _line(split, draw, answer, placed.served_at)
        return Prediction(
            answer=answer,
            prediction_id=sign(id_of(line, placed.nonce), placed.keys),
            slot=line.slot,
            version=line.version,
            line=line,
            new_cookie=draw.new_cookie,
        )

    def place(self, request: PredictionRequest) -> Placed:
        """Where the request goes, before anything is asked; errors as of `predict`."""
        served_at = self._clock.now()
        split = self._split(request.model, now=served_at)
        keys = self._keys.read()
        if request.slot_token is None:
            draw = self._drawn(request, split)
        else:
            slot = _overridden(request, request.slot_token, split, keys=keys, now=served_at)
            draw = self._pinned(request, split, slot)
        _check_target(request, split, pinned=None if request.slot_token is None else draw.slot)
        return Placed(split=split, draw=draw, keys=keys, served_at=served_at, nonce=self._nonce())

    def answers_later(self, model: str) -> Asynchronous | None:
        """Where requests and answers of an asynchronous model are; None where answers are at once.

        NotFoundError for a model that is not deployed.
        """
        return self._split(model, now=self._clock.now()).asynchronous

    def _drawn(self, request: PredictionRequest, split: SplitDocument) -> Draw:
        """Who has no name and no cookie gets one, so that his next request is his own too."""
        if request.track is not None:
            return _by_track(request, split, request.track)
        if not split.draws_users:
            return Draw(
                slot=split.control if is_fleet(split.endpoint_name) else None,
                split_version=split.version,
                unit=Unit.REQUEST,
                client=request.client,
            )
        cookie = self._nonce() if request.client == "" else None
        client = request.client if cookie is None else anonymous_client_of(split.model, cookie)
        assigned = assign(split, client)
        return Draw(
            slot=assigned.slot,
            split_version=NO_SPLIT if assigned.why is Why.HOLDOUT else split.version,
            unit=Unit.USER,
            client=client,
            new_cookie=cookie,
        )

    def _pinned(self, request: PredictionRequest, split: SplitDocument, slot: str) -> Draw:
        """It counts in the unit of its release, in which each line of a user has a client."""
        users = split.draws_users
        nameless = users and request.client == ""
        client = anonymous_client_of(split.model, self._nonce()) if nameless else request.client
        return Draw(
            slot=slot,
            split_version=NO_SPLIT,
            unit=Unit.USER if users else Unit.REQUEST,
            client=client,
        )

    def _split(self, model: str, *, now: float) -> SplitDocument:
        known = self._known.get(model)
        if known is not None and now - known[0] < CACHE_SECONDS:
            return known[1]
        split = self._splits.split(model)
        if split is None:
            raise NotFoundError(f"no model {model} is deployed here")
        self._known[model] = (now, split)
        return split


def _check_target(request: PredictionRequest, split: SplitDocument, *, pinned: str | None) -> None:
    """The request names a model that answers it; who chose a slot has the models of that slot."""
    named = request.target
    known = split.target_models if pinned is None else split.models.get(pinned, ())
    if named in known or (named is None and not split.models):
        return
    if not split.models:
        raise TargetRefusedError(400, f"{request.model} is one model: drop the header {HEADER}")
    has = ", ".join(known) or "none at present"
    if named is None:
        raise TargetRefusedError(
            400, f"{request.model} is several models: name one in header {HEADER}: {has}"
        )
    raise TargetRefusedError(404, f"{request.model} has no model {named!r}, it has: {has}")


def submission_line(placed: Placed, status: int) -> ServedLine:
    """The line of a request to an asynchronous model, as far as it is known when it is submitted.

    No endpoint draws between two: where no release draws users, the live slot has everything.
    """
    split, draw = placed.split, placed.draw
    slot = split.control if draw.slot is None else draw.slot
    return ServedLine(
        model=split.model,
        release_id=split.release_id,
        slot=slot,
        version=split.digests.get(slot, ""),
        split_version=draw.split_version,
        settling=split.settling,
        served_at=placed.served_at,
        status=status,
        milliseconds=0.0,
        client=draw.client,
        unit=draw.unit,
    )


def _endpoint(request: PredictionRequest, split: SplitDocument) -> str:
    """A track has an endpoint of its own, and no request leaves its track."""
    if request.track is None:
        return split.endpoint_name
    return track_endpoint(split.endpoint_name, request.track)


def _by_track(request: PredictionRequest, split: SplitDocument, track: str) -> Draw:
    """A resolver drew the track for all whom it answered."""
    return Draw(
        slot=track,
        split_version=NO_SPLIT if request.names_track else split.version,
        unit=Unit.RESOLVER,
        client=request.client,
    )


def _overridden(
    request: PredictionRequest,
    token: str,
    split: SplitDocument,
    *,
    keys: SigningKeys,
    now: float,
) -> str:
    """The slot that a tester asked for."""
    if request.track is not None:
        raise OverrideRefusedError(
            f"{request.model} is served by two tracks, which take no slot token: ask the host of "
            "the track, which is the slot's name before the model's host"
        )
    return overridden_slot(token, keys, split=split, now=now)


def _line(split: SplitDocument, draw: Draw, answer: Answer, served_at: float) -> ServedLine:
    slot = _slot_named_by(answer, split) if split.echoed else _slot_of(draw, answer)
    return ServedLine(
        model=split.model,
        release_id=split.release_id,
        slot=slot,
        version=split.digests.get(slot, ""),
        split_version=draw.split_version,
        settling=split.settling,
        served_at=served_at,
        status=answer.status,
        milliseconds=answer.milliseconds,
        client=draw.client,
        unit=draw.unit,
    )


def _slot_of(draw: Draw, answer: Answer) -> str:
    """What SageMaker names; else the slot that was asked, which a failure is counted against."""
    if answer.slot is not None:
        return answer.slot
    return UNKNOWN_SLOT if draw.slot is None else draw.slot


def _slot_named_by(answer: Answer, split: SplitDocument) -> str:
    """The slot of the version that the container says it is: both fleets are of one variant.

    An answer that names none, or none of this release, belongs to no slot.
    """
    told = echoed_digest(answer.attributes)
    named = [slot for slot, digest in split.digests.items() if digest == told]
    return named[0] if named else UNKNOWN_SLOT


def id_of(line: ServedLine, nonce: str) -> PredictionId:
    """The prediction id of a request, unsigned: what its line says, and what makes it unique."""
    return PredictionId(
        model=line.model,
        release_id=line.release_id,
        slot=line.slot,
        version=line.version,
        split_version=line.split_version,
        served_at=line.served_at,
        nonce=nonce,
        unit=line.unit,
        client=line.client if line.unit is Unit.USER else "",
    )
