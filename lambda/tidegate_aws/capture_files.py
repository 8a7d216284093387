"""Objects of captures in S3, by hour, under `PREFIX/ENDPOINT/VARIANT/YYYY/MM/DD/HH/`.

Shadow variants answer copies of requests, which would count twice: only production variants are
read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tidegate.errors import InvalidValueError
from tidegate.monitoring.look import HOUR_SECONDS, CaptureFile

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where captures of one variant begin."""

    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class S3CaptureFiles:
    """Port `CaptureFiles` over the buckets that the endpoints' data capture names."""

    sagemaker: SageMakerClient
    s3: Any
    endpoints: Sequence[str]

    def between(self, *, first_hour: int, last_hour: int) -> Iterator[CaptureFile]:
        """The objects under these hours, hour by hour; the key says its bucket first."""
        folders = [folder for name in self.endpoints for folder in self._folders(name)]
        for hour in range(first_hour, last_hour + 1):
            path = f"{datetime.fromtimestamp(hour * HOUR_SECONDS, UTC):%Y/%m/%d/%H}/"
            for folder in folders:
                for key in self._keys(folder.bucket, f"{folder.prefix}/{path}"):
                    yield CaptureFile(hour=hour, key=f"{folder.bucket}/{key}")

    def lines(self, file: CaptureFile) -> Iterator[str]:
        """The lines of an object, read as a stream."""
        bucket, _, key = file.key.partition("/")
        body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
        try:
            for line in body.iter_lines():
                yield line.decode("utf-8", errors="replace")
        finally:
            body.close()

    def _folders(self, endpoint: str) -> Iterator[Folder]:
        found = self.sagemaker.describe_endpoint(EndpointName=endpoint)
        capture = found.get("DataCaptureConfig")
        if capture is None or not capture["EnableCapture"]:
            fault = (
                f"endpoint {endpoint} captures nothing, which a monitor reads: "
                "deploy it with data_capture above 0 percent"
            )
            raise InvalidValueError([fault])
        place = urlsplit(capture["DestinationS3Uri"])
        for variant in found.get("ProductionVariants", ()):
            parts = (place.path.strip("/"), endpoint, variant["VariantName"])
            yield Folder(bucket=place.netloc, prefix="/".join(part for part in parts if part))

    def _keys(self, bucket: str, prefix: str) -> Iterator[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            for found in page.get("Contents", []):
                yield found["Key"]
