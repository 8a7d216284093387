"""Rotation of secrets: the function of a rotation schedule is run step by step, as AWS runs it.

A rotation that is asked for runs at once, in the background. Schedules are kept and shown, but no
clock starts a rotation here: months would have to pass. Knows nothing of ministack.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.cloudformation.registry import (
    RESOURCE_TYPES,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.runtime import Runtime

TYPE_NAME = "AWS::SecretsManager::RotationSchedule"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")
ATTEMPTS = 5
"""How often a failed step's rotation is tried again (Secrets Manager user guide)."""

_log = logging.getLogger(__name__)

Invoke = Callable[[Mapping[str, str]], str | None]
"""Runs the function on a step's event; what went wrong, or None."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rotation:
    """One rotation of a secret towards a new version."""

    secret_arn: str
    version: str
    invoke: Invoke

    def start(self) -> None:
        """The rotation runs on a thread of its own."""
        threading.Thread(target=self.run, daemon=True, name="secret-rotation").start()

    def run(self) -> bool:
        """All steps were done in their order; False if they failed every time they were tried."""
        return any(self._attempt() for _ in range(ATTEMPTS))

    def _attempt(self) -> bool:
        for step in STEPS:
            event = {
                "Step": step,
                "SecretId": self.secret_arn,
                "ClientRequestToken": self.version,
            }
            failure = self.invoke(event)
            if failure is not None:
                _log.warning("rotation of %s failed in %s: %s", self.secret_arn, step, failure)
                return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedules:
    """`AWS::SecretsManager::RotationSchedule`: `Ref` is the secret's ARN."""

    configure: Callable[[str, str | None, Mapping[str, Any] | None], str]
    """(secret, function, rules) are set; returns the secret's ARN, LookupError without secret."""
    rotate: Callable[[str], str]

    def create(self, _context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The secret knows its function; it is rotated at once unless the template says no."""
        try:
            arn = self.configure(
                properties["SecretId"],
                properties.get("RotationLambdaARN"),
                properties.get("RotationRules"),
            )
        except LookupError as error:
            raise ResourceError(str(error)) from error
        if str(properties.get("RotateImmediatelyOnUpdate", True)).lower() == "true":
            self.rotate(arn)
        return Provisioned(physical_id=arn)

    def update(
        self,
        context: ResourceContext,
        _physical_id: str,
        _old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The secret has the new function and rules."""
        return self.create(context, new)

    def delete(
        self, _context: ResourceContext, physical_id: str, _properties: Mapping[str, Any]
    ) -> None:
        """The secret is rotated no longer; one that is gone needs nothing."""
        try:
            self.configure(physical_id, None, None)
        except LookupError:
            return


def install(runtime: Runtime) -> None:
    """RotateSecret runs the secret's function, and templates can say which one that is."""
    from emulator.seams import secretsmanager as seam  # noqa: PLC0415 - imports ministack

    async def start() -> None:
        seam.install()

    runtime.on_start(start)
    RESOURCE_TYPES.add(TYPE_NAME, Schedules(configure=seam.configure, rotate=seam.rotate))
