"""POST /models/{model}/predictions: ask the model, sign, log."""

import os
import sys
from functools import cache

from route_request.events import prediction_request, refusal, render
from tidegate.errors import NotFoundError, OverrideRefusedError
from tidegate.routing import Router
from tidegate.untyped import Any
from tidegate_aws.settings import Variable
from tidegate_aws.world import World, world

_NEEDS = (Variable.RELEASE_TABLE, Variable.SIGNING_SECRET_ARN)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The HTTP answer; one line of the request log is on standard output."""
    router = _router(world(_NEEDS))
    try:
        prediction = router.predict(prediction_request(event))
    except NotFoundError as error:
        return refusal(404, str(error))
    except OverrideRefusedError as error:
        return refusal(403, str(error))
    # In one write: two requests of one process never mix their lines.
    sys.stdout.write(f"{prediction.line.to_line()}\n")
    return render(prediction)


@cache
def _router(ports: World) -> Router:
    return Router(
        splits=ports.splits,
        invoker=ports.invoker,
        keys=ports.keys,
        clock=ports.clock,
        nonce=lambda: os.urandom(16).hex(),
    )
