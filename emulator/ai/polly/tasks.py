"""Speech synthesis tasks: jobs that write to S3 and tell SNS, with their caller's rights."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.jobs import Job, JobFailedError, JobKind, Jobs, State
from emulator.ai.pages import Paging
from emulator.ai.polly.encoding import FORMATS
from emulator.ai.polly.operations import KEPT, TASK_CHARACTERS, Polly, Wish, media_type
from emulator.ai.site import Site
from emulator.jsonapi import Json, RefusedRequestError
from emulator.seams.services import Permission

SECONDS_A_CHARACTER = 0.002
"""How long a task takes on the cloud's clock, beside `LEAST_SECONDS`."""
LEAST_SECONDS = 5.0

_STATUS = {
    State.QUEUED: "scheduled",
    State.IN_PROGRESS: "inProgress",
    State.COMPLETED: "completed",
    State.FAILED: "failed",
}
_KEPT_MEMBERS = (
    "SnsTopicArn",
    "LexiconNames",
    "OutputFormat",
    "SampleRate",
    "SpeechMarkTypes",
    "TextType",
    "VoiceId",
    "LanguageCode",
    "Engine",
)
_PAGES = Paging(most=100, code="InvalidNextTokenException")


@dataclass(frozen=True, kw_only=True, slots=True)
class Tasks:
    """The tasks of one cloud."""

    polly: Polly
    jobs: Jobs
    site: Site

    @classmethod
    def of(cls, polly: Polly, site: Site) -> "Tasks":
        """None so far."""
        kind = JobKind(work=_Worker(polly=polly).work, seconds=_seconds, changed=_tell)
        return cls(polly=polly, jobs=Jobs(site, kind), site=site)

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "StartSpeechSynthesisTask": self._start,
            "GetSpeechSynthesisTask": self._get,
            "ListSpeechSynthesisTasks": self._list,
        }

    def _start(self, call: Call) -> Answer:
        wish = self.polly.wish(call.request, call.tenant, most=TASK_CHARACTERS)
        job_id = str(uuid.uuid4())
        job = Job(
            tenant=call.tenant,
            id=job_id,
            request=call.request,
            client=call.client,
            submitted=self.site.now(),
            output={"uri": _uri(call, wish, job_id), "characters": wish.characters},
        )
        started = self.jobs.start(job, call.fate)
        return Answer(body={"SynthesisTask": described(started)}, engine=self.polly.mouth.engine)

    def _get(self, call: Call) -> Answer:
        job = self.jobs.get(call.tenant, call.request["TaskId"])
        if job is None:
            raise RefusedRequestError(
                "SynthesisTaskNotFoundException",
                f"The synthesis task {call.request['TaskId']} does not exist",
            )
        return Answer(body={"SynthesisTask": described(job)}, engine=KEPT)

    def _list(self, call: Call) -> Answer:
        wanted = call.request.get("Status")
        found = [
            job for job in self.jobs.of(call.tenant) if wanted in {None, _STATUS.get(job.state)}
        ]
        body = _PAGES.page(found, call.request, member="SynthesisTasks", shown=described)
        return Answer(body=body, engine=KEPT)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Worker:
    """Does the tasks."""

    polly: Polly

    def work(self, job: Job) -> Json:
        """What is spoken is in S3."""
        wish = self.polly.wish(job.request, job.tenant, most=TASK_CHARACTERS)
        bucket, _, key = job.output["uri"].partition("://")[2].partition("/")[2].partition("/")
        try:
            job.client("s3").put_object(
                Bucket=bucket,
                Key=key,
                Body=self.polly.fulfilled(wish),
                ContentType=media_type(wish.format),
            )
        except ClientError as error:
            raise JobFailedError(f"The output could not be written to S3: {error}") from error
        return job.output


def _seconds(job: Job) -> float:
    return LEAST_SECONDS + float(job.output["characters"]) * SECONDS_A_CHARACTER


def _uri(call: Call, wish: Wish, job_id: str) -> str:
    """`https://s3.REGION.amazonaws.com/BUCKET/PREFIX.ID.EXTENSION` (API reference, OutputUri)."""
    request = call.request
    prefix = request.get("OutputS3KeyPrefix", "")
    extension = "marks" if wish.format == "json" else FORMATS[wish.format].extension
    name = f"{prefix}.{job_id}" if prefix else job_id
    bucket, region = request["OutputS3BucketName"], call.tenant[1]
    return f"https://s3.{region}.amazonaws.com/{bucket}/{name}.{extension}"


def also_asked(asked: Asked) -> list[Permission]:
    """A caller who starts a task needs to write its output and to tell its topic."""
    request = asked.request
    if asked.operation != "StartSpeechSynthesisTask":
        return []
    prefix = f"{request.get('OutputS3BucketName', '*')}/{request.get('OutputS3KeyPrefix', '')}"
    wanted = [Permission(action="s3:PutObject", resource=f"arn:aws:s3:::{prefix}.x")]
    topic = request.get("SnsTopicArn")
    return wanted if topic is None else [*wanted, Permission(action="sns:Publish", resource=topic)]


def described(job: Job) -> Json:
    """The task as the API has it."""
    kept = {name: job.request[name] for name in _KEPT_MEMBERS if name in job.request}
    return {
        "TaskId": job.id,
        "TaskStatus": _STATUS[job.state],
        **({} if job.failure is None else {"TaskStatusReason": job.failure}),
        "OutputUri": job.output["uri"],
        "CreationTime": job.submitted,
        "RequestCharacters": job.output["characters"],
        **kept,
    }


def _tell(job: Job) -> None:
    """The topic of the task has a message of its end."""
    topic = job.request.get("SnsTopicArn")
    if topic is not None and job.state.ended:
        job.client("sns").publish(TopicArn=topic, Message=json.dumps(message_of(job)))


def message_of(job: Job) -> Mapping[str, Any]:
    """What SNS is told: the task in lower camel case, its status in capitals."""
    told = {name[0].lower() + name[1:]: value for name, value in described(job).items()}
    moment = datetime.fromtimestamp(job.submitted, UTC)
    return {
        **told,
        "taskStatus": job.state.name,
        "creationTime": moment.isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
