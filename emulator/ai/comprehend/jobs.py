"""Asynchronous jobs of Comprehend: documents of S3, read and written as the job's role.

Output: "Asynchronous batch processing" in the developer guide.
"""

import io
import json
import tarfile
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.comprehend import entities, languages, operations, personal, sentiment
from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobFailedError, JobKind, Jobs, State, TokenReusedError
from emulator.ai.pages import Paging
from emulator.ai.site import Site
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission

PRINCIPAL = "comprehend.amazonaws.com"
KEPT = "kept by the embedded cloud"
"""The engine of answers in which nothing is judged."""
SECONDS = 20.0
"""How long a job takes on the cloud's clock."""
DOCUMENT_BYTES = 100_000
"""The most of a document; of sentiment it is `operations.SHORT_TEXT_BYTES`."""

_PAGES = Paging(most=100, code="InvalidRequestException")
_STATUS = {
    State.QUEUED: "SUBMITTED",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.COMPLETED: "COMPLETED",
    State.FAILED: "FAILED",
    State.STOPPING: "STOP_REQUESTED",
    State.STOPPED: "STOPPED",
}
_LEFT_OUT = frozenset({"ClientRequestToken", "Tags"})
_UNKNOWN = ("VolumeKmsKeyId", "VpcConfig", "EntityRecognizerArn", "FlywheelArn", "RedactionConfig")


@dataclass(frozen=True, kw_only=True, slots=True)
class JobType:
    """One kind of jobs: what it says of a document, by which engine, in which languages."""

    noun: str
    code: str
    """In the name of the output folder."""
    judge: Callable[[str], Json]
    engine: str
    languages: tuple[str, ...] = (operations.ENGLISH,)
    most_bytes: int = DOCUMENT_BYTES


def _entities(text: str) -> Json:
    found = entities.found(text)
    return {"Entities": [{**operations.member(span), "Text": span.of(text)} for span in found]}


def _personal(text: str) -> Json:
    return {"Entities": [operations.member(span) for span in personal.found(text)]}


TYPES = (
    JobType(
        noun="Sentiment",
        code="SENTIMENT",
        judge=sentiment.judged,
        engine=sentiment.ENGINE,
        most_bytes=operations.SHORT_TEXT_BYTES,
    ),
    JobType(noun="Entities", code="NER", judge=_entities, engine=entities.ENGINE),
    JobType(
        noun="DominantLanguage",
        code="LANGUAGE",
        judge=languages.judged,
        engine=languages.ENGINE,
        languages=(),
    ),
    JobType(
        noun="PiiEntities",
        code="PII",
        judge=_personal,
        engine=personal.ENGINE,
        languages=operations.PERSONAL_DATA_LANGUAGES,
    ),
)


def also_asked(asked: Asked) -> list[Permission]:
    """Who starts a job gives Comprehend a role."""
    role = asked.request.get("DataAccessRoleArn")
    if role is None or not asked.operation.startswith("Start"):
        return []
    context = {"iam:PassedToService": PRINCIPAL}
    return [Permission(action="iam:PassRole", resource=role, context=context)]


def operations_of(site: Site) -> Mapping[str, Operation]:
    """Of all kinds of jobs, by name."""
    return {
        name: operation
        for kind in TYPES
        for name, operation in _Api.of(kind, site).operations().items()
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Api:
    """The operations on jobs of one kind."""

    kind: JobType
    site: Site
    jobs: Jobs

    @classmethod
    def of(cls, kind: JobType, site: Site) -> "_Api":
        work = _Worker(kind=kind, site=site).work
        told = JobKind(work=work, seconds=lambda _job: SECONDS, changed=lambda _job: None)
        return cls(kind=kind, site=site, jobs=Jobs(site, told))

    def operations(self) -> Mapping[str, Operation]:
        noun = self.kind.noun
        return {
            f"Start{noun}DetectionJob": self._start,
            f"Describe{noun}DetectionJob": self._describe,
            f"List{noun}DetectionJobs": self._list,
            f"Stop{noun}DetectionJob": self._stop,
        }

    def _start(self, call: Call) -> Answer:
        self._check(call.request)
        job_id, account = uuid.uuid4().hex, call.tenant[0]
        folder = call.request["OutputDataConfig"]["S3Uri"].rstrip("/")
        job = Job(
            tenant=call.tenant,
            id=job_id,
            request=call.request,
            client=call.client,
            submitted=self.site.now(),
            token=call.request.get("ClientRequestToken"),
            output={"folder": f"{folder}/{account}-{self.kind.code}-{job_id}/output"},
        )
        try:
            started = self.jobs.start(job, call.fate)
        except TokenReusedError as error:
            raise RefusedRequestError("InvalidRequestException", str(error)) from error
        body = {
            "JobId": started.id,
            "JobArn": self._arn(started),
            "JobStatus": _STATUS[started.state],
        }
        return Answer(body=body, engine=self.kind.engine)

    def _check(self, request: Mapping[str, Any]) -> None:
        unknown = [name for name in _UNKNOWN if request.get(name)]
        if request.get("Mode", "ONLY_OFFSETS") != "ONLY_OFFSETS":
            unknown.append(f"Mode {request['Mode']}")
        code = request.get("LanguageCode")
        if self.kind.languages and code not in self.kind.languages:
            unknown.append(f"LanguageCode {code}, only {' and '.join(self.kind.languages)}")
        if unknown:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(f"{', '.join(unknown)} of jobs"))
        role = request["DataAccessRoleArn"]
        if not self.site.trusts(role, PRINCIPAL):
            raise RefusedRequestError(
                "InvalidRequestException", f"{PRINCIPAL} cannot assume the role {role}"
            )

    def _describe(self, call: Call) -> Answer:
        job = self._found(call, self.jobs.get(call.tenant, call.request["JobId"]))
        body = {f"{self.kind.noun}DetectionJobProperties": self._shown(job)}
        return Answer(body=body, engine=KEPT)

    def _stop(self, call: Call) -> Answer:
        job = self._found(call, self.jobs.stop(call.tenant, call.request["JobId"]))
        return Answer(body={"JobId": job.id, "JobStatus": _STATUS[job.state]}, engine=KEPT)

    def _list(self, call: Call) -> Answer:
        wanted: Mapping[str, Any] = call.request.get("Filter", {})
        if len(wanted) > 1:
            raise RefusedRequestError("InvalidFilterException", "A filter has one condition")
        found = [
            job
            for job in self.jobs.of(call.tenant)
            if wanted.get("JobName") in {None, job.request.get("JobName")}
            and wanted.get("JobStatus") in {None, _STATUS[job.state]}
            and job.submitted < wanted.get("SubmitTimeBefore", float("inf"))
            and job.submitted > wanted.get("SubmitTimeAfter", float("-inf"))
        ]
        member = f"{self.kind.noun}DetectionJobPropertiesList"
        body = _PAGES.page(found, call.request, member=member, shown=self._shown)
        return Answer(body=body, engine=KEPT)

    @staticmethod
    def _found(call: Call, job: Job | None) -> Job:
        if job is None:
            raise RefusedRequestError(
                "JobNotFoundException", f"The job {call.request['JobId']} does not exist"
            )
        return job

    def _arn(self, job: Job) -> str:
        noun = "".join(f"-{c.lower()}" if c.isupper() else c for c in self.kind.noun)[1:]
        account, region = job.tenant
        return f"arn:aws:comprehend:{region}:{account}:{noun}-detection-job/{job.id}"

    def _shown(self, job: Job) -> Json:
        kept = {name: job.request[name] for name in job.request if name not in _LEFT_OUT}
        name = "" if self.kind.code == "PII" else "/output.tar.gz"
        kept["OutputDataConfig"] = {
            **kept["OutputDataConfig"],
            "S3Uri": f"{job.output['folder']}{name}",
        }
        return {
            "JobId": job.id,
            "JobArn": self._arn(job),
            "JobStatus": _STATUS[job.state],
            "SubmitTime": job.submitted,
            **({} if job.ended is None else {"EndTime": job.ended}),
            **({} if job.failure is None else {"Message": job.failure}),
            **kept,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worker:
    """Does the jobs of one kind."""

    kind: JobType
    site: Site

    def work(self, job: Job) -> Json:
        """What is said of each document is in S3."""
        role, region = job.request["DataAccessRoleArn"], job.tenant[1]
        s3 = self.site.clients_of_role(role, region)("s3")
        try:
            documents = _documents(s3, job.request["InputDataConfig"])
            if not documents:
                raise JobFailedError("No documents were found in the input")
            rows = {name: list(self._rows(name, texts)) for name, texts in documents.items()}
            for name, content in self._files(rows):
                bucket, key = _place(f"{job.output['folder']}/{name}")
                s3.put_object(Bucket=bucket, Key=key, Body=content)
        except ClientError as error:
            raise JobFailedError(f"The role may not read or write: {error}") from error
        return job.output

    def _rows(self, name: str, texts: Sequence[str]) -> Iterator[Json]:
        for line, text in enumerate(texts):
            place = {"File": name, "Line": line}
            if len(text.encode()) > self.kind.most_bytes:
                message = f"Document size exceeds maximum size limit {self.kind.most_bytes} bytes."
                code = "DOCUMENT_SIZE_EXCEEDED"
                yield {**place, "ErrorCode": code, "ErrorMessage": message}
            else:
                yield {**place, **self.kind.judge(text)}

    def _files(self, rows: Mapping[str, Sequence[Json]]) -> Iterator[tuple[str, bytes]]:
        """Personal data lies beside each document's name, all else in one archive."""
        lines = {name: "".join(f"{json.dumps(row)}\n" for row in rows[name]) for name in rows}
        if self.kind.code == "PII":
            yield from ((f"{name}.out", text.encode()) for name, text in lines.items())
            return
        content = "".join(lines.values()).encode()
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
            entry = tarfile.TarInfo("output")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        yield "output.tar.gz", buffer.getvalue()


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _documents(s3: Any, config: Mapping[str, Any]) -> dict[str, list[str]]:
    """The documents of each file: its lines, or all of it (`ONE_DOC_PER_FILE`)."""
    bucket, prefix = _place(config["S3Uri"])
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    folder = prefix[: prefix.rfind("/") + 1]
    found = {}
    for key in (key for key in keys if not key.endswith("/")):
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        text = body.decode("utf-8", errors="replace")
        whole = config.get("InputFormat", "ONE_DOC_PER_LINE") == "ONE_DOC_PER_FILE"
        found[key.removeprefix(folder)] = [text] if whole else text.splitlines()
    return found
