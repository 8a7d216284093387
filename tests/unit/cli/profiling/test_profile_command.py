"""`tidegate profile`: what AWS is asked, what is told, and what is refused."""

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber
from typer.testing import CliRunner

from cli.exits import CommandError
from cli.main import app
from cli.options import PLACES, Place
from cli.profiling.window import window_of
from cli.profiling.words import usd_words
from cli.project import Project
from tests.unit.cli.profiling.profiles import ROUTER, node, profile_of

NOW = 1_000_000.0
STACK = "p-dev-profiling"
OUTPUTS = {
    "GroupName": STACK,
    "GbSecondUsd": "0.00002",
    "RequestUsd": "0.0000002",
    "PriceSaid": "as a test says",
}
RECOMMENDATION: dict[str, Any] = {
    "allMatchesCount": 1,
    "allMatchesSum": 12.5,
    "startTime": datetime(2026, 1, 1, tzinfo=UTC),
    "endTime": datetime(2026, 1, 1, tzinfo=UTC),
    "pattern": {"name": "Clients are made anew", "resolutionSteps": "Make one."},
    "topMatches": [{"frameAddress": "boto3:client"}],
}


class Cloud:
    """A target whose clients answer what a test queues; each request is checked by its model."""

    name = "a cloud"
    clock = SimpleNamespace(now=lambda: NOW)

    def __init__(self, clients: dict[str, Any]) -> None:
        self.clients = clients
        self.stubs = {name: Stubber(client) for name, client in clients.items()}

    def client(self, name: str) -> Any:
        """The stubbed client."""
        return self.clients[name]

    def stack(self, outputs: dict[str, str]) -> None:
        """The stack has these outputs."""
        told = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
        stack = {
            "StackName": STACK,
            "CreationTime": datetime(2026, 1, 1, tzinfo=UTC),
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": told,
        }
        self.stubs["cloudformation"].add_response(
            "describe_stacks", {"Stacks": [stack]}, {"StackName": STACK}
        )

    def functions(self, *, group: str = STACK) -> None:
        """One profiled function, and one that is none."""
        variables = {
            "AWS_CODEGURU_PROFILER_GROUP_NAME": group,
            "PROFILED_HANDLER": "route_request.handler.handle",
        }
        told = [
            {"FunctionName": "other", "MemorySize": 128},
            {
                "FunctionName": "router",
                "MemorySize": 256,
                "Environment": {"Variables": variables},
                "Architectures": ["x86_64"],
            },
        ]
        self.stubs["lambda"].add_response("list_functions", {"Functions": told})

    def profile(self, content: bytes) -> None:
        """The group has this profile."""
        body = StreamingBody(io.BytesIO(content), len(content))
        window = {
            "profilingGroupName": STACK,
            "accept": "application/json",
            "startTime": datetime.fromtimestamp(996_300, UTC),
            "endTime": datetime.fromtimestamp(NOW, UTC),
        }
        self.stubs["codeguruprofiler"].add_response(
            "get_profile", {"profile": body, "contentType": "application/json"}, window
        )

    def bills(self) -> None:
        """The router ran for 100 s in 1,000 requests."""
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        told = {"requests0": [400.0, 600.0], "milliseconds0": [100_000.0]}
        results = [
            {"Id": name, "Values": values, "Timestamps": [moment] * len(values)}
            for name, values in told.items()
        ]
        self.stubs["cloudwatch"].add_response("get_metric_data", {"MetricDataResults": results})

    def advice(self) -> None:
        """One recommendation."""
        self.stubs["codeguruprofiler"].add_response(
            "get_recommendations",
            {
                "profilingGroupName": STACK,
                "profileStartTime": datetime(2026, 1, 1, tzinfo=UTC),
                "profileEndTime": datetime(2026, 1, 1, tzinfo=UTC),
                "recommendations": [RECOMMENDATION],
                "anomalies": [],
            },
        )

    def everything(self, outputs: dict[str, str] = OUTPUTS) -> None:
        """All that a report asks for is there."""
        self.stack(outputs)
        self.functions()
        self.profile(
            profile_of(
                start=996_300_000, end=int(NOW * 1000), route_request__handler_0_handle=ROUTER
            )
        )
        self.bills()
        self.advice()


@pytest.fixture(scope="module")
def clients() -> dict[str, Any]:
    """Of all services that the report is read from: to make one costs more than a test."""
    session = boto3.Session(
        aws_access_key_id="a", aws_secret_access_key="s", region_name="eu-west-1"
    )
    make: Any = session.client
    names = ("cloudformation", "codeguruprofiler", "lambda", "cloudwatch")
    return {name: make(name) for name in names}


@pytest.fixture
def cloud(tmp_path: Path, clients: dict[str, Any]) -> Iterator[Cloud]:
    """What the command talks to."""
    made: Any = Cloud(clients)
    project = Project(
        path=tmp_path / "tidegate.yaml", name="p", stages=("dev",), regions={"dev": "eu-west-1"}
    )
    found = PLACES.set(lambda *_: Place(project=project, stage="dev", target=made))
    with ExitStack() as stubbed:
        for stub in made.stubs.values():
            stubbed.enter_context(stub)
        yield made
    PLACES.reset(found)


def ask(*more: str) -> Any:
    """What the command says."""
    return CliRunner().invoke(app, ["profile", "--period", "PT1H", *more])


def test_the_dearest_lines_are_told_with_the_whole_bill(cloud: Cloud):
    """Place, cost and what it waits for; what it is an estimate of, and whose prices."""
    cloud.everything()
    told = ask()

    assert told.exit_code == 0, told.output
    flat = " ".join(told.output.split())
    assert "$0.000350 70.0% of route_request lambda/tidegate/plan.py:5 steps" in flat
    assert "lines $0.000500 + functions without a sample $0.00 + requests $0.000200" in flat
    assert "Clients are made anew (12.5 % of all samples): Make one." in flat
    assert "estimated: " in flat
    assert "prices: as a test says" in flat


def test_fewer_lines_are_summed_up(cloud: Cloud):
    """The others are counted."""
    cloud.everything()
    told = " ".join(ask("--top", "1").output.split())

    assert "2 more lines: $0.000150 (--top shows more)" in told
    assert "table.py" not in told


def test_json_has_all_of_it(cloud: Cloud):
    """Numbers as they are, nothing rounded."""
    cloud.everything()
    told = json.loads(ask("--json", "--top", "2").stdout)

    assert [line["file"] for line in told["lines"]] == ["tidegate/plan.py", "tidegate_aws/table.py"]
    assert told["lines_in_all"] == 3
    assert told["lines"][0]["usd"] == pytest.approx(0.00035)
    totals = told["totals"]
    assert totals["usd"] == pytest.approx(0.0007)
    assert totals["usd"] == totals["lines_usd"] + totals["unsampled_usd"] + totals["request_usd"]
    assert told["billed"]["end"] == "1970-01-12T13:50:00+00:00"
    assert told["recommendations"][0]["frames"] == ["boto3:client"]


def test_an_unknown_price_is_said_to_be_unknown(cloud: Cloud):
    """Shares are told all the same."""
    cloud.everything({"GroupName": STACK, "PriceSaid": "the price is not known"})
    told = " ".join(ask().output.split())

    assert "unknown 70.0% of route_request" in told
    assert "prices: the price is not known" in told


def test_a_stage_that_is_not_profiled_is_refused(cloud: Cloud):
    """It says how to switch it on."""
    cloud.stubs["cloudformation"].add_client_error("describe_stacks", "ValidationError", "none")
    told = ask("--json")

    assert told.exit_code == 3
    assert "set stages.dev.profiling: true" in json.loads(told.stdout)["error"]


def test_a_stack_of_an_older_version_is_to_be_deployed(cloud: Cloud):
    """It tells no group."""
    cloud.stack({})
    told = ask("--json")

    assert told.exit_code == 3
    assert "has no output GroupName, PriceSaid" in json.loads(told.stdout)["error"]


@pytest.mark.parametrize("answer", ["empty", "none"])
def test_without_a_profile_there_is_nothing_to_report(cloud: Cloud, answer: str):
    """It says when there will be one."""
    cloud.stack(OUTPUTS)
    cloud.functions()
    if answer == "empty":
        cloud.profile(profile_of())
    else:
        cloud.stubs["codeguruprofiler"].add_client_error(
            "get_profile", "ResourceNotFoundException", "none"
        )
    told = ask("--json")

    assert told.exit_code == 3
    said = json.loads(told.stdout)["error"]
    assert "has no profile of 1970-01-12 12:45 to 1970-01-12 13:46 UTC: its 1 functions" in said


def test_a_missing_right_is_named(cloud: Cloud):
    """With all that the report needs."""
    cloud.stack(OUTPUTS)
    cloud.stubs["lambda"].add_client_error(
        "list_functions", "AccessDeniedException", "no ListFunctions for you"
    )
    told = ask("--json")

    assert told.exit_code == 3
    said = json.loads(told.stdout)["error"]
    assert said.startswith("no ListFunctions for you; the report needs cloudformation:Describe")


def test_an_answer_in_another_format_is_refused(cloud: Cloud):
    """Nothing is guessed."""
    cloud.stack(OUTPUTS)
    cloud.functions()
    cloud.profile(b"\xe0\x01\x00\xea")
    told = ask("--json")

    assert told.exit_code == 1
    assert "GetProfile cannot be read: it is not JSON" in json.loads(told.stdout)["error"]


def test_functions_of_another_group_are_not_reported(cloud: Cloud):
    """Their samples would be of no function."""
    cloud.stack(OUTPUTS)
    cloud.functions(group="another")
    cloud.profile(profile_of(route_request__handler_0_handle=node(3)))
    cloud.advice()
    told = json.loads(ask("--json").stdout)

    assert (told["lines"], told["functions"]) == ([], [])
    assert told["samples"] == {"in_functions": 0, "beside": 3}


@pytest.mark.parametrize("period", ["PT4M", "P8D", "P", "1D", "PT1S", "P1W", ""])
def test_what_is_no_period_is_refused(period: str):
    """What is allowed is said."""
    with pytest.raises(CommandError, match="from PT5M to P7D"):
        window_of(period, now=NOW)


@pytest.mark.parametrize(("period", "seconds"), [("PT5M", 300), ("P1DT2H3M", 93_780)])
def test_a_period_begins_on_the_grid(period: str, seconds: int):
    """Profiles are aggregated by five minutes."""
    window = window_of(period, now=NOW)

    assert window.end == NOW
    assert window.start % 300 == 0
    assert seconds <= window.seconds < seconds + 300


@pytest.mark.parametrize(
    ("usd", "words"),
    [
        (None, "unknown"),
        (0.0, "$0.00"),
        (1234.5, "$1,234.50"),
        (0.5, "$0.500"),
        (4.2e-7, "$0.000000420"),
    ],
)
def test_small_sums_keep_their_digits(usd: float | None, words: str):
    """A line costs far less than a cent."""
    assert usd_words(usd) == words
