"""What every test gets: no way out of this machine and no real credentials."""

import os

# Before anything imports rich: tables are as wide everywhere, whatever terminal runs the tests.
os.environ["COLUMNS"] = "120"
# Before anything imports aws_cdk or boto3: both read their settings when they are imported.
os.environ.setdefault("CDK_VALIDATION", "false")
for _name in [name for name in os.environ if name.startswith(("AWS_", "EMBEDDED_CLOCK_"))]:
    del os.environ[_name]
os.environ.update(
    {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_SESSION_TOKEN": "testing",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_REGION": "eu-west-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
)

# Before the first boto3 Session: one made earlier would not be mocked and would call AWS.
import moto  # noqa: E402, F401
import pytest  # noqa: E402
import pytest_socket  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# The machine that runs the tests is shared: a slow example is no fault of the code.
settings.register_profile(
    "tidegate", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("tidegate")


pytest_plugins = ["tests.lost_requests"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Generated files are compared with what they should be, unless they are to be written."""
    parser.addoption(
        "--write-proofs",
        action="store_true",
        help="keep what the stories of least privilege prove, and the page made of it",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Connections to this machine only."""
    pytest_socket.socket_allow_hosts(["127.0.0.0/8", "::1", "localhost"], allow_unix_socket=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stories come first: of two workers none waits in the end for a story that the other began."""
    items.sort(key=lambda item: "e2e" not in item.path.parts)
