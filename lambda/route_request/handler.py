"""POST /models/{model}/predictions: ask the model, sign, log.

A model with asynchronous endpoints is asked to answer later: 202, and what became of it at
GET /models/{model}/predictions/{id}.
Behind a load balancer it answers for one track, whose slot the environment names, and it says
whether that track is healthy (GET /models/{model}/health).
"""

from __future__ import annotations

import os
import sys
from functools import cache

from route_request.balancer import answer_balancer, is_balancer_event
from route_request.events import prediction_request, refusal, render
from route_request.later import (
    asked_for,
    is_answer_event,
    render_later,
    render_submitted,
    submission_of,
)
from tidegate.errors import (
    NotFoundError,
    OverrideRefusedError,
    SubmissionRefusedError,
    TargetRefusedError,
)
from tidegate.routing import Router
from tidegate.tracks import track_endpoint
from tidegate.untyped import Any
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tidegate.submitting import Submitter

_SERVING = frozenset({"InService", "Updating", "RollingBack", "SystemUpdating"})
"""States in which an endpoint answers."""

_NEEDS = (Variable.RELEASE_TABLE, Variable.SIGNING_SECRET_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer; one line of the request log is on standard output."""
    if is_answer_event(event):
        return _answer(event)
    if not is_balancer_event(event):
        return _predict(event)
    return answer_balancer(event, _predict, _is_healthy)


def _predict(event: dict[str, Any]) -> dict[str, Any]:
    ports = world(_NEEDS)
    track = ports.settings.values.get(Variable.TRACK)
    try:
        request, router = prediction_request(event, track), _router(ports)
        if router.answers_later(request.model) is not None:
            return _submit(ports, event)
        prediction = router.predict(request)
    except NotFoundError as error:
        return refusal(404, str(error))
    except OverrideRefusedError as error:
        return refusal(403, str(error))
    except (SubmissionRefusedError, TargetRefusedError) as error:
        return refusal(error.status, str(error))
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{prediction.line.to_line()}\n")
    return render(prediction)


def _submit(ports: World, event: dict[str, Any]) -> dict[str, Any]:
    """The ticket of a request that waits now; one that could not wait is in the request log."""
    named = submission_of(event)
    submitted = _submitter(ports).submit(
        prediction_request(event), key=named.key, upload=named.upload
    )
    if submitted.line is not None:
        sys.stdout.write(f"{submitted.line}\n")
    return render_submitted(submitted)


def _answer(event: dict[str, Any]) -> dict[str, Any]:
    """What became of a request that was submitted."""
    ports = world(_NEEDS)
    wanted = asked_for(event)
    try:
        found = _submitter(ports).answer(wanted.model, wanted.prediction_id, ports.keys.read())
    except NotFoundError as error:
        return refusal(404, str(error))
    return render_later(found)


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
def _submitter(ports: World) -> Submitter:
    # Loaded by those who need it: immediate answers pay for nothing of S3.
    from tidegate.submitting import Submitter  # noqa: PLC0415

    return Submitter(
        router=_router(ports),
        answers=ports.answers,
        queue=ports.model_queue,
        firsts=ports.firsts,
    )


@cache
def _router(ports: World) -> Router:
    return Router(
        splits=ports.splits,
        invoker=ports.invoker,
        keys=ports.keys,
        clock=ports.clock,
        nonce=lambda: os.urandom(16).hex(),
    )
