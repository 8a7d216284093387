"""A review by Amazon CodeGuru Reviewer: an archive is put beside its association and reviewed.

AWS makes no new associations since 2025-11-07; this is for accounts that have one.
"""

import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.exits import CommandError
from cli.review.findings import Finding, Review, Severity, worst_first

TOOL = "codeguru-reviewer"
_SEVERITIES = {
    "Critical": Severity.HIGH,
    "High": Severity.HIGH,
    "Medium": Severity.MEDIUM,
    "Low": Severity.LOW,
    "Info": Severity.LOW,
}
_POLL_SECONDS = 5.0
_PATIENCE_SECONDS = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """An association, its bucket, and clients of boto3 by the names of services."""

    client: Callable[[str], Any]
    association: str
    bucket: str
    name: str
    """Of the review; the association has no other of it."""

    def reviewed(
        self, root: Path, files: Sequence[str], *, ignore: frozenset[str] = frozenset()
    ) -> Review:
        """What it recommends; the archive is gone again. CommandError if the review failed."""
        key, s3 = f"{self.name}.zip", self.client("s3")
        s3.put_object(Bucket=self.bucket, Key=key, Body=_archive(root, files))
        try:
            arn = self._started(key)
            self._ended(arn)
            found = worst_first(each for each in self._found(arn) if each.rule not in ignore)
        finally:
            s3.delete_object(Bucket=self.bucket, Key=key)
        return Review(findings=found, files=len(files), tools=(TOOL,))

    def _started(self, key: str) -> str:
        artifacts = {"SourceCodeArtifactsObjectKey": key}
        details = {"BucketName": self.bucket, "CodeArtifacts": artifacts}
        repository = {"Name": self._repository(), "Details": details}
        made = self.client(TOOL).create_code_review(
            Name=self.name,
            RepositoryAssociationArn=self.association,
            Type={"RepositoryAnalysis": {"SourceCodeType": {"S3BucketRepository": repository}}},
            ClientRequestToken=self.name,
        )
        return str(made["CodeReview"]["CodeReviewArn"])

    def _repository(self) -> str:
        told = self.client(TOOL).describe_repository_association(AssociationArn=self.association)
        return str(told["RepositoryAssociation"]["Name"])

    def _ended(self, arn: str) -> None:
        until = time.monotonic() + _PATIENCE_SECONDS
        while True:
            review = self.client(TOOL).describe_code_review(CodeReviewArn=arn)["CodeReview"]
            if review["State"] == "Completed":
                return
            if review["State"] != "Pending":
                why = review.get("StateReason", "no reason given")
                raise CommandError(f"the code review {self.name} is {review['State']}: {why}")
            if time.monotonic() > until:
                raise CommandError(f"the code review {self.name} has not ended in an hour")
            time.sleep(_POLL_SECONDS)

    def _found(self, arn: str) -> Iterator[Finding]:
        token: dict[str, str] = {}
        while True:
            page = self.client(TOOL).list_recommendations(CodeReviewArn=arn, **token)
            yield from map(_finding, page["RecommendationSummaries"])
            if "NextToken" not in page:
                return
            token = {"NextToken": page["NextToken"]}


def _finding(told: Mapping[str, Any]) -> Finding:
    rule = told.get("RuleMetadata", {}).get("RuleId", told.get("RecommendationCategory", "none"))
    return Finding(
        path=told["FilePath"],
        line=int(told.get("StartLine", 1)),
        tool=TOOL,
        rule=str(rule).rpartition("/")[2].partition("@")[0],
        severity=_SEVERITIES.get(told.get("Severity", "Info"), Severity.LOW),
        text=" ".join(str(told.get("Description", "")).split()),
    )


def _archive(root: Path, files: Sequence[str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.write(root / name, name)
    return content.getvalue()
