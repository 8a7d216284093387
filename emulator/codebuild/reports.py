"""Report groups and reports: what builds found in the files that their `reports:` name."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from emulator.codebuild import errors
from emulator.codebuild.junit import ERROR, FAILED, SKIPPED, SUCCEEDED, TestCase
from emulator.codebuild.listing import page_of
from emulator.codebuild.state import Json, Tenant

KEPT_SECONDS = 30 * 24 * 3600.0
"""Reports expire 30 days after they were made (CodeBuild User Guide, "Test reports")."""
LONGEST_MESSAGE = 5_000
_STATUSES = (SUCCEEDED, FAILED, ERROR, SKIPPED, "UNKNOWN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportGroup:
    """A group as it was created or last updated."""

    tenant: Tenant
    name: str
    type: str
    export: Mapping[str, Any]
    tags: Mapping[str, str]
    created: float
    modified: float

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.tenant.arn("report-group", self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one build reported to a group."""

    group: ReportGroup
    build_arn: str
    created: float
    cases: tuple[TestCase, ...]

    @property
    def arn(self) -> str:
        """`report/<group>:<uuid of the build>`, as on AWS."""
        uuid = self.build_arn.rpartition(":")[2]
        return self.group.tenant.arn("report", f"{self.group.name}:{uuid}")

    @property
    def status(self) -> str:
        """FAILED if a case failed or ended in an error."""
        bad = any(case.status in (FAILED, ERROR) for case in self.cases)
        return FAILED if bad else SUCCEEDED


@dataclass(slots=True)
class ReportStore:
    """The groups and reports of every tenant, reports in the order in which they were made."""

    now: Callable[[], float]
    groups: dict[str, ReportGroup] = field(default_factory=dict)
    reports: dict[str, Report] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def group(self, arn: str) -> ReportGroup:
        """The group of that ARN, or AWS's error."""
        found = self.groups.get(arn)
        if found is None:
            raise errors.report_group_not_found(arn)
        return found

    def report(self, arn: str) -> Report:
        """The report of that ARN, or AWS's error; one that has expired is gone."""
        found = self._alive().get(arn)
        if found is None:
            raise errors.report_not_found(arn)
        return found

    def of(self, groups: Iterable[ReportGroup], request: Mapping[str, Any]) -> list[str]:
        """The ARNs of their reports that pass the filter, in the order that is asked for."""
        arns = {group.arn for group in groups}
        wanted = request.get("filter", {}).get("status")
        found = [
            report.arn
            for report in self._alive().values()
            if report.group.arn in arns and wanted in (None, report.status)
        ]
        return found if request.get("sortOrder") == "ASCENDING" else found[::-1]

    def made(self, group_arn: str, build_arn: str, cases: Sequence[TestCase]) -> Report:
        """The report of a build is there; a group that is not there yet is made, as on AWS."""
        with self.lock:
            group = self.groups.get(group_arn) or self._new_group(group_arn)
            report = Report(
                group=group, build_arn=build_arn, created=self.now(), cases=tuple(cases)
            )
            self.reports[report.arn] = report
            return report

    def _new_group(self, arn: str) -> ReportGroup:
        region, account = arn.split(":")[3:5]
        now = self.now()
        group = ReportGroup(
            tenant=Tenant(account, region),
            name=arn.rpartition("/")[2],
            type="TEST",
            export={"exportConfigType": "NO_EXPORT"},
            tags={},
            created=now,
            modified=now,
        )
        self.groups[arn] = group
        return group

    def _alive(self) -> dict[str, Report]:
        oldest = self.now() - KEPT_SECONDS
        with self.lock:
            for arn in [a for a, report in self.reports.items() if report.created < oldest]:
                del self.reports[arn]
            return dict(self.reports)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOperations:
    """The operations on report groups and reports."""

    store: ReportStore

    async def create_group(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group exists."""
        arn = tenant.arn("report-group", request["name"])
        if arn in self.store.groups:
            raise errors.report_group_exists(arn)
        _check_group(request)
        now = self.store.now()
        group = ReportGroup(
            tenant=tenant,
            name=request["name"],
            type=request["type"],
            export=request["exportConfig"],
            tags=_tags(request),
            created=now,
            modified=now,
        )
        self.store.groups[arn] = group
        return {"reportGroup": _shown_group(group)}

    async def update_group(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """Export and tags of the request replace the group's."""
        _check_group(request)
        known = self.store.group(request["arn"])
        group = replace(
            known,
            export=request.get("exportConfig", known.export),
            tags=_tags(request) if "tags" in request else known.tags,
            modified=self.store.now(),
        )
        self.store.groups[known.arn] = group
        return {"reportGroup": _shown_group(group)}

    async def delete_group(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The group is gone; one with reports only if they are to go too."""
        group = self.store.groups.get(request["arn"])
        if group is None:
            return {}
        reports = self.store.of([group], {})
        if reports and not request.get("deleteReports", False):
            raise errors.invalid_input(
                f"Report group {group.arn} has {len(reports)} reports: delete them first, or set "
                "deleteReports"
            )
        for arn in reports:
            self.store.reports.pop(arn, None)
        self.store.groups.pop(group.arn, None)
        return {}

    async def batch_get_groups(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The groups of those ARNs, and the ARNs that there are none of."""
        known, arns = self.store.groups, request["reportGroupArns"]
        return {
            "reportGroups": [_shown_group(known[arn]) for arn in arns if arn in known],
            "reportGroupsNotFound": [arn for arn in arns if arn not in known],
        }

    async def list_groups(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The ARNs of the tenant's groups."""
        orders: dict[str, Callable[[ReportGroup], Any]] = {
            "NAME": lambda group: group.name,
            "CREATED_TIME": lambda group: group.created,
            "LAST_MODIFIED_TIME": lambda group: group.modified,
        }
        groups = sorted(
            self._of(tenant),
            key=orders[request.get("sortBy", "NAME")],
            reverse=request.get("sortOrder", "ASCENDING") == "DESCENDING",
        )
        return page_of([group.arn for group in groups], request, "reportGroups")

    async def list_reports(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The ARNs of the tenant's reports, the newest first."""
        return page_of(self.store.of(self._of(tenant), request), request, "reports")

    async def list_of_group(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The ARNs of a group's reports, the newest first."""
        group = self.store.group(request["reportGroupArn"])
        return page_of(self.store.of([group], request), request, "reports")

    async def batch_get(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The reports of those ARNs, and the ARNs that there are none of."""
        found, missing = [], []
        for arn in request["reportArns"]:
            try:
                found.append(_shown(self.store.report(arn)))
            except errors.CodeBuildError:
                missing.append(arn)
        return {"reports": found, "reportsNotFound": missing}

    async def describe_cases(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The cases of a report that pass the filter, in their order."""
        report = self.store.report(request["reportArn"])
        chosen = request.get("filter", {})
        status, keyword = chosen.get("status"), str(chosen.get("keyword", "")).lower()
        cases = [
            _shown_case(report, case)
            for case in report.cases
            if status in (None, case.status) and keyword in f"{case.prefix} {case.name}".lower()
        ]
        return page_of(cases, request, "testCases")

    async def delete(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The report is gone."""
        self.store.reports.pop(request["arn"], None)
        return {}

    def _of(self, tenant: Tenant) -> list[ReportGroup]:
        return [group for group in self.store.groups.values() if group.tenant == tenant]


def _check_group(request: Mapping[str, Any]) -> None:
    if request.get("type", "TEST") != "TEST":
        raise errors.not_emulated("report groups of code coverage")
    kind = request.get("exportConfig", {}).get("exportConfigType", "NO_EXPORT")
    if kind != "NO_EXPORT":
        raise errors.not_emulated(f"the export of reports to {kind}")


def _tags(request: Mapping[str, Any]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in request.get("tags", [])}


def _shown_group(group: ReportGroup) -> Json:
    return {
        "arn": group.arn,
        "name": group.name,
        "type": group.type,
        "exportConfig": dict(group.export),
        "created": group.created,
        "lastModified": group.modified,
        "tags": [{"key": key, "value": value} for key, value in group.tags.items()],
        "status": "ACTIVE",
    }


def _shown(report: Report) -> Json:
    counts = Counter(case.status for case in report.cases)
    return {
        "arn": report.arn,
        "type": "TEST",
        "name": report.group.name,
        "reportGroupArn": report.group.arn,
        "executionId": report.build_arn,
        "status": report.status,
        "created": report.created,
        "expired": report.created + KEPT_SECONDS,
        "exportConfig": dict(report.group.export),
        "truncated": False,
        "testSummary": {
            "total": len(report.cases),
            "statusCounts": {status: counts[status] for status in _STATUSES},
            "durationInNanoSeconds": sum(case.nanoseconds for case in report.cases),
        },
    }


def _shown_case(report: Report, case: TestCase) -> Json:
    return {
        "reportArn": report.arn,
        "testRawDataPath": case.path,
        "prefix": case.prefix,
        "name": case.name,
        "status": case.status,
        "durationInNanoSeconds": case.nanoseconds,
        "message": case.message[:LONGEST_MESSAGE],
        "expired": report.created + KEPT_SECONDS,
        "testSuiteName": case.suite,
    }
