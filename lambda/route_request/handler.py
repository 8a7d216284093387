"""POST /models/{model}/predictions: ask the model, sign, log.

Behind a load balancer it answers for one track, whose slot the environment names, and it says
whether that track is healthy (GET /models/{model}/health).
"""

import os
import sys
from functools import cache

from route_request.balancer import answer_balancer, is_balancer_event
from route_request.events import prediction_request, refusal, render
from tidegate.errors import NotFoundError, OverrideRefusedError
from tidegate.routing import Router
from tidegate.tracks import track_endpoint
from tidegate.untyped import Any
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_SERVING = frozenset({"InService", "Updating", "RollingBack", "SystemUpdating"})
"""States in which an endpoint answers."""

_NEEDS = (Variable.RELEASE_TABLE, Variable.SIGNING_SECRET_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer; one line of the request log is on standard output."""
    if not is_balancer_event(event):
        return _predict(event)
    return answer_balancer(event, _predict, _is_healthy)


def _predict(event: dict[str, Any]) -> dict[str, Any]:
    ports = world(_NEEDS)
    track = ports.settings.values.get(Variable.TRACK)
    try:
        prediction = _router(ports).predict(prediction_request(event, track))
    except NotFoundError as error:
        return refusal(404, str(error))
    except OverrideRefusedError as error:
        return refusal(403, str(error))
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{prediction.line.to_line()}\n")
    return render(prediction)


def _is_healthy(model: str) -> bool:
    """Whether this track's endpoint of a model serves, as SageMaker says."""
    ports = world(_NEEDS)
    split = ports.splits.split(model)
    if split is None:
        return False
    name = track_endpoint(split.endpoint_name, ports.settings[Variable.TRACK])
    try:
        return ports.endpoints.read(name).status in _SERVING
    except NotFoundError:
        return False


@cache
def _router(ports: World) -> Router:
    return Router(
        splits=ports.splits,
        invoker=ports.invoker,
        keys=ports.keys,
        clock=ports.clock,
        nonce=lambda: os.urandom(16).hex(),
    )
