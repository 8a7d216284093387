"""What the registry remembers of groups and of the packages in them. Immutable values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

APPROVED, PENDING = "Approved", "PendingManualApproval"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageGroup:
    """A group as it was created; `versions` is the highest version that was ever given in it."""

    name: str
    arn: str
    description: str | None
    created: float
    versions: int = 0
    policy: str | None = None
    """Its resource policy as JSON text, None without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPackage:
    """A version in a group: `members` as DescribeModelPackage answers them.

    One without a group, which has a name of its own, has group "" and version 0. `request` is the
    CreateModelPackage request that made it, by which a repeated one is known.
    """

    group: str
    version: int
    arn: str
    members: Mapping[str, Any]
    request: Mapping[str, Any]
    created: float
    modified: float | None = None
    """When it was last updated, in Unix seconds; None if it never was."""

    @property
    def name(self) -> str:
        """What lists sort and filter by: a version has no name but its group's."""
        return self.group if self.versioned else str(self.request["ModelPackageName"])

    @property
    def versioned(self) -> bool:
        """Whether it is in a group."""
        return self.version > 0

    @property
    def approval(self) -> str:
        """`Approved`, `Rejected` or `PendingManualApproval`; "" of one that is in no group."""
        return str(self.members.get("ModelApprovalStatus", ""))
