"""Kendra's operations."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobKind, Jobs, State
from emulator.ai.kendra import indexing, queries
from emulator.ai.kendra.indexes import Indexes
from emulator.ai.kendra.syncing import synchronised
from emulator.ai.pages import Paging
from emulator.ai.roles import Roles
from emulator.ai.searching import ranking
from emulator.ai.site import Site
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission

RECORDED = "recorded"
SYNC_SECONDS = 20.0
"""How long a synchronisation takes here, on the cloud's clock."""

_STATUSES = {
    State.QUEUED: "SYNCING",
    State.IN_PROGRESS: "SYNCING",
    State.STOPPING: "STOPPING",
    State.COMPLETED: "SUCCEEDED",
    State.FAILED: "FAILED",
    State.STOPPED: "ABORTED",
}
_OF_SOURCES = frozenset(
    {
        "DescribeDataSource",
        "DeleteDataSource",
        "StartDataSourceSyncJob",
        "StopDataSourceSyncJob",
        "ListDataSourceSyncJobs",
    }
)
_OF_ALL = frozenset({"CreateIndex", "ListIndices"})
_INDEX_SUMMARY = ("Name", "Id", "Edition", "CreatedAt", "UpdatedAt", "Status")
_SOURCE_SUMMARY = ("Name", "Id", "Type", "CreatedAt", "UpdatedAt", "Status", "LanguageCode")
_PAGES = Paging(most=100, code="ValidationException")
_HISTORY_PAGES = Paging(most=10, code="ValidationException")


@dataclass(kw_only=True, slots=True)
class Kendra:
    """The service of one cloud."""

    site: Site
    indexes: Indexes
    roles: Roles
    syncs: Jobs

    @classmethod
    def of(cls, site: Site) -> "Kendra":
        """The service without an index of its own."""
        indexes = Indexes(now=site.now, recorded=site.recorded)
        roles = Roles(site=site, principal="kendra.amazonaws.com")
        kind = JobKind(
            work=lambda job: synchronised(job, indexes, roles),
            seconds=lambda _job: SYNC_SECONDS,
            changed=lambda _job: None,
        )
        return cls(site=site, indexes=indexes, roles=roles, syncs=Jobs(site, kind))

    def operations(self) -> Mapping[str, Operation]:
        """What each operation answers."""
        return {
            "CreateIndex": self._recorded(self.indexes.create),
            "UpdateIndex": self._recorded(self.indexes.update),
            "DescribeIndex": self._recorded(self._described),
            "ListIndices": self._recorded(self._listed),
            "DeleteIndex": self._recorded(lambda t, r: self.indexes.delete(t, r["Id"])),
            "CreateDataSource": self._recorded(self._new_source),
            "DescribeDataSource": self._recorded(
                lambda t, r: self.indexes.source(t, r["IndexId"], r["Id"])
            ),
            "ListDataSources": self._recorded(self._listed_sources),
            "DeleteDataSource": self._recorded(
                lambda t, r: self.indexes.delete_source(t, r["IndexId"], r["Id"])
            ),
            "StartDataSourceSyncJob": self._start,
            "StopDataSourceSyncJob": self._recorded(self._stop),
            "ListDataSourceSyncJobs": self._recorded(self._history),
            "BatchPutDocument": self._put,
            "BatchDeleteDocument": self._delete,
            "BatchGetDocumentStatus": self._recorded(
                lambda t, r: indexing.statuses(self.indexes.get(t, r["IndexId"]).contents, r)
            ),
            "Query": self._searched(queries.query),
            "Retrieve": self._searched(queries.retrieve),
        }

    @staticmethod
    def _recorded(told: Callable[[tuple[str, str], Mapping[str, Any]], Json | None]) -> Operation:
        def answer(call: Call) -> Answer:
            body = told(call.tenant, call.request)
            return Answer(body={} if body is None else body, engine=RECORDED)

        return answer

    def _searched(self, found: Callable[..., Json]) -> Operation:
        def answer(call: Call) -> Answer:
            index = self.indexes.get(call.tenant, call.request["IndexId"])
            return Answer(body=found(index, call.request), engine=ranking.ENGINE)

        return answer

    def _put(self, call: Call) -> Answer:
        index = self.indexes.get(call.tenant, call.request["IndexId"])
        return Answer(body=indexing.put_documents(index, call, self.roles), engine=ranking.ENGINE)

    def _delete(self, call: Call) -> Answer:
        index = self.indexes.get(call.tenant, call.request["IndexId"])
        return Answer(body=indexing.delete_documents(index.contents, call), engine=ranking.ENGINE)

    def _described(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        index = self.indexes.get(tenant, request["Id"])
        documents = list(index.contents.documents.values())
        return {
            **index.described,
            "IndexStatistics": {
                "FaqStatistics": {"IndexedQuestionAnswersCount": 0},
                "TextDocumentStatistics": {
                    "IndexedTextDocumentsCount": len(documents),
                    "IndexedTextBytes": sum(document.text_bytes for document in documents),
                },
            },
        }

    def _listed(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        now = {"CreatedAt": self.site.now(), "UpdatedAt": self.site.now()}
        return _PAGES.page(
            self.indexes.of(tenant),
            request,
            member="IndexConfigurationSummaryItems",
            shown=lambda index: _chosen({**now, **index}, _INDEX_SUMMARY),
        )

    def _listed_sources(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        return _PAGES.page(
            self.indexes.sources(tenant, request["IndexId"]),
            request,
            member="SummaryItems",
            shown=lambda source: _chosen(source, _SOURCE_SUMMARY),
        )

    def _new_source(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        _require_bucket(request)
        return self.indexes.create_source(tenant, request)

    def _start(self, call: Call) -> Answer:
        source = self.indexes.source(call.tenant, call.request["IndexId"], call.request["Id"])
        _require_bucket(source)
        if any(not job.state.ended for job in self._runs(call.tenant, call.request)):
            raise RefusedRequestError(
                "ResourceInUseException",
                f"The data source {source['Id']} is already being synchronised",
            )
        job = Job(
            tenant=call.tenant,
            id=str(uuid.uuid4()),
            request={"IndexId": call.request["IndexId"], "Id": call.request["Id"]},
            client=call.client,
            submitted=self.site.now(),
        )
        self.syncs.start(job, call.fate)
        return Answer(body={"ExecutionId": job.id}, engine=ranking.ENGINE)

    def _stop(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> None:
        self.indexes.source(tenant, request["IndexId"], request["Id"])
        for job in self._runs(tenant, request):
            self.syncs.stop(tenant, job.id)

    def _history(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> Json:
        self.indexes.source(tenant, request["IndexId"], request["Id"])
        wanted = request.get("StatusFilter")
        between = request.get("StartTimeFilter", {})
        start, end = between.get("StartTime", 0), between.get("EndTime", float("inf"))
        runs = [
            _history_item(job)
            for job in self._runs(tenant, request)
            if wanted in {None, _STATUSES[job.state]} and start <= job.submitted <= end
        ]
        return _HISTORY_PAGES.page(runs, request, member="History")

    def _runs(self, tenant: tuple[str, str], request: Mapping[str, Any]) -> list[Job]:
        mine = {"IndexId": request["IndexId"], "Id": request["Id"]}
        return [job for job in self.syncs.of(tenant) if job.request == mine]


def _history_item(job: Job) -> Json:
    item = {
        "ExecutionId": job.id,
        "StartTime": job.submitted,
        "EndTime": job.ended,
        "Status": _STATUSES[job.state],
        "Metrics": job.output.get("Metrics", {}),
    }
    failures = job.output.get("failures", [])
    message = job.failure if job.failure is not None else "; ".join(failures)
    if message:
        item |= {"ErrorMessage": " ".join(message.split())[:2048], "ErrorCode": "InvalidRequest"}
    if failures:
        item["Status"] = "INCOMPLETE"
    return {name: value for name, value in item.items() if value is not None}


def _chosen(described: Mapping[str, Any], names: Sequence[str]) -> Json:
    return {name: described[name] for name in names if name in described}


def _require_bucket(source: Mapping[str, Any]) -> None:
    bucket = source.get("Configuration", {}).get("S3Configuration")
    if source["Type"] != "S3" or bucket is None:
        what = f"data sources of the type {source['Type']}, only S3 with an S3Configuration"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    if source.get("RoleArn") is None:
        raise RefusedRequestError(
            "ValidationException", "RoleArn must be given for a data source of the type S3"
        )


def resource(asked: Asked) -> str:
    """The index that an operation is about, `*` for those about all."""
    if asked.operation in _OF_ALL:
        return "*"
    index = _index_arn(asked)
    return f"{index}/data-source/{asked.request.get('Id', '*')}" if _about_source(asked) else index


def also_asked(asked: Asked) -> Sequence[Permission]:
    """What is done with a data source is asked on its index too; roles have to be passed."""
    index = [Permission(action=f"kendra:{asked.operation}", resource=_index_arn(asked))]
    role = asked.request.get("RoleArn")
    passed = [
        Permission(
            action="iam:PassRole",
            resource=str(role),
            context={"iam:PassedToService": "kendra.amazonaws.com"},
        )
    ]
    return [*(index if _about_source(asked) else ()), *(passed if role is not None else ())]


def _about_source(asked: Asked) -> bool:
    return asked.operation in _OF_SOURCES


def _index_arn(asked: Asked) -> str:
    account, region = asked.tenant
    request = asked.request
    name = request.get("IndexId", request.get("Id", "*"))
    return f"arn:aws:kendra:{region}:{account}:index/{name}"
