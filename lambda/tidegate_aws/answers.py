"""The bucket of an asynchronous model: inputs, tickets and answers in S3."""

from __future__ import annotations

from tidegate.asynchronous import TICKETS, split_url
from tidegate.inference import Later
from tidegate.tickets import Ticket
from tidegate.untyped import Any
from tidegate.values import value
from tidegate_aws.errors import ABSENT_OBJECT, LOST_CONDITION, code_of

HANDED_ON_BYTES = 4_000_000
"""A function answers with 6 MB at most, and bytes that are no text grow by a third."""

LINK_SECONDS = 300
_WAITING, _ANSWERED, _FAILED = 202, 200, 502


@value
class S3Answers:
    """Port `Answers`."""

    client: Any

    def put_input(self, bucket: str, key: str, body: bytes, *, content_type: str) -> str:
        """The input is there; its s3:// URL."""
        self.client.put_object(Bucket=bucket, Key=key, Body=body, ContentType=content_type)
        return f"s3://{bucket}/{key}"

    def size(self, bucket: str, key: str) -> int | None:
        """How many bytes an object has; None where there is none."""
        try:
            return int(self.client.head_object(Bucket=bucket, Key=key)["ContentLength"])
        except self.client.exceptions.ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise

    def open(self, bucket: str, nonce: str, ticket: Ticket) -> bool:
        """Write a ticket once; False where one of this name is there."""
        try:
            self._put(bucket, nonce, ticket, IfNoneMatch="*")
        except self.client.exceptions.ClientError as error:
            if code_of(error) in LOST_CONDITION:
                return False
            raise
        return True

    def close(self, bucket: str, nonce: str, ticket: Ticket) -> None:
        """Write a ticket, whatever was there."""
        self._put(bucket, nonce, ticket)

    def ticket(self, bucket: str, nonce: str) -> Ticket | None:
        """The ticket of this name; None where there is none, or not any more."""
        found = self._object(bucket, _key(nonce))
        return None if found is None else Ticket.from_text(found["Body"].read().decode())

    def answer(self, ticket: Ticket) -> Later:
        """What has become of the ticket's request."""
        if not ticket.queued:
            return Later(status=_WAITING)
        found = self._object(*split_url(ticket.output))
        if found is None:
            return self._failure(ticket)
        told = found.get("ContentType", "application/octet-stream")
        if found["ContentLength"] <= HANDED_ON_BYTES:
            return Later(status=_ANSWERED, body=found["Body"].read(), content_type=told)
        found["Body"].close()
        bucket, key = split_url(ticket.output)
        link = self.client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket, "Key": key}, ExpiresIn=LINK_SECONDS
        )
        return Later(status=_ANSWERED, content_type=told, location=link)

    def _failure(self, ticket: Ticket) -> Later:
        found = self._object(*split_url(ticket.failure)) if ticket.failure else None
        if found is None:
            return Later(status=_WAITING)
        return Later(status=_FAILED, body=found["Body"].read(), content_type="text/plain")

    def _object(self, bucket: str, key: str) -> Any:
        try:
            return self.client.get_object(Bucket=bucket, Key=key)
        except self.client.exceptions.ClientError as error:
            if code_of(error) in ABSENT_OBJECT:
                return None
            raise

    def _put(self, bucket: str, nonce: str, ticket: Ticket, **condition: str) -> None:
        self.client.put_object(
            Bucket=bucket,
            Key=_key(nonce),
            Body=ticket.to_text().encode(),
            ContentType="application/json",
            **condition,
        )


def _key(nonce: str) -> str:
    return f"{TICKETS}/{nonce}.json"
