"""The operations of both services of knowledge bases."""

import secrets
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator import apimodels
from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobKind, Jobs, State, TokenReusedError
from emulator.ai.knowledge import metadata
from emulator.ai.knowledge.bases import Bases, Contents, Document
from emulator.ai.knowledge.ingesting import STATISTICS, ingested
from emulator.ai.pages import Paging
from emulator.ai.roles import Roles
from emulator.ai.searching import ranking
from emulator.ai.searching.ranking import Ranked
from emulator.ai.site import Site, Tenant
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

RECORDED = "recorded"
INGESTION_SECONDS = 20.0
"""How long an ingestion takes here, on the cloud's clock."""
RESULTS = 5
"""Passages that are retrieved when a request does not say how many."""
SOURCE_URI, DATA_SOURCE = "x-amz-bedrock-kb-source-uri", "x-amz-bedrock-kb-data-source-id"
CHUNK = "x-amz-bedrock-kb-chunk-id"

_STATUSES = {
    State.QUEUED: "STARTING",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.STOPPING: "STOPPING",
    State.COMPLETED: "COMPLETE",
    State.FAILED: "FAILED",
    State.STOPPED: "STOPPED",
}
_BASE_SUMMARY = ("knowledgeBaseId", "name", "description", "status", "updatedAt")
_SOURCE_SUMMARY = (
    "knowledgeBaseId",
    "dataSourceId",
    "name",
    "status",
    "description",
    "updatedAt",
)
_PAGES = Paging(most=1000, code="ValidationException", size="maxResults", token="nextToken")  # noqa: S106
_NOT_EMULATED = ("guardrailConfiguration", "nextToken", "userContext")
_NOT_EMULATED_OF_SEARCH = ("rerankingConfiguration", "implicitFilterConfiguration")
_ID_SIGNS = string.ascii_uppercase + string.digits


@dataclass(kw_only=True, slots=True)
class Knowledge:
    """The knowledge bases of one cloud."""

    site: Site
    bases: Bases
    roles: Roles
    ingestions: Jobs

    @classmethod
    def of(cls, site: Site) -> "Knowledge":
        """Bases into which nothing was ingested yet."""
        bases = Bases(recorded=site.recorded)
        roles = Roles(site=site, principal="bedrock.amazonaws.com")
        kind = JobKind(
            work=lambda job: ingested(job, bases, roles),
            seconds=lambda _job: INGESTION_SECONDS,
            changed=lambda _job: None,
        )
        return cls(site=site, bases=bases, roles=roles, ingestions=Jobs(site, kind))

    def control(self) -> Mapping[str, Operation]:
        """What `bedrock-agent` answers."""
        return {
            "GetKnowledgeBase": self._recorded(self._base),
            "ListKnowledgeBases": self._recorded(self._listed_bases),
            "GetDataSource": self._recorded(self._source),
            "ListDataSources": self._recorded(self._listed_sources),
            "StartIngestionJob": self._start,
            "GetIngestionJob": self._recorded(self._job),
            "ListIngestionJobs": self._recorded(self._listed_jobs),
            "StopIngestionJob": self._recorded(self._stop),
            "GetKnowledgeBaseDocuments": self._recorded(self._documents),
        }

    def retrieval(self) -> Mapping[str, Operation]:
        """What `bedrock-agent-runtime` answers."""
        return {"Retrieve": self._retrieve}

    def left(self) -> frozenset[str]:
        """The operations of `bedrock-agent` that are about no knowledge base."""
        model = apimodels.service_model("bedrock-agent")
        paths = {
            name: model.operation_model(name).http["requestUri"] for name in model.operation_names
        }
        return frozenset(n for n, path in paths.items() if not path.startswith("/knowledgebases"))

    def left_of_retrieval(self) -> frozenset[str]:
        """The operations of `bedrock-agent-runtime` that retrieve nothing, or generate besides."""
        return frozenset(
            apimodels.service_model("bedrock-agent-runtime").operation_names
        ) - frozenset(self.retrieval())

    @staticmethod
    def _recorded(told: Callable[[Tenant, Mapping[str, Any]], Json]) -> Operation:
        return lambda call: Answer(body=told(call.tenant, call.request), engine=RECORDED)

    def _moments(self) -> Json:
        return {"createdAt": self.site.now(), "updatedAt": self.site.now()}

    def _base(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        base = self.bases.get(tenant, request["knowledgeBaseId"])
        return {"knowledgeBase": {**self._moments(), **base}}

    def _listed_bases(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        return _PAGES.page(
            self.bases.of(tenant),
            request,
            member="knowledgeBaseSummaries",
            shown=lambda base: _chosen({**self._moments(), **base}, _BASE_SUMMARY),
        )

    def _source(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        source = self.bases.source(tenant, request["knowledgeBaseId"], request["dataSourceId"])
        return {"dataSource": {**self._moments(), **source}}

    def _listed_sources(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        return _PAGES.page(
            self.bases.sources(tenant, request["knowledgeBaseId"]),
            request,
            member="dataSourceSummaries",
            shown=lambda source: _chosen({**self._moments(), **source}, _SOURCE_SUMMARY),
        )

    def _documents(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        named = {name: request[name] for name in ("knowledgeBaseId", "dataSourceId")}
        source = self.bases.source(tenant, *named.values())
        base = self.bases.get(tenant, named["knowledgeBaseId"])
        contents = self.bases.contents(tenant, base)
        told = [
            {**named, "identifier": identifier, **_status(contents, identifier, source)}
            for identifier in request["documentIdentifiers"]
        ]
        return {"documentDetails": told}

    def _start(self, call: Call) -> Answer:
        request = call.request
        base = self.bases.get(call.tenant, request["knowledgeBaseId"])
        source = self.bases.source(call.tenant, request["knowledgeBaseId"], request["dataSourceId"])
        _require_emulated(base, source)
        told = {key: value for key, value in request.items() if key != "clientToken"}
        job = Job(
            tenant=call.tenant,
            id="".join(secrets.choice(_ID_SIGNS) for _ in range(10)),
            request=told,
            client=call.client,
            submitted=self.site.now(),
            token=request.get("clientToken"),
        )
        running = [each for each in self._runs(call.tenant, request) if not each.state.ended]
        if running and running[0].token != job.token:
            raise RefusedRequestError(
                "ConflictException",
                f"The ingestion job {running[0].id} of the data source is in progress",
            )
        try:
            started = self.ingestions.start(job, call.fate)
        except TokenReusedError as error:
            raise RefusedRequestError("ConflictException", str(error)) from error
        return Answer(body={"ingestionJob": _shown(started)}, engine=ranking.ENGINE)

    def _found(self, tenant: Tenant, request: Mapping[str, Any]) -> Job:
        self.bases.source(tenant, request["knowledgeBaseId"], request["dataSourceId"])
        for job in self._runs(tenant, request):
            if job.id == request["ingestionJobId"]:
                return job
        raise RefusedRequestError(
            "ResourceNotFoundException",
            f"Ingestion job with id {request['ingestionJobId']} does not exist",
        )

    def _job(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        return {"ingestionJob": _shown(self._found(tenant, request))}

    def _stop(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        job = self._found(tenant, request)
        if job.state.ended:
            raise RefusedRequestError(
                "ConflictException", f"The ingestion job {job.id} is {_STATUSES[job.state]}"
            )
        stopping = self.ingestions.stop(tenant, job.id)
        return {"ingestionJob": _shown(job if stopping is None else stopping)}

    def _listed_jobs(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        self.bases.source(tenant, request["knowledgeBaseId"], request["dataSourceId"])
        jobs = [_shown(job) for job in self._runs(tenant, request)]
        for asked in request.get("filters", ()):
            jobs = [job for job in jobs if job["status"] in asked["values"]]
        order = request.get("sortBy", {"attribute": "STARTED_AT", "order": "DESCENDING"})
        member = {"STARTED_AT": "startedAt", "STATUS": "status"}[order["attribute"]]
        jobs.sort(key=lambda job: job[member], reverse=order["order"] == "DESCENDING")
        shown = [{k: v for k, v in job.items() if k != "failureReasons"} for job in jobs]
        return _PAGES.page(shown, request, member="ingestionJobSummaries")

    def _runs(self, tenant: Tenant, request: Mapping[str, Any]) -> list[Job]:
        return [
            job
            for job in self.ingestions.of(tenant)
            if (job.request["knowledgeBaseId"], job.request["dataSourceId"])
            == (request["knowledgeBaseId"], request["dataSourceId"])
        ]

    def _retrieve(self, call: Call) -> Answer:
        question, search = _asked_of(call.request)
        base = self.bases.get(call.tenant, call.request["knowledgeBaseId"])
        self._require_query_rights(call.tenant, base)
        given = search.get("filter")
        if given is not None:
            metadata.require_filter(given)
        contents = self.bases.contents(call.tenant, base)
        with contents.lock:
            documents = dict(contents.documents)
            found = contents.passages.ranked(
                question, lambda uri: metadata.satisfies(_attributes(documents[uri]), given)
            )
        most = search.get("numberOfResults", RESULTS)
        results = [_result(ranked, documents[ranked.document]) for ranked in found[:most]]
        return Answer(body={"retrievalResults": results}, engine=ranking.ENGINE)

    def _require_query_rights(self, tenant: Tenant, base: Json) -> None:
        index = self.bases.vector_index(tenant, base)
        if index is None:
            raise RefusedRequestError(
                "ValidationException", "The vector index of the knowledge base does not exist"
            )
        needed = [(f"s3vectors:{action}", index) for action in ("QueryVectors", "GetVectors")]
        missing = self.roles.missing(base["roleArn"], needed)
        if missing:
            raise RefusedRequestError("ValidationException", "; ".join(missing))


def _asked_of(request: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The question and how it is searched; what is not emulated is refused."""
    configured = request.get("retrievalConfiguration", {})
    search = configured.get("vectorSearchConfiguration", {})
    asked = [name for name in _NOT_EMULATED if request.get(name) is not None]
    asked += [name for name in _NOT_EMULATED_OF_SEARCH if search.get(name) is not None]
    asked += [name for name in configured if name != "vectorSearchConfiguration"]
    question = request["retrievalQuery"].get("text")
    if asked or question is None:
        what = ", ".join(asked) if asked else "questions without a text"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    return question, search


def _attributes(document: Document) -> Json:
    return {**document.metadata, SOURCE_URI: document.uri, DATA_SOURCE: document.source}


def _result(ranked: Ranked, document: Document) -> Json:
    """A passage with its place."""
    return {
        "content": {"text": ranked.text, "type": "TEXT"},
        "location": {"type": "S3", "s3Location": {"uri": document.uri}},
        "score": ranked.score,
        "metadata": {**_attributes(document), CHUNK: f"{document.uri}#{ranked.number}"},
    }


def _status(contents: Contents, identifier: Mapping[str, Any], source: Json) -> Json:
    uri = identifier.get("s3", {}).get("uri", "")
    document = contents.documents.get(uri)
    if uri in contents.failed:
        return {"status": "FAILED", "statusReason": contents.failed[uri]}
    known = document is not None and document.source == source["dataSourceId"]
    return {"status": "INDEXED" if known else "NOT_FOUND"}


def _shown(job: Job) -> Json:
    ended = job.ended if job.ended is not None else job.started
    shown: Json = {
        "knowledgeBaseId": job.request["knowledgeBaseId"],
        "dataSourceId": job.request["dataSourceId"],
        "ingestionJobId": job.id,
        "status": _STATUSES[job.state],
        "startedAt": job.submitted,
        "updatedAt": job.submitted if ended is None else ended,
        "statistics": job.output.get("statistics", dict.fromkeys(STATISTICS, 0)),
    }
    if job.request.get("description") is not None:
        shown["description"] = job.request["description"]
    reasons = [job.failure] if job.failure is not None else job.output.get("failures", [])
    return {**shown, "failureReasons": [reason[:2048] for reason in reasons]} if reasons else shown


def _chosen(described: Mapping[str, Any], names: Sequence[str]) -> Json:
    return {name: described[name] for name in names if name in described}


def _require_emulated(base: Mapping[str, Any], source: Mapping[str, Any]) -> None:
    storage = base.get("storageConfiguration", {}).get("type")
    kind = source["dataSourceConfiguration"]["type"]
    asked = [] if storage == "S3_VECTORS" else [f"the storage {storage}, only S3_VECTORS"]
    asked += [] if kind == "S3" else [f"data sources of the type {kind}, only S3"]
    if asked:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(" and ".join(asked)))


def control_resource(asked: Asked) -> str:
    """The knowledge base that an operation is about, `*` for those about all."""
    name = asked.request.get("knowledgeBaseId")
    return "*" if name is None else _base_arn(asked, name)


def retrieval_resource(asked: Asked) -> str:
    """The knowledge base that is asked."""
    return _base_arn(asked, asked.request.get("knowledgeBaseId", "*"))


def _base_arn(asked: Asked, name: str) -> str:
    account, region = asked.tenant
    if name.startswith("arn:"):
        return name
    return f"arn:aws:bedrock:{region}:{account}:knowledge-base/{name}"
