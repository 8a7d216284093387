"""Model packages in SageMaker's registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate.errors import TidegateError
from tidegate.training.package import Package, package_of
from tidegate_aws.errors import code_of, message_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sagemaker import SageMakerClient

_ABSENT = "does not exist"
_PAGE = 100


class GroupNotEmptyError(TidegateError):
    """A group still holds versions; the message says what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A group of the model registry."""

    client: SageMakerClient
    group: str

    def newest_approved(self) -> Package | None:
        """The approved version with the highest number, None without one or without the group."""
        try:
            listed = self.client.list_model_packages(
                ModelPackageGroupName=self.group,
                ModelApprovalStatus="Approved",
                SortBy="CreationTime",
                SortOrder="Descending",
                MaxResults=1,
            )["ModelPackageSummaryList"]
        except self.client.exceptions.ClientError as error:
            if code_of(error) == "ValidationException" and _ABSENT in message_of(error):
                return None
            raise
        return self.package(listed[0]["ModelPackageArn"]) if listed else None

    def waiting(self) -> str | None:
        """The ARN of the newest version that nobody approved or rejected; None without one."""
        listed = self.client.list_model_packages(
            ModelPackageGroupName=self.group,
            ModelApprovalStatus="PendingManualApproval",
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=1,
        )["ModelPackageSummaryList"]
        return listed[0]["ModelPackageArn"] if listed else None

    def package(self, arn: str) -> Package:
        """The version of that ARN."""
        return package_of(self.client.describe_model_package(ModelPackageName=arn))

    def approval(self, arn: str) -> str:
        """`Approved`, `Rejected` or `PendingManualApproval`."""
        return self.client.describe_model_package(ModelPackageName=arn)["ModelApprovalStatus"]

    def arns(self) -> tuple[str, ...]:
        """Every version, the newest first; at most a hundred."""
        listed = self.client.list_model_packages(
            ModelPackageGroupName=self.group,
            SortBy="CreationTime",
            SortOrder="Descending",
            MaxResults=_PAGE,
        )
        return tuple(each["ModelPackageArn"] for each in listed["ModelPackageSummaryList"])

    def decide(self, arn: str, *, status: str, reason: str) -> None:
        """The version has this approval status, and the reason with it."""
        self.client.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved" if status == "Approved" else "Rejected",
            ApprovalDescription=reason,
        )

    def empty(self, *, out_of_time: Callable[[], bool]) -> int:
        """No version is in the group; returns how many were deleted. A missing group is empty.

        GroupNotEmptyError when time runs out: done again, it goes on from there.
        """
        deleted = 0
        while True:
            arns = self._some()
            if not arns:
                return deleted
            for arn in arns:
                if out_of_time():
                    raise GroupNotEmptyError(
                        f"group {self.group} still has versions after {deleted} were deleted: "
                        "delete the stack again, it goes on from there"
                    )
                self.client.delete_model_package(ModelPackageName=arn)
                deleted += 1

    def _some(self) -> tuple[str, ...]:
        try:
            return self.arns()
        except self.client.exceptions.ClientError as error:
            if code_of(error) == "ValidationException" and _ABSENT in message_of(error):
                return ()
            raise
