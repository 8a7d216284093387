"""What is known of a notebook instance and of a lifecycle configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """Where an instance is in its life."""

    PENDING = "Pending"
    IN_SERVICE = "InService"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    UPDATING = "Updating"
    FAILED = "Failed"
    DELETING = "Deleting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """An instance as it was asked for, and how it stands; times are Unix seconds."""

    name: str
    arn: str
    request: Mapping[str, Any]
    status: Status
    created: float
    modified: float
    failure_reason: str | None = None

    @property
    def role_arn(self) -> str:
        """The role that it works under."""
        return str(self.request["RoleArn"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LifecycleConfig:
    """Scripts of an instance, base64; they are not run."""

    name: str
    arn: str
    scripts: Mapping[str, Any]
    created: float
    modified: float
