"""Takes what a job made to S3, as the execution role. Everything here blocks."""

import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boto3.exceptions import S3UploadFailedError
from botocore.exceptions import ClientError

from emulator.sagemaker.jobs import failures
from emulator.sagemaker.transform.naming import Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """S3 as a role sees it."""

    client: Any
    role_arn: str
    kms_key_id: str | None = None

    def pack(self, folder: Path, uri: str, *, scratch: Path) -> None:
        """The object is a `.tar.gz` of the folder's content, without the folder itself."""
        with tarfile.open(scratch, mode="w:gz") as archive:
            for member in sorted(folder.iterdir()):
                archive.add(member, arcname=member.name)
        self._put(scratch, uri)
        scratch.unlink()

    def tree(self, folder: Path, uri: str) -> int:
        """Every file of the folder is an object below the URI; how many."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        for file in files:
            self._put(file, f"{uri.rstrip('/')}/{file.relative_to(folder).as_posix()}")
        return len(files)

    def _put(self, file: Path, uri: str) -> None:
        place = Location.of(uri)
        extra = (
            {}
            if self.kms_key_id is None
            else {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id}
        )
        try:
            self.client.upload_file(str(file), place.bucket, place.key, ExtraArgs=extra)
        except S3UploadFailedError as error:
            cause = error.__context__
            if isinstance(cause, ClientError):
                raise failures.refused_by_s3(cause, uri, role_arn=self.role_arn) from error
            raise failures.client(str(error)) from error
