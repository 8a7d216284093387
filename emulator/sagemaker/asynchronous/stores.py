"""S3 and SNS at the embedded cloud's own front door, as a model's execution role."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlparse

from botocore.config import Config


class FrontDoorStores:
    """Each client of a role, region and service is made once."""

    def __init__(self, session_of: Callable[[str], Any], endpoint_url: str) -> None:
        self._session_of = session_of
        self._endpoint_url = endpoint_url
        self._config = Config(retries={"max_attempts": 2, "mode": "standard"}, connect_timeout=5)
        self._made: dict[tuple[str, str, str], Any] = {}

    def read(self, role: str, region: str, url: str) -> bytes:
        """The object."""
        bucket, key = _location(url)
        answer = self._client("s3", role, region).get_object(Bucket=bucket, Key=key)
        body: bytes = answer["Body"].read()
        return body

    def write(
        self, role: str, region: str, url: str, *, body: bytes, content_type: str, key: str | None
    ) -> None:
        """The object is there, encrypted with the key if one is given."""
        bucket, name = _location(url)
        sealed = {} if key is None else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
        self._client("s3", role, region).put_object(
            Bucket=bucket, Key=name, Body=body, ContentType=content_type, **sealed
        )

    def publish(self, role: str, region: str, topic: str, message: str) -> None:
        """The topic has the message."""
        self._client("sns", role, region).publish(TopicArn=topic, Message=message)

    def _client(self, service: str, role: str, region: str) -> Any:
        at = (service, role, region)
        if at not in self._made:
            self._made[at] = self._session_of(role).client(
                service, region_name=region, endpoint_url=self._endpoint_url, config=self._config
            )
        return self._made[at]


def _location(url: str) -> tuple[str, str]:
    parts = urlparse(url)
    return parts.netloc, parts.path.removeprefix("/")
