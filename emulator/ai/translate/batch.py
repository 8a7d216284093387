"""Batch jobs of Translate: documents of an S3 folder, read and written as the job's role."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import (
    Job,
    JobFailedError,
    JobKind,
    Jobs,
    State,
    TokenReusedError,
)
from emulator.ai.pages import Paging
from emulator.ai.site import Site
from emulator.ai.translate.operations import AUTO, KEPT, Translate, pair
from emulator.ai.translate.pseudo import ENGINE, Localizer
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.events import Event
from emulator.seams.services import Permission

PRINCIPAL = "translate.amazonaws.com"
SECONDS = 20.0
"""How long a job takes on the cloud's clock."""
TYPES = ("text/html", "text/plain")

_PAGES = Paging(most=100, code="InvalidRequestException")
_STATUS = {
    State.QUEUED: "SUBMITTED",
    State.IN_PROGRESS: "IN_PROGRESS",
    State.STOPPING: "STOP_REQUESTED",
    State.STOPPED: "STOPPED",
    State.FAILED: "FAILED",
}
_KEPT_MEMBERS = (
    "JobName",
    "SourceLanguageCode",
    "TargetLanguageCodes",
    "TerminologyNames",
    "InputDataConfig",
    "OutputDataConfig",
    "DataAccessRoleArn",
)


def also_asked(asked: Asked) -> list[Permission]:
    """Who starts a job gives Translate a role."""
    if asked.operation != "StartTextTranslationJob":
        return []
    role = str(asked.request.get("DataAccessRoleArn", "*"))
    context = {"iam:PassedToService": PRINCIPAL}
    return [Permission(action="iam:PassRole", resource=role, context=context)]


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """The jobs of one cloud."""

    translate: Translate
    site: Site

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        kind = JobKind(work=self._work, seconds=lambda _job: SECONDS, changed=self._tell)
        return _Api(batch=self, jobs=Jobs(self.site, kind)).operations()

    def check(self, call: Call) -> None:
        """The job can be done, or the caller's error says why not."""
        request = call.request
        if request["SourceLanguageCode"] == AUTO:
            raise RefusedRequestError(
                NOT_EMULATED, not_emulated("batch jobs that detect the source language")
            )
        for target in request["TargetLanguageCodes"]:
            pair(request["SourceLanguageCode"], target)
        unknown = [name for name in ("Settings", "ParallelDataNames") if request.get(name)]
        if unknown:
            raise RefusedRequestError(NOT_EMULATED, not_emulated(f"{', '.join(unknown)} of jobs"))
        if request["InputDataConfig"]["ContentType"] not in TYPES:
            raise RefusedRequestError(
                NOT_EMULATED, not_emulated(f"content types but {' and '.join(TYPES)}")
            )
        for name in request.get("TerminologyNames", []):
            self.translate.terminologies.get(call.tenant, name)
        role = request["DataAccessRoleArn"]
        if not self.site.trusts(role, PRINCIPAL):
            raise RefusedRequestError(
                "InvalidRequestException", f"{PRINCIPAL} cannot assume the role {role}"
            )

    def _work(self, job: Job) -> Json:
        request = job.request
        s3 = self.site.clients_of_role(request["DataAccessRoleArn"], job.tenant[1])("s3")
        writer = _Writer(s3=s3, job=job)
        try:
            keys = _listed(s3, request["InputDataConfig"]["S3Uri"])
            documents = {name: _read(s3, place) for name, place in keys.items()}
            for target in request["TargetLanguageCodes"]:
                terms = self._terms(job, target)
                for name, text in documents.items():
                    if text is not None:
                        localized = Localizer(target=target, terms=terms).localized(text)
                        writer.put(f"{target}.{name}", localized.encode())
                writer.put_details(target, documents)
        except ClientError as error:
            raise JobFailedError(f"The role may not read or write: {error}") from error
        if not documents:
            raise JobFailedError("There is no document in the input folder")
        broken = sum(text is None for text in documents.values())
        return {**job.output, "documents": len(documents), "broken": broken}

    def _terms(self, job: Job, target: str) -> Mapping[str, str]:
        source = job.request["SourceLanguageCode"]
        names = job.request.get("TerminologyNames", [])
        found = [self.translate.terminologies.get(job.tenant, name) for name in names]
        return {k: v for each in found for k, v in each.terms(source, target).items()}

    def _tell(self, job: Job) -> None:
        """EventBridge of an end ("Monitoring Amazon Translate with EventBridge")."""
        if not job.state.ended:
            return
        event = Event(
            source="aws.translate",
            detail_type="Translate TextTranslationJob State Change",
            detail={"jobId": job.id, "jobStatus": status_of(job)},
        )
        self.site.publish(job.tenant, event)


def status_of(job: Job) -> str:
    """As the API spells it."""
    if job.state is State.COMPLETED:
        return "COMPLETED_WITH_ERROR" if job.output["broken"] else "COMPLETED"
    return _STATUS[job.state]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Api:
    """The operations on jobs."""

    batch: Batch
    jobs: Jobs

    def operations(self) -> Mapping[str, Operation]:
        return {
            "StartTextTranslationJob": self._start,
            "DescribeTextTranslationJob": self._describe,
            "ListTextTranslationJobs": self._list,
            "StopTextTranslationJob": self._stop,
        }

    def _start(self, call: Call) -> Answer:
        self.batch.check(call)
        job_id = uuid.uuid4().hex
        account = call.tenant[0]
        folder = call.request["OutputDataConfig"]["S3Uri"].rstrip("/")
        job = Job(
            tenant=call.tenant,
            id=job_id,
            request=call.request,
            client=call.client,
            submitted=self.batch.site.now(),
            token=call.request["ClientToken"],
            output={"folder": f"{folder}/{account}-TranslateText-{job_id}/"},
        )
        try:
            started = self.jobs.start(job, call.fate)
        except TokenReusedError as error:
            raise RefusedRequestError("InvalidParameterValueException", str(error)) from error
        return Answer(body={"JobId": started.id, "JobStatus": status_of(started)}, engine=ENGINE)

    def _describe(self, call: Call) -> Answer:
        job = self._job(call, self.jobs.get(call.tenant, call.request["JobId"]))
        return Answer(body={"TextTranslationJobProperties": described(job)}, engine=KEPT)

    def _stop(self, call: Call) -> Answer:
        job = self._job(call, self.jobs.stop(call.tenant, call.request["JobId"]))
        return Answer(body={"JobId": job.id, "JobStatus": status_of(job)}, engine=KEPT)

    def _list(self, call: Call) -> Answer:
        wanted: Mapping[str, Any] = call.request.get("Filter", {})
        if len(wanted) > 1:
            raise RefusedRequestError("InvalidFilterException", "A filter has one condition")
        found = [
            job
            for job in self.jobs.of(call.tenant)
            if wanted.get("JobName") in {None, job.request.get("JobName")}
            and wanted.get("JobStatus") in {None, status_of(job)}
            and job.submitted < wanted.get("SubmittedBeforeTime", float("inf"))
            and job.submitted > wanted.get("SubmittedAfterTime", float("-inf"))
        ]
        member = "TextTranslationJobPropertiesList"
        body = _PAGES.page(found, call.request, member=member, shown=described)
        return Answer(body=body, engine=KEPT)

    @staticmethod
    def _job(call: Call, found: Job | None) -> Job:
        if found is None:
            raise RefusedRequestError(
                "ResourceNotFoundException", f"The job {call.request['JobId']} does not exist"
            )
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Writer:
    """Writes into the folder of a job."""

    s3: Any
    job: Job

    def put(self, name: str, content: bytes) -> None:
        """The document is in the folder."""
        bucket, key = _place(f"{self.job.output['folder']}{name}")
        key_id = self.job.request["OutputDataConfig"].get("EncryptionKey", {}).get("Id")
        encryption = (
            {} if key_id is None else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_id}
        )
        self.s3.put_object(Bucket=bucket, Key=key, Body=content, **encryption)

    def put_details(self, target: str, documents: Mapping[str, str | None]) -> None:
        """What became of each document, as Translate tells beside them."""
        details = [
            {"sourceFile": name, "targetFile": f"{target}.{name}"}
            if text is not None
            else {"sourceFile": name, "errorMessage": "The document is not UTF-8"}
            for name, text in documents.items()
        ]
        told = {"sourceLanguageCode": self.job.request["SourceLanguageCode"], "details": details}
        name = f"details/{target}.auxiliary-translation-details.json"
        self.put(name, json.dumps({**told, "targetLanguageCode": target}).encode())


def _place(uri: str) -> tuple[str, str]:
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _listed(s3: Any, uri: str) -> dict[str, tuple[str, str]]:
    """The documents of a folder by their names in it."""
    bucket, prefix = _place(uri if uri.endswith("/") else f"{uri}/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
    return {key[len(prefix) :]: (bucket, key) for key in keys if not key.endswith("/")}


def _read(s3: Any, place: tuple[str, str]) -> str | None:
    """The document's text, None if it is none."""
    bucket, key = place
    content: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


def described(job: Job) -> Json:
    """The job as the API has it."""
    kept = {name: job.request[name] for name in _KEPT_MEMBERS if name in job.request}
    kept["OutputDataConfig"] = {**kept["OutputDataConfig"], "S3Uri": job.output["folder"]}
    count, broken = int(job.output.get("documents", 0)), int(job.output.get("broken", 0))
    return {
        "JobId": job.id,
        "JobStatus": status_of(job),
        "SubmittedTime": job.submitted,
        **({} if job.ended is None else {"EndTime": job.ended}),
        **({} if job.failure is None else {"Message": job.failure}),
        "JobDetails": {
            "InputDocumentsCount": count,
            "TranslatedDocumentsCount": count - broken,
            "DocumentsWithErrorsCount": broken,
        },
        **kept,
    }
