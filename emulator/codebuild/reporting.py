"""Turns the files that a build's `reports:` name into reports, as far as its service role may.

CodeBuild makes them by operations that no client has (CreateReport, UpdateReport,
BatchPutTestCases); what the service role needs for them is in CodeBuild's User Guide, "Test report
permissions". A group that a buildspec gives by its name is made if it is not there.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from emulator.codebuild import artifacts
from emulator.codebuild.buildspec import ArtifactSpec, ReportSpec
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.junit import ReportFileError, TestCase, read_cases
from emulator.codebuild.reports import ReportStore
from emulator.codebuild.state import Build

_ACTIONS = ("CreateReport", "UpdateReport", "BatchPutTestCases")
MOST_CASES = 500
"""Cases that one report keeps (CodeBuild User Guide, "Quotas")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporter:
    """Where the reports of one build go; `allows` asks what its service role may do."""

    build: Build
    store: ReportStore
    allows: Callable[[str, str, str], bool]

    def report(self, spec: ReportSpec, source: Path) -> str:
        """The report is there; its ARN. PhaseError where there are no files, or no rights."""
        group = self._group(spec)
        self._require(group, created=group in self.store.groups)
        wanted = ArtifactSpec(files=spec.files, base_directory=spec.base_directory)
        files = artifacts.matching(wanted, source)
        if not files:
            raise PhaseError(
                "CLIENT_ERROR",
                f"Error in UPLOAD_ARTIFACTS phase: [{spec.group}: [report files not found in "
                "build]]",
            )
        try:
            cases = [case for name, path in files for case in read_cases(path.read_bytes(), name)]
        except ReportFileError as error:
            raise PhaseError("CLIENT_ERROR", f"{spec.group}: {error}") from error
        return self.store.made(group, self.build.arn, _first(cases)).arn

    def _group(self, spec: ReportSpec) -> str:
        if spec.group.startswith("arn:"):
            return spec.group
        project = self.build.project
        return project.tenant.arn("report-group", f"{project.name}-{spec.group}")

    def _require(self, group: str, *, created: bool) -> None:
        role = str(self.build.settings["serviceRole"])
        for action in (() if created else ("CreateReportGroup",)) + _ACTIONS:
            if not self.allows(role, f"codebuild:{action}", group):
                raise PhaseError(
                    "CLIENT_ERROR",
                    f"Error in UPLOAD_ARTIFACTS phase: AccessDeniedException: {role} is not "
                    f"authorized to perform: codebuild:{action} on resource: {group}",
                )


def _first(cases: list[TestCase]) -> list[TestCase]:
    """Failed ones come first where there are more than a report keeps."""
    if len(cases) <= MOST_CASES:
        return cases
    ranked: Iterator[TestCase] = iter(sorted(cases, key=lambda case: case.status == "SUCCEEDED"))
    return [case for _, case in zip(range(MOST_CASES), ranked, strict=False)]
