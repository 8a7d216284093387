"""boto3 sessions that reach one embedded cloud and read nothing of this machine's AWS set-up.

Imports boto3 (0.2 s), so the server and the client import this module only when they need it.
"""

import os
from datetime import datetime
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.utils import parse_timestamp

from emulator.runtime import Credentials

_ISOLATED = {
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


_models = botocore.loaders.create_loader()
"""The API models, read once for all sessions: one of S3 alone is ten megabytes and 50 ms."""


def _moment(value: Any) -> datetime:
    """As botocore reads moments; those in UTC as this cloud writes them a hundred times faster."""
    if not (isinstance(value, str) and value.endswith("Z")):
        return _as_botocore(value)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return _as_botocore(value)


def _as_botocore(value: Any) -> datetime:
    found: datetime = parse_timestamp(value)
    return found


class CloudSession(boto3.Session):
    """A session whose clients and resources go to `endpoint_url` unless told otherwise."""

    def __init__(self, credentials: Credentials, *, endpoint_url: str, region: str) -> None:
        core = botocore.session.Session(session_vars=_ISOLATED)
        core.register_component("data_loader", _models)
        parsers = core.get_component("response_parser_factory")
        parsers.set_parser_defaults(timestamp_parser=_moment)
        super().__init__(
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.session_token,
            region_name=region,
            botocore_session=core,
        )
        # Each boto3 session adds the same folder to the search path.
        _models.search_paths[:] = dict.fromkeys(_models.search_paths)
        self.endpoint_url = endpoint_url

    def client(self, service_name: str, **options: Any) -> Any:  # type: ignore[override]
        """A client of the service in this cloud."""
        make: Any = super().client
        return make(service_name, **{"endpoint_url": self.endpoint_url, **options})

    def resource(self, service_name: str, **options: Any) -> Any:  # type: ignore[override]
        """A resource of the service in this cloud."""
        make: Any = super().resource
        return make(service_name, **{"endpoint_url": self.endpoint_url, **options})
