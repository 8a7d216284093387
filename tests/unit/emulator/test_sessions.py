"""Sessions: moments that the cloud writes are read as botocore reads them."""

import pytest
from botocore.utils import parse_timestamp

from emulator.runtime import Credentials
from emulator.sessions import CloudSession


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-30T07:41:29.123Z",
        "2026-11-30T07:41:29Z",
        "2026-11-30T09:41:29+02:00",
        "Mon, 30 Nov 2026 07:41:29 GMT",
        "20261130T074129Z",
        1_795_000_000,
        1_795_000_000.5,
    ],
)
def test_moments_are_read_as_botocore_reads_them(written: str | float):
    """Whatever form an API has for them."""
    session = CloudSession(
        Credentials(access_key="a", secret_key="s", session_token=None),
        endpoint_url="http://127.0.0.1:1",
        region="us-east-1",
    )
    parser = session._session.get_component("response_parser_factory").create_parser("json")

    assert parser._timestamp_parser(written) == parse_timestamp(written)
