"""Puts file assets into their buckets, packed so that the same files give the same bytes."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path

from botocore.exceptions import ClientError

from emulator.deployment.assembly import FileAsset
from emulator.deployment.target import Target

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first date that a zip archive can name; the CDK command line uses it too."""


def publish_assets(target: Target, assets: Iterable[FileAsset]) -> int:
    """Every asset is in its bucket; returns how many were not there before.

    Keys are hashes of the sources, so one that exists need not be sent again.
    """
    sent = 0
    for asset in assets:
        bucket, key = target.filled_in(asset.bucket), target.filled_in(asset.key)
        if _exists(target, bucket, key):
            continue
        body = zipped(asset.source) if asset.packaging == "zip" else asset.source.read_bytes()
        target.s3.put_object(Bucket=bucket, Key=key, Body=body)
        sent += 1
    return sent


def zipped(directory: Path) -> bytes:
    """Return a zip archive of the directory whose bytes depend on names, modes and content only."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", compression=zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(p for p in directory.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(directory).as_posix(), date_time=_EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = path.stat().st_mode << 16
            archive.writestr(entry, path.read_bytes())
    return packed.getvalue()


def _exists(target: Target, bucket: str, key: str) -> bool:
    try:
        target.s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True
