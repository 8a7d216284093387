"""Textract: forms become records, and a person looks at what is not sure."""

from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import (
    Arrival,
    Grant,
    JobEvents,
    Kind,
    Operation,
    Place,
    Resources,
    Rights,
    Route,
)
from tidegate.ai.textract.arriving import ROLE, begin, look
from tidegate.ai.textract.documents import Page, read_page
from tidegate.ai.textract.records import Record
from tidegate.ai.textract.reviews import (
    DECISIONS,
    HIDDEN_SECONDS,
    QUEUE,
    REVIEWS,
    TOPIC,
    Decided,
    Decision,
    NextReview,
    Review,
    decide,
    next_review,
)
from tidegate.ai.textract.settings import TextractSettings, faults, units_of_page
from tidegate.ai.work import IN

PRINCIPAL = "textract.amazonaws.com"
SUFFIXES = (".pdf", ".png", ".jpg", ".jpeg", ".tif", ".tiff")
_UNIT = "half cents a page"
_FORTNIGHT_SECONDS = 1_209_600
_TOPIC_ID, _ROLE_ID, _QUEUE_ID = "JobTopic", "JobTopicRole", "Reviews"
"""Logical ids; those of the topic are the frame's."""


def _pages(answer: Mapping[str, Any]) -> int:
    """The pages that a job read, on the first page of its results."""
    return int(answer.get("DocumentMetadata", {}).get("Pages", 0))


def _start() -> Operation:
    return Operation(
        service="textract",
        name="StartDocumentAnalysis",
        action="textract:StartDocumentAnalysis",
        units=lambda _given: 0,
    )


def _get(settings: TextractSettings) -> Operation:
    """What a job bills is known from its results: counted on their first page."""
    page = units_of_page(settings)
    return Operation(
        service="textract",
        name="GetDocumentAnalysis",
        action="textract:GetDocumentAnalysis",
        unit=_UNIT,
        units=lambda _given: 0,
        answered_units=lambda given, answer: 0 if "NextToken" in given else page * _pages(answer),
    )


def _analyze(settings: TextractSettings) -> Operation:
    page = units_of_page(settings)
    return Operation(
        service="textract",
        name="AnalyzeDocument",
        action="textract:AnalyzeDocument",
        unit=_UNIT,
        units=lambda _given: page,
    )


def _of_queue(name: str) -> Operation:
    return Operation(
        service="sqs", name=name, action=f"sqs:{name}", resource=f"${{{_QUEUE_ID}.Arn}}"
    )


def _door(settings: TextractSettings, _place: Place) -> Rights:
    tell = Operation(
        service="sns", name="Publish", action="sns:Publish", resource=f"${{{_TOPIC_ID}}}"
    )
    return Rights(
        calls=(_analyze(settings), _of_queue("ReceiveMessage"), _of_queue("DeleteMessage"), tell),
        reads=(IN, REVIEWS, DECISIONS),
        writes=(DECISIONS,),
    )


def _work(settings: TextractSettings, _place: Place) -> Rights:
    passed = Grant(
        actions=("iam:PassRole",),
        resource=f"${{{_ROLE_ID}.Arn}}",
        condition={"StringEquals": {"iam:PassedToService": PRINCIPAL}},
    )
    return Rights(
        calls=(_start(), _get(settings), _of_queue("SendMessage")),
        grants=(passed,),
        reads=(IN, REVIEWS, DECISIONS),
        writes=(REVIEWS,),
    )


def _resources(_settings: TextractSettings, _place: Place) -> Resources:
    """A queue of forms for people: work and key of each, nothing of what stands on it."""
    only_tls = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": [_QUEUE_ID, "Arn"]},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return Resources(
        templates={
            _QUEUE_ID: {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "SqsManagedSseEnabled": True,
                    "MessageRetentionPeriod": _FORTNIGHT_SECONDS,
                    "VisibilityTimeout": HIDDEN_SECONDS,
                },
            },
            f"{_QUEUE_ID}Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": _QUEUE_ID}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [only_tls]},
                },
            },
        },
        told={
            TOPIC: f"${{{_TOPIC_ID}}}",
            ROLE: f"${{{_ROLE_ID}.Arn}}",
            QUEUE: f"${{{_QUEUE_ID}}}",
        },
        acknowledged={
            _QUEUE_ID: {
                "SQS3": "people take its messages: a form that nobody decides ends by its own time "
                "as a refused result, so no message is ever lost or poisonous"
            }
        },
    )


def _work_of(message: Mapping[str, Any]) -> str | None:
    """The work is the tag of its job; a decided review tells under the same name."""
    tag = message.get("JobTag")
    return None if tag is None else str(tag)


KIND = Kind(
    name="textract",
    title="Amazon Textract",
    job="Forms become records; a person looks at what is not sure",
    settings=TextractSettings,
    faults=faults,
    routes=(
        Route(
            name="read",
            says="Reads a document of one page at once, and tells which fields are doubtful.",
            takes=Page,
            gives=Record,
            answer=read_page,
        ),
        Route(
            name="next-review",
            says="Gives a form with doubtful fields that nobody looks at, for 15 minutes.",
            takes=NextReview,
            gives=Review,
            answer=next_review,
        ),
        Route(
            name="review",
            says="Takes what a person says of the doubtful fields of a form, once.",
            takes=Decision,
            gives=Decided,
            answer=decide,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="forms",
            says="Forms of many pages become records",
            begin=begin,
            look=look,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=_resources,
    jobs=JobEvents(work=_work_of, publisher=PRINCIPAL),
)
