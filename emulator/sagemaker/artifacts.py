"""Brings a model's artifact to this machine, read from S3 by the model's own execution role.

The request goes through the front door, signed with a session of that role, so a role that lacks
`s3:GetObject` fails here as it does on AWS. It blocks, therefore it runs in a thread of its own
and never on the event loop.
"""

import asyncio
import contextlib
import hashlib
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from botocore.config import Config
from botocore.exceptions import ClientError

from emulator.sagemaker import errors
from emulator.sagemaker.names import Tenant

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})

ClientOfRole = Callable[[str, str], Any]
"""(role ARN, region) -> an S3 client that acts as the role; may block."""


class Artifacts(Protocol):
    """Where the control plane gets model artifacts from."""

    async def check(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """The role can read the artifact, or AWS's ValidationException says why not."""
        ...

    async def check_prefix(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """The role can list what is below the prefix, and something is, or AWS's error as above."""
        ...

    async def fetch(self, tenant: Tenant, url: str, role_arn: str) -> Path:
        """A local copy of the artifact, read by the role at this moment."""
        ...


def model_data_url(container: Mapping[str, Any]) -> str | None:
    """The URL of the container's `model.tar.gz`, however it was written; None without one."""
    if container.get("ModelDataUrl"):
        return str(container["ModelDataUrl"])
    source = container.get("ModelDataSource")
    if source is None:
        return None
    listed = source["S3DataSource"]
    if listed["S3DataType"] != "S3Object" or listed["CompressionType"] != "Gzip":
        raise errors.not_emulated("uncompressed model data (ModelDataSource)")
    return str(listed["S3Uri"])


class S3Artifacts:
    """Reads from the embedded cloud's own S3."""

    def __init__(
        self, directory: Path, *, client_of: ClientOfRole, trusts: Callable[[str], bool]
    ) -> None:
        self._directory = directory
        self._client_of = client_of
        self._trusts = trusts

    async def check(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """The role can read the artifact; no byte of it is copied."""
        self._require_trust(tenant, url, role_arn)
        await asyncio.to_thread(self._head, tenant, url, role_arn)

    async def check_prefix(self, tenant: Tenant, url: str, role_arn: str) -> None:
        """The role can list at least one object."""
        self._require_trust(tenant, url, role_arn)
        await asyncio.to_thread(self._list, tenant, url, role_arn)

    async def fetch(self, tenant: Tenant, url: str, role_arn: str) -> Path:
        """A local copy; an unchanged object is read by the role again but kept once."""
        self._require_trust(tenant, url, role_arn)
        return await asyncio.to_thread(self._download, tenant, url, role_arn)

    def _require_trust(self, tenant: Tenant, url: str, role_arn: str) -> None:
        if not self._trusts(role_arn):
            raise errors.model_data_inaccessible(url, role_arn, tenant.region)

    def _head(self, tenant: Tenant, url: str, role_arn: str) -> None:
        bucket, key = location(url)
        try:
            self._client_of(role_arn, tenant.region).head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise _explained(error, tenant, url, role_arn) from error

    def _list(self, tenant: Tenant, url: str, role_arn: str) -> None:
        bucket, prefix = location(url)
        client = self._client_of(role_arn, tenant.region)
        try:
            found = client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1)
        except ClientError as error:
            raise _explained(error, tenant, url, role_arn) from error
        if found["KeyCount"] == 0:
            raise errors.model_data_missing(url)

    def _download(self, tenant: Tenant, url: str, role_arn: str) -> Path:
        bucket, key = location(url)
        try:
            found = self._client_of(role_arn, tenant.region).get_object(Bucket=bucket, Key=key)
        except ClientError as error:
            raise _explained(error, tenant, url, role_arn) from error
        identity = hashlib.sha256(f"{url}\n{found['ETag']}".encode()).hexdigest()[:32]
        target = self._directory / identity / "model.tar.gz"
        with contextlib.closing(found["Body"]) as body:
            if not target.exists():
                _write_whole(target, body)
        return target


def s3_client_of(session_of: Callable[[str], Any], endpoint_url: str) -> ClientOfRole:
    """Clients of role sessions at the front door, each made once."""
    made: dict[tuple[str, str], Any] = {}
    config = Config(retries={"max_attempts": 2, "mode": "standard"}, connect_timeout=5)

    def client_of(role_arn: str, region: str) -> Any:
        if (role_arn, region) not in made:
            made[role_arn, region] = session_of(role_arn).client(
                "s3", region_name=region, endpoint_url=endpoint_url, config=config
            )
        return made[role_arn, region]

    return client_of


def _write_whole(target: Path, body: Any) -> None:
    """The file appears complete or not at all, also when two threads write it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as partial:
        for chunk in body.iter_chunks(1 << 20):
            partial.write(chunk)
    Path(partial.name).replace(target)


def location(url: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URL; a key may have any character in it."""
    scheme, _, rest = url.partition("://")
    if scheme != "s3":
        raise errors.not_emulated(f"model data outside s3:// (got {url})")
    bucket, _, key = rest.partition("/")
    return bucket, key


def _explained(
    error: ClientError, tenant: Tenant, url: str, role_arn: str
) -> errors.SageMakerError:
    if error.response["Error"]["Code"] in _MISSING:
        return errors.model_data_missing(url)
    return errors.model_data_inaccessible(url, role_arn, tenant.region)
