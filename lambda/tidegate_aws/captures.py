"""Captured invocations in S3, as SageMaker writes them: `PREFIX/ENDPOINT/VARIANT/YYYY/MM/DD/HH/`.

An object's name begins with the minute and second in which it was written. Whether that is when it
was begun or when it was ended is not documented, so it is only used to leave out what is far off.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tidegate.errors import InvalidValueError
from tidegate.shadow.captures import Captured, captured_in

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient

HOUR_SECONDS = 3_600

SLACK_SECONDS = 900
"""How long before its records an object may say it was written."""

_WRITTEN = re.compile(r"/(?P<minute>\d\d)-(?P<second>\d\d)-\d+-[^/]*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Captures:
    """Port `Captures` over the bucket that an endpoint's data capture names."""

    sagemaker: SageMakerClient
    s3: Any

    def read(
        self, endpoint_name: str, slot: str, *, first: float, last: float
    ) -> Iterator[Captured]:
        """What a variant answered from one moment to another."""
        bucket, prefix = self._destination(endpoint_name)
        folder = "/".join(part for part in (prefix, endpoint_name, slot) if part)
        hour = first - first % HOUR_SECONDS
        while hour <= last:
            path = f"{folder}/{datetime.fromtimestamp(hour, UTC):%Y/%m/%d/%H}/"
            for key in self._keys(bucket, path):
                if may_hold(key, hour=hour, first=first):
                    yield from self._records(bucket, key, first=first, last=last)
            hour += HOUR_SECONDS

    def _destination(self, endpoint_name: str) -> tuple[str, str]:
        capture = self.sagemaker.describe_endpoint(EndpointName=endpoint_name).get(
            "DataCaptureConfig"
        )
        if capture is None or not capture["EnableCapture"]:
            fault = (
                f"endpoint {endpoint_name} captures nothing, which a shadow is judged by: "
                "deploy it with data_capture of 100 percent"
            )
            raise InvalidValueError([fault])
        found = urlsplit(capture["DestinationS3Uri"])
        return found.netloc, found.path.strip("/")

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", []):
                yield found["Key"]

    def _records(self, bucket: str, key: str, *, first: float, last: float) -> Iterator[Captured]:
        body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
        for line in body.iter_lines():
            record = captured_in(line.decode("utf-8", errors="replace"))
            if record is not None and first <= record.at <= last:
                yield record


def may_hold(key: str, *, hour: float, first: float) -> bool:
    """Whether an object in the folder of an hour may hold records from `first` on."""
    written = _WRITTEN.search(key)
    if written is None:
        return True
    second = int(written["minute"]) * 60 + int(written["second"])
    # What is written just after the hour may hold its last records, under the folder of the hour.
    late = second + HOUR_SECONDS if second < SLACK_SECONDS else second
    return hour + late >= first - SLACK_SECONDS
