"""Textract's operations: one page at once, whole documents by jobs."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobFailedError, JobKind, Jobs, State, TokenReusedError
from emulator.ai.pages import Paging
from emulator.ai.site import Site
from emulator.ai.textract.analysis import TEXT, Wanted, read, wanted
from emulator.ai.textract.documents import MOST_PAGES, inline, stored
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.services import Permission

KEPT = "kept by the embedded cloud"
"""The engine of answers in which nothing is read."""
PRINCIPAL = "textract.amazonaws.com"
MODEL_VERSION = "1.0"
"""AWS's own versions are dates or numbers like this; there is one set of rules here."""
JOB_SECONDS = 5.0
"""How long a job takes on the cloud's clock."""
QUERIES_AT_ONCE, QUERIES_OF_JOB = 15, 30
"""The most a page, by "Set Quotas in Amazon Textract"."""
MOST_RESULTS = 1_000
"""Blocks in one page of results, and so many unless fewer are asked for."""

_PAGING = Paging(most=MOST_RESULTS, code="InvalidParameterException")
_STATUS = {State.COMPLETED: "SUCCEEDED", State.FAILED: "FAILED"}


def also_asked(asked: Asked) -> Sequence[Permission]:
    """What a caller needs beside the operation: to pass the role that tells of the job's end."""
    channel = asked.request.get("NotificationChannel")
    role = channel.get("RoleArn") if isinstance(channel, dict) else None
    if not isinstance(role, str):
        return ()
    context = {"iam:PassedToService": PRINCIPAL}
    return [Permission(action="iam:PassRole", resource=role, context=context)]


def detect(call: Call) -> Answer:
    """DetectDocumentText."""
    document = inline(call.request["Document"], call.client)
    found = read(document, TEXT, most_pages=1)
    body: Json = {
        "DocumentMetadata": {"Pages": found.pages},
        "Blocks": found.blocks,
        "DetectDocumentTextModelVersion": MODEL_VERSION,
    }
    return Answer(body=body, engine=found.engine)


def analyze(call: Call) -> Answer:
    """AnalyzeDocument."""
    want = wanted(call.request, most_questions=QUERIES_AT_ONCE)
    document = inline(call.request["Document"], call.client)
    found = read(document, want, most_pages=1)
    body: Json = {
        "DocumentMetadata": {"Pages": found.pages},
        "Blocks": found.blocks,
        "AnalyzeDocumentModelVersion": MODEL_VERSION,
    }
    return Answer(body=body, engine=found.engine)


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentJobs:
    """The jobs of one pair of operations, `StartX` and `GetX`."""

    site: Site
    name: str
    """X: `DocumentTextDetection`, `DocumentAnalysis`."""
    version_member: str
    jobs: Jobs

    @classmethod
    def of(cls, site: Site, name: str, version_member: str) -> "DocumentJobs":
        """No jobs yet."""
        kind = JobKind(
            work=lambda job: _work(job, name, version_member),
            seconds=lambda _job: JOB_SECONDS,
            changed=lambda job: _tell(job, site, name),
        )
        return cls(site=site, name=name, version_member=version_member, jobs=Jobs(site, kind))

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {f"Start{self.name}": self._start, f"Get{self.name}": self._get}

    def _start(self, call: Call) -> Answer:
        request = call.request
        _wanted_of(request, self.name)
        place = (request.get("DocumentLocation") or {}).get("S3Object")
        _require_object(place, call)
        self._require_trust(request)
        _require_output(request, call)
        job = Job(
            tenant=call.tenant,
            id=uuid.uuid4().hex + uuid.uuid4().hex,
            request=request,
            client=call.client,
            submitted=self.site.now(),
            token=request.get("ClientRequestToken"),
        )
        try:
            started = self.jobs.start(job, call.fate)
        except TokenReusedError as error:
            raise RefusedRequestError(
                "IdempotentParameterMismatchException",
                f"A ClientRequestToken was reused with other parameters: {error}",
            ) from error
        return Answer(body={"JobId": started.id}, engine=KEPT)

    def _require_trust(self, request: Mapping[str, Any]) -> None:
        channel = request.get("NotificationChannel")
        if channel is not None and not self.site.trusts(channel["RoleArn"], PRINCIPAL):
            raise RefusedRequestError(
                "InvalidParameterException",
                f"The role {channel['RoleArn']} does not let {PRINCIPAL} assume it",
            )

    def _get(self, call: Call) -> Answer:
        job = self.jobs.get(call.tenant, call.request["JobId"])
        if job is None:
            raise RefusedRequestError(
                "InvalidJobIdException", f"There is no job of this id: {call.request['JobId']}"
            )
        most = int(call.request.get("MaxResults", MOST_RESULTS))
        request = {**call.request, "MaxResults": min(most, MOST_RESULTS)}
        body: Json = {"JobStatus": _status(job), self.version_member: MODEL_VERSION}
        if job.state is State.FAILED:
            body["StatusMessage"] = job.failure
        elif job.state is State.COMPLETED:
            page = _PAGING.page(job.output["Blocks"], request, member="Blocks")
            body = {**body, **page, "DocumentMetadata": job.output["DocumentMetadata"]}
        return Answer(body=body, engine=str(job.output.get("engine", KEPT)))


def _status(job: Job) -> str:
    return _STATUS.get(job.state, "IN_PROGRESS")


def _wanted_of(request: Mapping[str, Any], name: str) -> Wanted:
    if name != "DocumentAnalysis":
        return TEXT
    return wanted(request, most_questions=QUERIES_OF_JOB)


def _require_object(place: Any, call: Call) -> None:
    """AWS looks for the object when the job is started, and reads it later."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    if not isinstance(place, dict) or not place.get("Bucket") or not place.get("Name"):
        raise RefusedRequestError(
            "InvalidParameterException",
            f"DocumentLocation.S3Object needs Bucket and Name, got {place!r}",
        )
    version = {} if place.get("Version") is None else {"VersionId": place["Version"]}
    try:
        call.client("s3").head_object(Bucket=place["Bucket"], Key=place["Name"], **version)
    except ClientError as error:
        raise RefusedRequestError(
            "InvalidS3ObjectException",
            "Unable to get object metadata from S3. Check object key, region and/or access "
            f"permissions. ({error})",
        ) from error


def _require_output(request: Mapping[str, Any], call: Call) -> None:
    """As on AWS, a file `.s3_access_check` shows that results can be written where they go."""
    from botocore.exceptions import ClientError  # noqa: PLC0415 - the server starts without it

    where = request.get("OutputConfig")
    if where is None:
        return
    try:
        _put(call, request, f"{_prefix(where)}/.s3_access_check", b"")
    except ClientError as error:
        raise RefusedRequestError(
            "InvalidS3ObjectException", f"Results can not be written to the bucket: {error}"
        ) from error


def _prefix(where: Mapping[str, Any]) -> str:
    return str(where.get("S3Prefix", "textract_output")).rstrip("/")


def _put(owner: Call | Job, request: Mapping[str, Any], key: str, body: bytes) -> None:
    extra = {}
    if request.get("KMSKeyId"):
        extra = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": request["KMSKeyId"]}
    bucket = request["OutputConfig"]["S3Bucket"]
    owner.client("s3").put_object(Bucket=bucket, Key=key, Body=body, **extra)


def _work(job: Job, name: str, version_member: str) -> Json:
    try:
        document = stored(job.request["DocumentLocation"]["S3Object"], job.client)
        found = read(document, _wanted_of(job.request, name), most_pages=MOST_PAGES)
    except RefusedRequestError as error:
        raise JobFailedError(f"{error.code}: {error.message}") from error
    output: Json = {"DocumentMetadata": {"Pages": found.pages}, "Blocks": found.blocks}
    if job.request.get("OutputConfig") is not None:
        _write_results(job, {**output, "JobStatus": "SUCCEEDED", version_member: MODEL_VERSION})
    return {**output, "engine": found.engine}


def _write_results(job: Job, answer: Json) -> None:
    """Files `1`, `2`, ... under the job's id, each an answer of the Get operation."""
    prefix = _prefix(job.request["OutputConfig"])
    blocks = answer["Blocks"]
    starts = range(0, max(1, len(blocks)), MOST_RESULTS)
    for number, start in enumerate(starts, start=1):
        part = {**answer, "Blocks": blocks[start : start + MOST_RESULTS]}
        body = json.dumps(part).encode()
        _put(job, job.request, f"{prefix}/{job.id}/{number}", body)


def _tell(job: Job, site: Site, name: str) -> None:
    """The topic gets the message of the developer guide, "Amazon SNS completion notification"."""
    channel = job.request.get("NotificationChannel")
    if channel is None or not job.state.ended:
        return
    place = job.request["DocumentLocation"]["S3Object"]
    message: Json = {
        "JobId": job.id,
        "Status": _status(job),
        "API": f"Start{name}",
        "Timestamp": int(1000 * (site.now() if job.ended is None else job.ended)),
        "DocumentLocation": {"S3ObjectName": place["Name"], "S3Bucket": place["Bucket"]},
    }
    if job.request.get("JobTag") is not None:
        message["JobTag"] = job.request["JobTag"]
    sns = site.clients_of_role(channel["RoleArn"], job.tenant[1])("sns")
    sns.publish(TopicArn=channel["SNSTopicArn"], Message=json.dumps(message))
