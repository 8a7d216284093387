"""Who an action acts as: the pipeline's role, or the action's own role, assumed by it.

CodePipeline assumes the pipeline's role by its trust; with that it asks STS for the action's role,
so that both the permission to assume it and its trust are enforced.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.codepipeline.errors import PERMISSION_ERROR, ActionError
from emulator.runtime import Credentials, Runtime
from emulator.seams.authorization import denial
from emulator.seams.services import Permission

_RENEW_SECONDS = 2700.0
"""Sessions of STS last an hour of wall time; actions may last days."""


@dataclass(slots=True, kw_only=True)
class _Held:
    credentials: Credentials
    since: float
    clients: dict[tuple[str, str], Any]


class Sessions:
    """Clients of the roles of pipelines."""

    def __init__(self, runtime: Runtime, trusts: Callable[[str], bool]) -> None:
        self._runtime = runtime
        self._trusts = trusts
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str | None, str], _Held] = {}

    def client(
        self, service: str, region: str, *, role: str, action_role: str | None, name: str
    ) -> Any:
        """A client that acts as the action's role, or as the pipeline's without one.

        ActionError if one of them can't be assumed; `name` becomes the session's.
        """
        held = self._current(role, action_role, name)
        with self._lock:
            if (service, region) not in held.clients:
                session: Any = held.credentials.session(
                    endpoint_url=self._runtime.endpoint_url, region=region
                )
                config = Config(retries={"max_attempts": 2, "mode": "standard"}, read_timeout=960)
                held.clients[service, region] = session.client(service, config=config)
            return held.clients[service, region]

    def credentials(self, role: str, action_role: str | None, name: str) -> Credentials:
        """The session's keys."""
        return self._current(role, action_role, name).credentials

    def require(
        self, permission: Permission, region: str, *, role: str, action_role: str | None, name: str
    ) -> None:
        """The session may do it, or ActionError says in AWS's words that it may not."""
        credentials = self.credentials(role, action_role, name)
        account = (action_role or role).split(":")[4]
        refused = denial(credentials, permission, account=account, region=region)
        if refused is not None:
            raise insufficient(refused)

    def _current(self, role: str, action_role: str | None, name: str) -> _Held:
        if not self._trusts(role):
            raise ActionError(
                PERMISSION_ERROR,
                f"CodePipeline is not authorized to perform AssumeRole on role {role}",
            )
        key = (role, action_role, name)
        held = self._held.get(key)
        if held is None or (action_role and time.monotonic() - held.since > _RENEW_SECONDS):
            own = self._runtime.role_credentials(role, name)
            granted = own if action_role is None else self._assumed(own, action_role, name)
            held = _Held(credentials=granted, since=time.monotonic(), clients={})
            self._forget_old()
            self._held[key] = held
        return held

    def _forget_old(self) -> None:
        """Sessions of actions' roles that are too old to be used: executions have their own."""
        limit = time.monotonic() - _RENEW_SECONDS
        for key, held in tuple(self._held.items()):
            if key[1] is not None and held.since < limit:
                self._held.pop(key, None)

    def _assumed(self, own: Credentials, action_role: str, name: str) -> Credentials:
        region = self._runtime.settings.region
        session = own.session(endpoint_url=self._runtime.endpoint_url, region=region)
        try:
            answer = session.client("sts").assume_role(
                RoleArn=action_role, RoleSessionName=name[:64]
            )
        except ClientError as error:
            raise ActionError(
                PERMISSION_ERROR,
                f"CodePipeline is not authorized to perform AssumeRole on role {action_role}: "
                f"{error.response['Error'].get('Message')}",
            ) from error
        return Credentials.of_sts(answer["Credentials"])


def insufficient(underlying: str) -> ActionError:
    """A permission that the role lacks, as CodePipeline words it."""
    return ActionError(
        PERMISSION_ERROR,
        "Insufficient permissions: The provided role does not have permissions to perform this "
        f"action. Underlying error: {underlying}",
    )


DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"})


def explained(error: ClientError) -> ActionError:
    """What a refused call means for the action that made it."""
    found = error.response["Error"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    said = f"{found.get('Message')} (Status Code: {status}; Error Code: {found.get('Code')})"
    if str(found.get("Code")) in DENIED:
        return insufficient(f"{error.operation_name}: {said}")
    return ActionError("JobFailed", said)
