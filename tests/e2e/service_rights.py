"""Roles of an AI service's functions, and the two ways in which stories have them work.

Functions are invoked as the HTTP API and the event source mapping invoke them, so that what fails
for lack of a right fails at once. The mapping itself is off, but where a story is about it.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from tests.e2e.roles import DeployedRole, StoryFailedError, client
from tests.e2e.services import ServicesWorld
from tidegate.ai.messages import check_message, work_id

_RUNS = count()
DOOR, WORKER = "answer_ai_request", "do_ai_work"


@dataclass(slots=True)
class ServiceRole(DeployedRole):
    """The execution role of a deployed function of a service."""

    service: str = ""
    package: str = ""
    functions: dict[str, str] = field(default_factory=dict)

    def __init__(self, world: ServicesWorld, service: str, package: str) -> None:
        self.world, self.service, self.package = world, service, package  # type: ignore[assignment]
        self.stack = f"{world.project}-test-ai-{service}"
        self.account = None
        self.role_id = f"{self._id}Role"
        self.functions = {}

    @property
    def _id(self) -> str:
        return "".join(part.capitalize() for part in self.package.split("_"))

    @property
    def function(self) -> str:
        """The function's name."""
        return self.physical_id(self._id)

    def start_cold(self) -> None:
        """The next invocation is served by a new worker: none has anything cached."""
        functions = client(self.world, "lambda")
        known = functions.get_function_configuration(FunctionName=self.function)
        variables = {**known["Environment"]["Variables"], "STORY": str(next(_RUNS))}
        functions.update_function_configuration(
            FunctionName=self.function, Environment={"Variables": variables}
        )

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """What the function answers; StoryFailedError when it raises."""
        told = client(self.world, "lambda").invoke(
            FunctionName=self.function, Payload=json.dumps(event)
        )
        answer = json.loads(told["Payload"].read())
        if "FunctionError" in told:
            raise StoryFailedError(str(answer.get("errorMessage")))
        return answer

    def ask(
        self, route: str, *, method: str = "POST", once: str = "", person: str = "", **fields: Any
    ) -> Any:
        """The body of a successful answer; StoryFailedError of any other.

        `person` is who signed in, of routes for people.
        """
        who: dict[str, Any] = {"iam": {"userArn": "arn:aws:iam::000000000000:user/story"}}
        if person:
            who = {"jwt": {"claims": {"sub": f"id-{person}", "username": person}}}
        http = {"method": method}
        event = {
            "rawPath": f"/ai/{self.service}/{route}",
            "headers": {"idempotency-key": once} if once else {},
            "requestContext": {"requestId": "story", "http": http, "authorizer": who},
            "queryStringParameters": fields if method != "POST" else {},
            "body": json.dumps(fields),
        }
        answer = self.invoke(event)
        if answer["statusCode"] >= 300:
            raise StoryFailedError(f"{route}: {answer['statusCode']} {answer['body']}")
        return json.loads(answer["body"])

    @property
    def bucket(self) -> str:
        """The service's bucket."""
        return self.physical_id("Files")

    @property
    def queue(self) -> str:
        """The URL of the service's work queue."""
        return self.physical_id("Work")

    def put(self, prefix: str, name: str, content: bytes) -> str:
        """A new file is in the bucket; its key."""
        key = f"in/{prefix}/{uuid.uuid4().hex[:8]}-{name}"
        client(self.world, "s3").put_object(Bucket=self.bucket, Key=key, Body=content)
        return key

    def work_on(self, key: str, *, id_: str = "") -> list[str]:
        """The ids of messages that must come again, of one about this file."""
        event = {
            "source": "aws.s3",
            "detail-type": "Object Created",
            "detail": {
                "bucket": {"name": self.bucket},
                "object": {"key": key, "sequencer": "1", "size": 10},
            },
        }
        return self.deliver(event, id_=id_)

    def deliver(self, body: Mapping[str, Any], *, id_: str = "") -> list[str]:
        """The same of one with this body."""
        sqs = client(self.world, "sqs")
        sqs.send_message(QueueUrl=self.queue, MessageBody=json.dumps(body))
        (message,) = sqs.receive_message(QueueUrl=self.queue)["Messages"]
        record = {
            "messageId": id_ or uuid.uuid4().hex,
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": {
                "SentTimestamp": str(int(1000 * self.world.cloud.clock.now())),
                "ApproximateReceiveCount": "1",
            },
        }
        answer = self.invoke({"Records": [record]})
        sqs.purge_queue(QueueUrl=self.queue)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def look_again(self, key: str) -> list[str]:
        """The same of the message by which a file's waiting work looks again."""
        rows = client(self.world, "dynamodb")
        item = {"pk": {"S": f"work#{work_id(key, '1')}"}, "sk": {"S": "work"}}
        found = rows.get_item(TableName=self.physical_id("Ledger"), Key=item)["Item"]
        holder = json.loads(found["json"]["S"])["holder"]
        return self.deliver(check_message(work_id(key, "1")), id_=holder)

    def results(self, key: str) -> list[dict[str, Any]]:
        """The results of a file."""
        s3 = client(self.world, "s3")
        prefix = f"results/{key.removeprefix('in/')}/"
        found = s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", ())
        bodies = (s3.get_object(Bucket=self.bucket, Key=one["Key"])["Body"] for one in found)
        return [json.loads(body.read()) for body in bodies]

    def done(self, key: str) -> Any:
        """What came of a file that is worked on now, without a second message."""
        if self.work_on(key):
            raise StoryFailedError(f"{key} must be tried again")
        found = self.results(key)
        if [one["status"] for one in found] != ["done"]:
            raise StoryFailedError(f"expected one result of {key}, got {found}")
        return found[0]["result"]

    @contextmanager
    def by_hand(self) -> Iterator[None]:
        """Nothing comes into the queue or out of it but by a story, while the block runs."""
        events, names = client(self.world, "events"), self._rules()
        for name in names:
            events.disable_rule(Name=name)
        self._map(enabled=False)
        client(self.world, "sqs").purge_queue(QueueUrl=self.queue)
        try:
            yield
        finally:
            self._map(enabled=True)
            for name in names:
                events.enable_rule(Name=name)

    def _rules(self) -> list[str]:
        """Files that arrive, and the service's timers, which put messages into the queue too."""
        told = client(self.world, "cloudformation").describe_stack_resources(StackName=self.stack)
        return [
            str(one["PhysicalResourceId"]).rpartition("/")[2]
            for one in told["StackResources"]
            if one["ResourceType"] == "AWS::Events::Rule"
        ]

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """The event source mapping takes messages while the block runs."""
        self._map(enabled=True)
        try:
            yield
        finally:
            self._map(enabled=False)

    def _map(self, *, enabled: bool) -> None:
        mapping = self.physical_id("Works")
        client(self.world, "lambda").update_event_source_mapping(UUID=mapping, Enabled=enabled)
