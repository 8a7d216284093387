"""Reads input objects of S3 piece by piece. Everything here blocks: it belongs in a thread."""

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from emulator.sagemaker.transform import naming, splitting
from emulator.sagemaker.transform.naming import InputObject
from emulator.sagemaker.transform.recipe import Compression, DataType, Recipe, Split, Strategy

CHUNK_BYTES = 4 * 1024 * 1024
"""How much of an object is asked for at once."""
_GZIP = 16 + zlib.MAX_WBITS
_NOTHING_THERE = "InvalidRange"


class BadGzipError(ValueError):
    """The object is not gzip, or its end is missing."""

    def __init__(self, detail: object) -> None:
        super().__init__(f"the object is no whole gzip file, as CompressionType says: {detail}")


def listed(client: Any, recipe: Recipe) -> list[InputObject]:
    """The objects of the job, in the order of their keys, or of the manifest."""
    place = recipe.source
    if recipe.data_type is DataType.MANIFEST:
        answer = client.get_object(Bucket=place.bucket, Key=place.key)
        try:
            document = json.loads(answer["Body"].read())
        except ValueError as error:
            raise naming.BadManifestError(f"{place.uri} is not JSON: {error}") from error
        return naming.of_manifest(document)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=place.key)
    keys = (entry["Key"] for page in pages for entry in page.get("Contents", []))
    return list(naming.below_prefix(place, keys))


def mini_batches(client: Any, source: InputObject, recipe: Recipe) -> Iterator[bytes]:
    """The payloads that the object is cut into; what is held is a chunk and a payload."""
    chunks = object_chunks(client, source.bucket, source.key)
    if recipe.compression is Compression.GZIP:
        chunks = gunzipped(chunks)
    if recipe.split is Split.NONE:
        return splitting.whole(chunks, recipe.max_payload_bytes)
    if recipe.strategy is Strategy.SINGLE:
        return splitting.lines(chunks, recipe.max_payload_bytes)
    return splitting.full_batches(chunks, recipe.max_payload_bytes)


def object_chunks(client: Any, bucket: str, key: str) -> Iterator[bytes]:
    """The object's bytes; ClientError (PreconditionFailed) if it is replaced meanwhile."""
    start, total = 0, 1
    same: dict[str, str] = {}
    while start < total:
        wanted = f"bytes={start}-{start + CHUNK_BYTES - 1}"
        try:
            answer = client.get_object(Bucket=bucket, Key=key, Range=wanted, **same)
        except ClientError as error:
            if error.response["Error"]["Code"] == _NOTHING_THERE:
                return
            raise
        same = {"IfMatch": answer["ETag"]}
        total = int(answer["ContentRange"].rpartition("/")[2])
        chunk: bytes = answer["Body"].read()
        start += len(chunk)
        yield chunk


def gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes that were compressed, of files of several members too, at most a chunk at once."""
    member, inside = zlib.decompressobj(_GZIP), False
    try:
        for chunk in chunks:
            rest = chunk
            while rest:
                inside = True
                yield member.decompress(rest, CHUNK_BYTES)
                rest = member.unconsumed_tail
                if member.eof:
                    rest, member, inside = member.unused_data, zlib.decompressobj(_GZIP), False
        yield member.flush()
    except zlib.error as error:
        raise BadGzipError(error) from error
    if inside and not member.eof:
        raise BadGzipError("it ends in the middle")


def next_group(batches: Iterator[bytes], limit: int, most: int) -> list[bytes]:
    """The next mini-batches, few enough to be about one payload together; none at the end."""
    group: list[bytes] = []
    size = 0
    for batch in batches:
        group.append(batch)
        size += len(batch)
        if 2 * size > limit or len(group) >= most:
            break
    return group
