"""Checkpoints of a training job: what lies in a folder of its container is kept in S3.

AWS copies files as they change; here they are copied when the program has ended or was interrupted,
which nobody can tell apart from inside of the job.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.sagemaker.jobs import failures, paths
from emulator.sagemaker.jobs.inputs import Reader
from emulator.sagemaker.jobs.outputs import Writer
from emulator.sagemaker.transform import naming
from emulator.sagemaker.transform.naming import Location

DEFAULT_PATH = "/opt/ml/checkpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """Where a job keeps them: an S3 prefix, and a folder below /opt/ml."""

    uri: str
    path: str

    @classmethod
    def of(cls, request: Mapping[str, Any]) -> "Checkpoints | None":
        """Those of a CreateTrainingJob request; None without."""
        given = request.get("CheckpointConfig")
        if given is None:
            return None
        return cls(uri=given["S3Uri"], path=given.get("LocalPath", DEFAULT_PATH))

    def give_back(self, reader: Reader, base: Path) -> int:
        """What was kept lies in the folder; how many files. The container is told where it is."""
        folder = paths.local(self.path, base)
        folder.mkdir(parents=True, exist_ok=True)
        told = {"S3Uri": self.uri, "LocalPath": str(folder)}
        config = base / "input" / "config" / "checkpointconfig.json"
        config.write_text(json.dumps(told), encoding="utf-8")
        place = Location.of(f"{self.uri.rstrip('/')}/")
        try:
            pages = reader.client.get_paginator("list_objects_v2").paginate(
                Bucket=place.bucket, Prefix=place.key
            )
            keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
            for each in naming.below_prefix(place, keys):
                file = folder / each.name
                file.parent.mkdir(parents=True, exist_ok=True)
                reader.client.download_file(each.bucket, each.key, str(file))
        except ClientError as error:
            raise failures.refused_by_s3(error, self.uri, role_arn=reader.role_arn) from error
        return len(keys)

    def keep(self, writer: Writer, base: Path) -> int:
        """Every file of the folder is in S3, unfinished ones left out; how many."""
        folder = paths.local(self.path, base)
        for hidden in [path for path in folder.rglob(".*") if path.is_file()]:
            hidden.unlink()
        return writer.tree(folder, self.uri)
