"""Brings data of S3 into a folder, as the execution role. Everything here blocks."""

import gzip
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from emulator.sagemaker.jobs import failures
from emulator.sagemaker.transform import naming
from emulator.sagemaker.transform.naming import BadManifestError, InputObject, Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """S3 as a role sees it."""

    client: Any
    role_arn: str
    region: str

    def copy(self, source: Mapping[str, Any], folder: Path, *, compression: str) -> int:
        """The objects of the `S3DataSource` lie in the folder by their names; how many.

        `Gzip` unpacks each and takes `.gz` off its name.
        """
        uri = str(source["S3Uri"])
        try:
            found = self._listed(Location.of(uri), source["S3DataType"])
            if not found:
                raise failures.nothing_found(uri, role_arn=self.role_arn, region=self.region)
            for each in found:
                self._download(each, folder, compression)
        except ClientError as error:
            raise failures.refused_by_s3(error, uri, role_arn=self.role_arn) from error
        except BadManifestError as error:
            raise failures.client(str(error)) from error
        return len(found)

    def fetch(self, uri: str, file: Path) -> None:
        """The one object is the file."""
        place = Location.of(uri)
        try:
            self.client.download_file(place.bucket, place.key, str(file))
        except ClientError as error:
            raise failures.refused_by_s3(error, uri, role_arn=self.role_arn) from error

    def _listed(self, place: Location, kind: str) -> Sequence[InputObject]:
        if kind == "ManifestFile":
            body = self.client.get_object(Bucket=place.bucket, Key=place.key)["Body"].read()
            try:
                return naming.of_manifest(json.loads(body))
            except ValueError as error:
                raise BadManifestError(f"{place.uri}: {error}") from error
        paginator = self.client.get_paginator("list_objects_v2")
        pages = paginator.paginate(Bucket=place.bucket, Prefix=place.key)
        keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
        return list(naming.below_prefix(place, keys))

    def _download(self, source: InputObject, folder: Path, compression: str) -> None:
        file = folder / source.name
        if not file.resolve().is_relative_to(folder.resolve()):
            raise failures.client(f"the key of {source.uri} leads outside of its folder")
        file.parent.mkdir(parents=True, exist_ok=True)
        self.client.download_file(source.bucket, source.key, str(file))
        if compression == "Gzip":
            _gunzip(file)


def _gunzip(file: Path) -> None:
    target = file.with_suffix("") if file.suffix == ".gz" else file
    packed = file.with_name(f".{file.name}.packed")
    file.rename(packed)
    try:
        with gzip.open(packed) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
    except (OSError, EOFError) as error:
        raise failures.client(f"{file.name} is no whole gzip file: {error}") from error
    packed.unlink()
