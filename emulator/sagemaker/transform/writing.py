"""Writes an output object of S3 piece by piece: whole at the end, or not at all.

A small one is put at once; a large one is a multipart upload, which is aborted when the object
fails. Everything here blocks: it belongs in a thread.
"""

import threading
from collections.abc import Mapping
from typing import Any

PART_BYTES = 8 * 1024 * 1024
"""S3 takes parts of 5 MiB and more; 10,000 of these are 80 GB."""


class OutputObject:
    """One object that is being written; all but `add` raise what S3 refuses."""

    def __init__(self, client: Any, bucket: str, key: str, *, kms_key_id: str | None) -> None:
        self._client = client
        self._place = {"Bucket": bucket, "Key": key}
        self._encryption: Mapping[str, str] = (
            {}
            if kms_key_id is None
            else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key_id}
        )
        self._waiting: list[bytes] = []
        self._size = 0
        self._upload: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._turn = threading.Lock()

    def add(self, data: bytes) -> bool:
        """The data will follow what was added before; whether `flush` has a part to upload now."""
        self._waiting.append(data)
        self._size += len(data)
        return self._size >= PART_BYTES

    def flush(self) -> None:
        """What waited is uploaded as a part."""
        with self._turn:
            self._upload_part()

    def close(self) -> None:
        """The object is there, whole."""
        with self._turn:
            if self._upload is None:
                body = b"".join(self._waiting)
                self._client.put_object(**self._place, Body=body, **self._encryption)
                return
            if self._size > 0:
                self._upload_part()
            self._client.complete_multipart_upload(
                **self._place, UploadId=self._upload, MultipartUpload={"Parts": self._parts}
            )
            self._upload = None

    def abort(self) -> None:
        """Nothing of an upload under way is left; it waits for a part that is on its way."""
        with self._turn:
            if self._upload is not None:
                self._client.abort_multipart_upload(**self._place, UploadId=self._upload)

    def _upload_part(self) -> None:
        body, self._waiting, self._size = b"".join(self._waiting), [], 0
        if self._upload is None:
            answer = self._client.create_multipart_upload(**self._place, **self._encryption)
            self._upload = answer["UploadId"]
        number = len(self._parts) + 1
        part = self._client.upload_part(
            **self._place, UploadId=self._upload, PartNumber=number, Body=body
        )
        self._parts.append({"PartNumber": number, "ETag": part["ETag"]})
