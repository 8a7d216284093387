"""Files of forms: read by a job, looked at by a person where Textract is not sure, one record each.

A killed function's work goes on from what is there: jobs are started under the work as their token,
reviews and decisions have its name.
"""

import json
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import CallFailedError, CallRefusedError, ProblemError, unusable
from tidegate.ai.textract.blocks import Blocks
from tidegate.ai.textract.documents import REFUSED
from tidegate.ai.textract.records import Record, record_of, reviewed
from tidegate.ai.textract.reviews import (
    TOPIC,
    announced_key,
    decision_key,
    draft_in,
    review_document,
    review_key,
)
from tidegate.ai.textract.settings import TextractSettings, features, questions
from tidegate.errors import NotFoundError

ROLE, REVIEWS = "role", "reviews"
"""What functions are told of the service's resources, beside the topic."""
MOST_JOBS = 4
"""How often a form is read that Textract failed on, before it is a dead letter."""
_OLD_SECONDS = 3_600
"""A failed job that is older than this is tried anew: somebody sent the dead letter back."""
_LOOK_SECONDS, _REVIEW_SECONDS = 60, 900
_DAY = 86_400


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The job runs; it tells the topic when it is over."""
    return _started(arrived, ports, tries=1)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The record, if the job is over and nothing in it is doubtful or a person has looked at it."""
    if "review_until" in state:
        return _reviewed(arrived, float(state["review_until"]), ports)
    answer = _job(state, ports)
    status = answer["JobStatus"]
    if status == "IN_PROGRESS":
        return Waiting(state=state, seconds=_LOOK_SECONDS)
    if status == "PARTIAL_SUCCESS":
        # A record of some pages would look like that of a form which says less.
        pages = sorted({page for one in answer.get("Warnings", []) for page in one["Pages"]})
        named = ", ".join(str(page) for page in pages)
        raise unusable(f"Textract could not read every page ({named}): send the form again")
    if status == "FAILED":
        return _again(arrived, state, str(answer.get("StatusMessage", "")), ports)
    return _read(arrived, _record(state, answer, ports), ports)


def _started(arrived: Arrived, ports: ServicePorts, *, tries: int) -> Progress:
    settings: TextractSettings = ports.settings
    bucket, _, key = ports.files.uri(arrived.key).removeprefix("s3://").partition("/")
    asked = questions(settings)
    more = {"QueriesConfig": {"Queries": asked}} if asked else {}
    try:
        answer = ports.calls.call(
            "textract",
            "StartDocumentAnalysis",
            DocumentLocation={"S3Object": {"Bucket": bucket, "Name": key}},
            FeatureTypes=list(features(settings)),
            ClientRequestToken=f"{arrived.work}-{tries}",
            JobTag=arrived.work,
            NotificationChannel={
                "SNSTopicArn": ports.resources[TOPIC],
                "RoleArn": ports.resources[ROLE],
            },
            **more,
        )
    except CallRefusedError as error:
        if error.code in REFUSED:
            raise unusable(REFUSED[error.code]) from error
        raise
    state = {"job": answer["JobId"], "tries": tries, "began": ports.clock.now()}
    return Waiting(state=state, seconds=_LOOK_SECONDS)


def _job(state: Mapping[str, Any], ports: ServicePorts, **more: Any) -> Mapping[str, Any]:
    return ports.calls.call("textract", "GetDocumentAnalysis", JobId=state["job"], **more)


def _again(arrived: Arrived, state: Mapping[str, Any], why: str, ports: ServicePorts) -> Progress:
    """A document that cannot be read is refused; what else fails is tried with another job."""
    for code, message in REFUSED.items():
        if code.removesuffix("Exception").lower() in why.lower():
            raise unusable(message)
    tries = int(state["tries"])
    if tries < MOST_JOBS or ports.clock.now() - float(state["began"]) > _OLD_SECONDS:
        return _started(arrived, ports, tries=tries + 1)
    raise CallFailedError(
        operation="textract:StartDocumentAnalysis", code="JobFailed", message=f"{tries} jobs failed"
    )


def _record(state: Mapping[str, Any], first: Mapping[str, Any], ports: ServicePorts) -> Record:
    """The record of all pages of results."""
    settings: TextractSettings = ports.settings
    pages = int(first["DocumentMetadata"]["Pages"])
    if pages > settings.most_pages:
        raise unusable(f"the form has {pages} pages, at most {settings.most_pages}: send parts")
    blocks, answer = Blocks(), first
    blocks.add(answer["Blocks"])
    while "NextToken" in answer:
        answer = _job(state, ports, NextToken=answer["NextToken"])
        blocks.add(answer["Blocks"])
    return record_of(blocks.form(pages), settings)


def _read(arrived: Arrived, record: Record, ports: ServicePorts) -> Progress:
    if not record.doubtful:
        return Done(result=record)
    settings: TextractSettings = ports.settings
    until = ports.clock.now() + _DAY * settings.review_days
    _ask_for_review(arrived, record, until, ports)
    return _reviewed(arrived, until, ports)


def _ask_for_review(arrived: Arrived, record: Record, until: float, ports: ServicePorts) -> None:
    """The draft is stored, and a message in the review queue names it: work and key, no more."""
    content = review_document(arrived, record, until)
    ports.files.write_once(review_key(arrived.work), content, content_type="application/json")
    if _exists(announced_key(arrived.work), ports):
        return
    ports.calls.call(
        "sqs",
        "SendMessage",
        QueueUrl=ports.resources[REVIEWS],
        MessageBody=json.dumps({"review": arrived.work, "key": arrived.key}),
    )
    ports.metrics.put("Reviews", 1)
    # After the message: killed in between, there is one more, which the review drops.
    ports.files.write_once(announced_key(arrived.work), b"", content_type="text/plain")


def _exists(key: str, ports: ServicePorts) -> bool:
    try:
        ports.files.read(key)
    except NotFoundError:
        return False
    return True


def _reviewed(arrived: Arrived, until: float, ports: ServicePorts) -> Progress:
    """The record as a person left it, once one did."""
    try:
        decision = json.loads(ports.files.read(decision_key(arrived.work)))
    except NotFoundError:
        left = until - ports.clock.now()
        if left <= 0:
            raise _unreviewed(ports) from None
        return Waiting(state={"review_until": until}, seconds=int(min(_REVIEW_SECONDS, left) + 1))
    draft = draft_in(ports.files.read(review_key(arrived.work)))
    return Done(result=reviewed(draft, decision["values"], reviewer=decision.get("reviewer")))


def _unreviewed(ports: ServicePorts) -> ProblemError:
    settings: TextractSettings = ports.settings
    message = f"nobody looked at the form within {settings.review_days} days: send it again"
    return ProblemError("not-reviewed", message, status=409)
