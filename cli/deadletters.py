"""The dead letters of a stage's AI services: what came to nothing, and another try for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cli.options import Place
from cli.services import ai_outputs

_LOOKS = 10
"""Receives of ten messages each: what is shown at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that came to nothing: which service's, and what it is about."""

    id: str
    about: str
    origin: str
    sent_at: float

    def to_json(self) -> dict[str, Any]:
        """The letter in JSON types."""
        return {
            "id": self.id,
            "about": self.about,
            "origin": self.origin,
            "sent_at": self.sent_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetters:
    """The queue of them."""

    client: Any
    url: str

    def waiting(self) -> int:
        """How many there are, about: SQS counts approximately."""
        attributes = self._attributes("ApproximateNumberOfMessages")
        return int(attributes["ApproximateNumberOfMessages"])

    def letters(self) -> list[DeadLetter]:
        """The first of them; they stay where they are."""
        found: dict[str, DeadLetter] = {}
        received: list[Mapping[str, Any]] = []
        for _look in range(_LOOKS):
            messages = self.client.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=10,
                VisibilityTimeout=30,
                MessageSystemAttributeNames=["SentTimestamp", "DeadLetterQueueSourceArn"],
            ).get("Messages", [])
            if not messages:
                break
            received.extend(messages)
            found |= {message["MessageId"]: _letter(message) for message in messages}
        for message in received:
            self.client.change_message_visibility(
                QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
            )
        return sorted(found.values(), key=lambda letter: letter.sent_at)

    def redrive(self) -> None:
        """Each goes back to the queue that it came from, for as many tries as a new message."""
        arn = self._attributes("QueueArn")["QueueArn"]
        self.client.start_message_move_task(SourceArn=arn)

    def _attributes(self, name: str) -> Mapping[str, str]:
        answer = self.client.get_queue_attributes(QueueUrl=self.url, AttributeNames=[name])
        attributes: Mapping[str, str] = answer["Attributes"]
        return attributes


def dead_letters(where: Place) -> DeadLetters:
    """Those of a deployed stage."""
    url = ai_outputs(where)["DeadLettersUrl"]
    return DeadLetters(client=where.target.client("sqs"), url=url)


def _letter(message: Mapping[str, Any]) -> DeadLetter:
    attributes = message.get("Attributes", {})
    return DeadLetter(
        id=message["MessageId"],
        about=_about(message["Body"]),
        origin=attributes.get("DeadLetterQueueSourceArn", "unknown").rpartition(":")[2],
        sent_at=int(attributes.get("SentTimestamp", 0)) / 1000,
    )


def _about(text: str) -> str:
    """The file, or the work; nothing of what is in it."""
    try:
        body = json.loads(text)
    except ValueError:
        return "a message that is no JSON"
    if isinstance(body, dict) and "work" in body:
        return f"work {body['work']}"
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, dict) and "object" in detail:
        return f"{detail['bucket']['name']}/{detail['object']['key']}"
    return "a message of another kind"
