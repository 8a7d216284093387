"""CodeGuru Profiler of the embedded cloud, as a client with boto3 sees it."""

import gzip
import json
import os
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.server import EmbeddedCloud


@pytest.fixture(scope="module")
def profiler(ground_cloud: EmbeddedCloud) -> Any:
    """A client of the administrator."""
    return ground_cloud.session().client("codeguruprofiler")


@pytest.fixture
def group(profiler: Any) -> str:
    """A new group; its name."""
    name = f"group-{uuid.uuid4().hex[:8]}"
    profiler.create_profiling_group(
        profilingGroupName=name, clientToken=name, computePlatform="AWSLambda"
    )
    return name


def posted(**samples: int) -> bytes:
    """What an agent posts of one function that calls others."""
    children = {
        f"app.handler:{name}": {
            "counts": {"WALL_TIME": count},
            "file": "app/handler.py",
            "line": [7],
        }
        for name, count in samples.items()
    }
    children["app.handler:slow"] |= {"children": {"boto3:client": {"counts": {"WALL_TIME": 4}}}}
    profile = {"start": 0, "end": 1, "agentMetadata": {}, "callgraph": {"children": children}}
    return gzip.compress(json.dumps(profile).encode())


def around_now(cloud_now: datetime) -> dict[str, datetime]:
    """A day around a moment of the cloud's clock."""
    day = timedelta(days=1)
    return {"startTime": cloud_now - day, "endTime": cloud_now + day}


def test_what_agents_post_is_aggregated(profiler: Any, group: str):
    """Samples of several profiles add up, by frame; times and advice come from them."""
    configured = profiler.configure_agent(profilingGroupName=group)["configuration"]
    assert configured["shouldProfile"] is True
    for _ in range(2):
        profiler.post_agent_profile(
            profilingGroupName=group,
            agentProfile=posted(slow=6, quick=1),
            contentType="application/json",
        )
    described = profiler.describe_profiling_group(profilingGroupName=group)["profilingGroup"]
    window = around_now(described["profilingStatus"]["latestAgentProfileReportedAt"])
    answer = profiler.get_profile(profilingGroupName=group, accept="application/json", **window)
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-emulated-engine"] == "aggregated"
    graph = json.loads(answer["profile"].read())["callgraph"]
    slow = graph["children"]["app.handler:slow"]
    assert slow["counts"] == {"WALL_TIME": 12}
    assert (slow["file"], slow["line"]) == ("app/handler.py", [7])
    times = profiler.list_profile_times(profilingGroupName=group, period="PT5M", **window)
    assert len(times["profileTimes"]) in (1, 2)
    advice = profiler.get_recommendations(profilingGroupName=group, **window)
    (found,) = advice["recommendations"]
    assert found["topMatches"][0]["frameAddress"] == "boto3:client"
    assert found["allMatchesSum"] == pytest.approx(100 * 8 / 22)


def test_what_is_no_profile_is_refused(profiler: Any, group: str):
    """Other content, other types, unknown groups; a second group of the name."""

    def refused(call: Any, **request: Any) -> str:
        with pytest.raises(ClientError) as caught:
            call(**request)
        return str(caught.value.response["Error"]["Code"])

    post = profiler.post_agent_profile
    asked = {"profilingGroupName": group, "contentType": "application/json"}
    assert refused(post, agentProfile=b"no", **asked) == "ValidationException"
    assert refused(post, agentProfile=b"{}", **asked) == "ValidationException"
    other = {**asked, "contentType": "application/x-amzn-ion"}
    assert refused(post, agentProfile=b"no", **other) == "NotEmulatedException"
    unknown = {**asked, "profilingGroupName": "unknown"}
    assert refused(post, agentProfile=posted(slow=1), **unknown) == "ResourceNotFoundException"
    again = {"profilingGroupName": group, "clientToken": "again"}
    assert refused(profiler.create_profiling_group, **again) == "ConflictException"
    profiler.delete_profiling_group(profilingGroupName=group)
    gone = refused(profiler.describe_profiling_group, profilingGroupName=group)
    assert gone == "ResourceNotFoundException"


def test_a_profile_is_cut_at_a_depth(profiler: Any, group: str):
    """What is below counts for the deepest frame that is shown; the window must be one."""
    profiler.post_agent_profile(
        profilingGroupName=group, agentProfile=posted(slow=6), contentType="application/json"
    )
    described = profiler.describe_profiling_group(profilingGroupName=group)["profilingGroup"]
    window = around_now(described["profilingStatus"]["latestAgentProfileReportedAt"])
    answer = profiler.get_profile(profilingGroupName=group, maxDepth=1, **window)
    graph = json.loads(answer["profile"].read())["callgraph"]
    assert graph["children"]["app.handler:slow"]["counts"] == {"WALL_TIME": 10}
    with pytest.raises(ClientError, match="one too many"):
        profiler.get_profile(profilingGroupName=group, period="PT1H", **window)
    start = datetime.now(UTC)
    with pytest.raises(ClientError, match="must come after"):
        profiler.get_profile(profilingGroupName=group, startTime=start, endTime=start)


FUNCTION = """
import time
def handle(event, context):
    until = time.monotonic() + 0.4
    while time.monotonic() < until:
        sum(range(1000))
    return event
"""
INVOKED = """
from run_profiled.handler import handle
class Context:
    aws_request_id = "r"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:hot"
    def get_remaining_time_in_millis(self):
        return 1000
for number in range(18):
    assert handle(number, Context()) == number
"""


@pytest.mark.accept
def test_awss_own_agent_posts_here(
    ground_cloud: EmbeddedCloud, profiler: Any, group: str, tmp_path: Path
):
    """As it runs around a function: what took the time is in the group's profile."""
    (tmp_path / "hot.py").write_text(FUNCTION)
    keys = ground_cloud.session().get_credentials()
    functions = Path(__file__).parents[2] / "lambda"
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{functions}:{tmp_path}",
        "PROFILED_HANDLER": "hot.handle",
        "AWS_CODEGURU_PROFILER_GROUP_NAME": group,
        "AWS_ENDPOINT_URL": ground_cloud.endpoint_url,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
        "AWS_DEFAULT_REGION": ground_cloud.region,
        **({} if keys.token is None else {"AWS_SESSION_TOKEN": keys.token}),
    }
    subprocess.run([sys.executable, "-c", INVOKED], env=environment, check=True, timeout=60)
    answer = profiler.get_profile(profilingGroupName=group, accept="application/json", period="P1D")
    assert "hot:handle" in answer["profile"].read().decode()
