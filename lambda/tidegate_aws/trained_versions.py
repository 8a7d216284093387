"""Port `TrainedVersions`: the live version in the registry, and what its training left in S3."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.asynchronous import split_url
from tidegate.monitoring.trained import LivePackage
from tidegate_aws import clients
from tidegate_aws.documents import Document
from tidegate_aws.release_outputs import RELEASE_TABLE
from tidegate_aws.release_store import DynamoReleaseStore
from tidegate_aws.settings import Variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mypy_boto3_sagemaker import SageMakerClient

    from tidegate.ports import ReleaseStore
    from tidegate_aws.world import World

BASELINES = "baselines"
ROWS = "baseline.jsonl"
_PACKAGE = ":model-package/"


def trained_versions(world: World) -> AwsTrainedVersions:
    """The versions of the model that a process's settings name."""
    return AwsTrainedVersions(
        model=world.settings[Variable.MODEL],
        store=DynamoReleaseStore(
            client=clients.dynamodb(), table=world.release_outputs[RELEASE_TABLE]
        ),
        sagemaker=clients.sagemaker(),
        s3=clients.s3(),
        bucket=world.settings[Variable.MONITOR_BUCKET],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTrainedVersions:
    """The versions of one model; what is kept of them is in the monitor's bucket."""

    model: str
    store: ReleaseStore
    sagemaker: SageMakerClient
    s3: Any
    bucket: str

    def live(self) -> LivePackage | None:
        """The live version's package; None where it was not trained here, or nothing is live."""
        pointer = self.store.pointer(self.model)
        if pointer is None or _PACKAGE not in pointer.version.artifact:
            return None
        return LivePackage(arn=pointer.version.artifact, moved_at=pointer.moved_at)

    def lines(self, package: LivePackage) -> Callable[[], Iterable[str]] | None:
        """Begins the lines of its `baseline.jsonl` anew at each call; None where it left none."""
        bucket, folder = self._output(package)
        key = f"{folder}/{ROWS}"
        # Listed first: S3 says of a missing object that it is missing only to whoever may list.
        listed = self.s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1)
        if not listed.get("Contents"):
            return None

        def read() -> Iterator[str]:
            body = self.s3.get_object(Bucket=bucket, Key=key)["Body"]
            try:
                for line in body.iter_lines():
                    yield line.decode("utf-8")
            finally:
                body.close()

        return read

    def evaluation(self, package: LivePackage) -> dict[str, Any]:
        """Its `evaluation.json`."""
        bucket, folder = self._output(package)
        body = self.s3.get_object(Bucket=bucket, Key=f"{folder}/evaluation.json")["Body"]
        found: dict[str, Any] = json.loads(body.read())
        return found

    def kept(self, package: LivePackage) -> str | None:
        """What was kept of it; None before it was."""
        found = self._document(package).read()
        return None if found is None else found[0].decode("utf-8")

    def keep(self, package: LivePackage, text: str) -> None:
        """The text is kept as long as the monitor; ConflictError where another run was first."""
        body = text.encode()
        self._document(package).write(body, mark=None, content_type="application/json")

    def _document(self, package: LivePackage) -> Document:
        key = f"{BASELINES}/{package.label}.json"
        return Document(client=self.s3, bucket=self.bucket, key=key)

    def _output(self, package: LivePackage) -> tuple[str, str]:
        """Bucket and folder of what the evaluation of the package's run left."""
        told = self.sagemaker.describe_model_package(ModelPackageName=package.arn)
        uri = told["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"]
        bucket, key = split_url(uri)
        return bucket, key.rpartition("/")[0]
