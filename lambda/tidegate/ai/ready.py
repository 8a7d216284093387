"""Whether an arm that is tested can answer as its settings say: what it needs may take hours."""

from tidegate.ai.kind import READY
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import ProblemError
from tidegate.errors import NotFoundError


def require_ready(ports: ServicePorts) -> None:
    """ProblemError for an arm on trial that is not ready: what it said would be judged as its own.

    The judge sees an error of the arm. The live arm answers as well as it can.
    """
    key = ports.resources.get(READY)
    if not ports.on_trial or key is None:
        return
    try:
        ports.files.read(key)
    except NotFoundError as error:
        message = f"these settings are on trial and were not made ready: there is no {key} yet"
        raise ProblemError("not-ready", message, status=503, retry_after=60) from error
