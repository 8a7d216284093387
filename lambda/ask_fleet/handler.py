"""POST /invocations to a fleet's load balancer, for the router, which is in no network.

It needs no endpoint of AWS and may do nothing there. Every request has a connection of its own: one
that is kept may be closed by the load balancer while a request is on its way, and nobody could tell
whether the model had it.
"""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from ask_fleet.events import Asked, answered, asked, unanswered
from tidegate.untyped import Any
from tidegate_aws.settings import Variable, read

SECONDS = 25.0
"""How long an answer may take: less than the function and the HTTP API before it have."""
_PATH = "/invocations"
_UNREACHED, _TIMED_OUT = 503, 504


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What the fleet answered; whatever goes wrong is an answer with a status."""
    url = urlsplit(read((Variable.FLEET_URL,))[Variable.FLEET_URL])
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=SECONDS)
    try:
        return _exchange(connection, asked(event))
    except TimeoutError:
        return unanswered(_TIMED_OUT, f"no answer within {SECONDS:.0f} s")
    except (OSError, http.client.HTTPException) as error:
        return unanswered(_UNREACHED, f"the fleet cannot be reached: {error}")
    finally:
        connection.close()


def _exchange(connection: http.client.HTTPConnection, request: Asked) -> dict[str, Any]:
    connection.request("POST", _PATH, body=request.body, headers=dict(request.headers))
    response = connection.getresponse()
    body = response.read()
    headers = {name.lower(): text for name, text in response.getheaders()}
    return answered(response.status, headers, body)
