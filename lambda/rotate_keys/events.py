"""What Secrets Manager asks of a rotation function."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tidegate.errors import InvalidValueError


class Step(StrEnum):
    """The steps of a rotation, in their order (Secrets Manager user guide, "Rotation function")."""

    CREATE = "createSecret"
    SET = "setSecret"
    TEST = "testSecret"
    FINISH = "finishSecret"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """One step of the rotation that makes the version named by a token."""

    step: Step
    secret_arn: str
    version: str

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> "Rotation":
        """The step in an event; InvalidValueError names a step that there is not."""
        steps = [step.value for step in Step]
        if event.get("Step") not in steps:
            raise InvalidValueError([f"step is {event.get('Step')!r}, allowed: {', '.join(steps)}"])
        return cls(
            step=Step(event["Step"]),
            secret_arn=event["SecretId"],
            version=event["ClientRequestToken"],
        )
