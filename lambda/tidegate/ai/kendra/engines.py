"""The two engines, each by the same few words: runs that bring an index up to date, and a search.

A run reads all documents that changed since the one before; one goes on at a time. Whose run it
was does not matter: a document is in the index once a run that began after it was put has ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from tidegate.ai.kendra.documents import READER, name_in
from tidegate.ai.kendra.settings import KENDRA, KendraSettings
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallRefusedError

BASE, SOURCE, INDEX = "base", "source", "index"
"""What functions are told of the service's resources."""
_BUSY = frozenset({"ConflictException", "ResourceInUseException"})
_READER = "reader"
"""Kendra asks for a user; access is by groups."""
_RUNS = 10
"""Runs that are looked at: the newest."""


class RunState(StrEnum):
    """How a run stands."""

    GOING = "going"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run; `began` in seconds since the epoch, `counts` are of documents."""

    id: str
    began: float
    state: RunState
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage; `score` is from 0 to 1, `confidence` a word, where the engine tells them."""

    text: str
    name: str
    score: float | None = None
    confidence: str | None = None


class Engine(Protocol):
    """What either does."""

    def runs(self, ports: ServicePorts) -> Sequence[Run]:
        """The newest runs, the newest first."""
        ...

    def start(self, ports: ServicePorts) -> None:
        """A run goes on: a new one, or one that does already."""
        ...

    def fault(self, uri: str, ports: ServicePorts) -> str | None:
        """Why a document is not in the index, None where it is."""
        ...

    def find(
        self, question: str, groups: Sequence[str], most: int, ports: ServicePorts
    ) -> Sequence[Hit]:
        """The passages of documents that one of the groups reads, the best first."""
        ...


class KnowledgeBase:
    """A Bedrock knowledge base."""

    _STATES: Mapping[str, RunState] = {
        "COMPLETE": RunState.DONE,
        "FAILED": RunState.FAILED,
        "STOPPED": RunState.FAILED,
    }
    _COUNTS: Mapping[str, str] = {
        "numberOfDocumentsScanned": "scanned",
        "numberOfNewDocumentsIndexed": "added",
        "numberOfModifiedDocumentsIndexed": "changed",
        "numberOfDocumentsDeleted": "forgotten",
        "numberOfDocumentsFailed": "failed",
    }

    def runs(self, ports: ServicePorts) -> Sequence[Run]:
        """Ingestion jobs."""
        answer = ports.calls.call(
            "bedrock-agent",
            "ListIngestionJobs",
            **_source(ports),
            sortBy={"attribute": "STARTED_AT", "order": "DESCENDING"},
            maxResults=_RUNS,
        )
        return [self._run(job) for job in answer["ingestionJobSummaries"]]

    def _run(self, job: Mapping[str, Any]) -> Run:
        told = job.get("statistics", {})
        return Run(
            id=job["ingestionJobId"],
            began=job["startedAt"].timestamp(),
            state=self._STATES.get(job["status"], RunState.GOING),
            counts={word: int(told.get(name, 0)) for name, word in self._COUNTS.items()},
        )

    def start(self, ports: ServicePorts) -> None:
        """An ingestion job."""
        _start(ports, "bedrock-agent", "StartIngestionJob", _source(ports))

    def fault(self, uri: str, ports: ServicePorts) -> str | None:
        """By the document's own status."""
        answer = ports.calls.call(
            "bedrock-agent",
            "GetKnowledgeBaseDocuments",
            **_source(ports),
            documentIdentifiers=[{"dataSourceType": "S3", "s3": {"uri": uri}}],
        )
        (told,) = answer["documentDetails"]
        if told["status"] in {"INDEXED", "PARTIALLY_INDEXED"}:
            return None
        return str(told.get("statusReason", told["status"]))

    def find(
        self, question: str, groups: Sequence[str], most: int, ports: ServicePorts
    ) -> Sequence[Hit]:
        """By vectors; documents of other readers are left out by their metadata."""
        each = [{"equals": {"key": f"{READER}{group}", "value": True}} for group in groups]
        search = {
            "numberOfResults": most,
            "filter": each[0] if len(each) == 1 else {"orAll": each},
        }
        answer = ports.calls.call(
            "bedrock-agent-runtime",
            "Retrieve",
            knowledgeBaseId=ports.resources[BASE],
            retrievalQuery={"text": question},
            retrievalConfiguration={"vectorSearchConfiguration": search},
        )
        return [
            Hit(
                text=result["content"]["text"],
                name=name_in(result["location"]["s3Location"]["uri"]),
                score=result.get("score"),
            )
            for result in answer["retrievalResults"]
        ]


def _source(ports: ServicePorts) -> Mapping[str, str]:
    return {
        "knowledgeBaseId": ports.resources[BASE],
        "dataSourceId": ports.resources[SOURCE],
    }


def _start(ports: ServicePorts, service: str, operation: str, named: Mapping[str, str]) -> None:
    try:
        ports.calls.call(service, operation, **named)
    except CallRefusedError as error:
        if error.code not in _BUSY:
            raise


class KendraIndex:
    """An index of Amazon Kendra."""

    _STATES: Mapping[str, RunState] = {
        "SUCCEEDED": RunState.DONE,
        "INCOMPLETE": RunState.DONE,
        "FAILED": RunState.FAILED,
        "ABORTED": RunState.FAILED,
    }
    _COUNTS: Mapping[str, str] = {
        "DocumentsScanned": "scanned",
        "DocumentsAdded": "added",
        "DocumentsModified": "changed",
        "DocumentsDeleted": "forgotten",
        "DocumentsFailed": "failed",
    }

    def runs(self, ports: ServicePorts) -> Sequence[Run]:
        """Synchronisations of the data source."""
        answer = ports.calls.call(
            "kendra", "ListDataSourceSyncJobs", **self._source(ports), MaxResults=_RUNS
        )
        runs = [self._run(told) for told in answer.get("History", ())]
        return sorted(runs, key=lambda run: run.began, reverse=True)

    def _run(self, told: Mapping[str, Any]) -> Run:
        counts = told.get("Metrics", {})
        return Run(
            id=told["ExecutionId"],
            began=told["StartTime"].timestamp(),
            state=self._STATES.get(told["Status"], RunState.GOING),
            counts={word: int(counts.get(name, 0)) for name, word in self._COUNTS.items()},
        )

    def start(self, ports: ServicePorts) -> None:
        """A synchronisation."""
        _start(ports, "kendra", "StartDataSourceSyncJob", self._source(ports))

    def fault(self, uri: str, ports: ServicePorts) -> str | None:
        """By the document's own status; Kendra names documents of buckets by their address."""
        answer = ports.calls.call(
            "kendra",
            "BatchGetDocumentStatus",
            IndexId=ports.resources[INDEX],
            DocumentInfoList=[{"DocumentId": uri}],
        )
        (told,) = answer["DocumentStatusList"]
        if told["DocumentStatus"] in {"INDEXED", "UPDATED"}:
            return None
        return str(told.get("FailureReason", told["DocumentStatus"]))

    def find(
        self, question: str, groups: Sequence[str], most: int, ports: ServicePorts
    ) -> Sequence[Hit]:
        """By Kendra's own ranking; documents of other readers are left out by their lists.

        The context is never left out: without one, an index shows every document.
        """
        answer = ports.calls.call(
            "kendra",
            "Retrieve",
            IndexId=ports.resources[INDEX],
            QueryText=question,
            PageSize=most,
            UserContext={"UserId": _READER, "Groups": list(groups)},
        )
        return [
            Hit(
                text=item["Content"],
                name=name_in(item["DocumentId"]),
                confidence=item.get("ScoreAttributes", {}).get("ScoreConfidence"),
            )
            for item in answer.get("ResultItems", ())
        ]

    @staticmethod
    def _source(ports: ServicePorts) -> Mapping[str, str]:
        return {"Id": ports.resources[SOURCE], "IndexId": ports.resources[INDEX]}


def engine_of(settings: KendraSettings) -> Engine:
    """The engine that the settings choose."""
    return KendraIndex() if settings.engine == KENDRA else KnowledgeBase()
