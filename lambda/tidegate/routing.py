"""Routing: one request to one model, stamped with the split it was drawn by, signed and logged.

What routing needs to know of a model is read once in a few seconds, before the request is sent, and
never older than the split document may be.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tidegate.errors import NotFoundError
from tidegate.ports import Answer, Clock, Keys, ModelInvoker, Question, ReleaseStore
from tidegate.prediction_id import PredictionId, sign
from tidegate.requestlog import UNKNOWN_SLOT, ServedLine
from tidegate.split import CACHE_SECONDS, SplitDocument


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionRequest:
    """A caller's request. `client` is a hash of who called, empty where nothing says who."""

    model: str
    body: bytes
    content_type: str
    accept: str
    client: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """A model's answer with its signed id, and the line that the request log gets."""

    answer: Answer
    prediction_id: str
    slot: str
    version: str
    line: ServedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    read_at: float
    endpoint_name: str
    split: SplitDocument


class Router:
    """Sends requests to models; remembers of each model where it is and its split document."""

    def __init__(
        self,
        *,
        store: ReleaseStore,
        invoker: ModelInvoker,
        keys: Keys,
        clock: Clock,
        nonce: Callable[[], str],
    ) -> None:
        self._store = store
        self._invoker = invoker
        self._keys = keys
        self._clock = clock
        self._nonce = nonce
        self._routes: dict[str, _Route] = {}

    def predict(self, request: PredictionRequest) -> Prediction:
        """The model's answer, signed; NotFoundError for a model that is not deployed."""
        served_at = self._clock.now()
        route = self._route(request.model, now=served_at)
        keys = self._keys.read()
        nonce = self._nonce()
        answer = self._invoker.invoke(
            Question(
                endpoint_name=route.endpoint_name,
                body=request.body,
                content_type=request.content_type,
                accept=request.accept,
                inference_id=nonce,
            )
        )
        slot = UNKNOWN_SLOT if answer.slot is None else answer.slot
        version = route.split.digests.get(slot, "")
        line = _line(request, answer, (route.split, slot, served_at))
        signed = PredictionId(
            model=request.model,
            release_id=route.split.release_id,
            slot=slot,
            version=version,
            split_version=route.split.version,
            served_at=served_at,
            nonce=nonce,
        )
        return Prediction(
            answer=answer,
            prediction_id=sign(signed, keys),
            slot=slot,
            version=version,
            line=line,
        )

    def _route(self, model: str, *, now: float) -> _Route:
        known = self._routes.get(model)
        if known is not None and now - known.read_at < CACHE_SECONDS:
            return known
        declaration = self._store.declaration(model)
        split = self._store.split(model)
        if declaration is None or split is None:
            raise NotFoundError(f"no model {model} is deployed here")
        route = _Route(read_at=now, endpoint_name=declaration.endpoint_name, split=split)
        self._routes[model] = route
        return route


def _line(
    request: PredictionRequest, answer: Answer, stamped: tuple[SplitDocument, str, float]
) -> ServedLine:
    split, slot, served_at = stamped
    return ServedLine(
        model=request.model,
        release_id=split.release_id,
        slot=slot,
        version=split.digests.get(slot, ""),
        split_version=split.version,
        settling=split.settling,
        served_at=served_at,
        status=answer.status,
        milliseconds=answer.milliseconds,
        client=request.client,
    )
