"""What a profile says: every sample is of a line of the project's own, or beside its functions."""

import gzip
import json

import pytest

from cli.profiling.samples import ProfileError, attributed, read_profile
from tests.unit.cli.profiling.profiles import HANDLERS, OWN, ROUTER, node, profile_of, sampled


def test_a_sample_is_of_the_innermost_own_frame():
    """What a library waits for is of the line that called it, and told with it."""
    found = {spot.frame: spot for spot in sampled(route_request__handler_0_handle=ROUTER).spots}

    assert {frame: spot.samples for frame, spot in found.items()} == {
        "route_request.handler:handle": 1,
        "tidegate.plan:steps": 7,
        "tidegate_aws.table:Table:get": 2,
    }
    plan = found["tidegate.plan:steps"]
    assert plan.calls == {"botocore.client:S3:get_object": 4}
    assert (plan.file, plan.lines) == ("tidegate/plan.py", (5,))
    assert found["route_request.handler:handle"].lines == (10, 20)


def test_frames_above_the_handler_are_of_no_function():
    """The runtime and the agent call it; what runs in other threads is counted beside."""
    found = sampled(
        bootstrap_0_main=node(2, route_request__handler_0_handle=node(5)),
        threading_0_run=node(0, tidegate__plan_0_steps=node(3)),
    )

    assert [(spot.function, spot.samples) for spot in found.spots] == [("route_request", 5)]
    assert found.beside == 5
    assert found.by_function == {"route_request": 5}


def test_lines_of_one_frame_are_joined():
    """It is reached by two ways, seen at other lines by each."""
    step = "tidegate__plan_0_step"
    found = sampled(
        route_request__handler_0_handle=node(
            0,
            tidegate__plan_0_first=node(0, **{step: node(1, 9)}),
            tidegate__plan_0_second=node(0, **{step: node(1, 3, 12)}),
        )
    )

    assert [(spot.samples, spot.lines) for spot in found.spots] == [(2, (3, 12))]


def test_a_packed_profile_is_read():
    """Its times are milliseconds; without them they are not known."""
    packed = read_profile(gzip.compress(profile_of(start=1_000, end=61_000)))
    bare = read_profile(b'{"callgraph": {}}')

    assert (packed.start, packed.end) == (1.0, 61.0)
    assert (bare.start, bare.end) == (None, None)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x1f\x8bno", "not JSON"),
        (b"\xe0\x01\x00\xea", "not JSON"),
        (b"[]", "no callgraph"),
        (b'{"callgraph": 1}', "no callgraph"),
    ],
)
def test_what_is_no_profile_is_refused(content: bytes, said: str):
    """Ion, which the service answers by default, is none."""
    with pytest.raises(ProfileError, match=said):
        read_profile(content)


@pytest.mark.parametrize(
    "callgraph",
    [{"children": []}, {"children": {"a": 1}}, {"counts": {"WALL_TIME": "many"}}, {"counts": 1}],
)
def test_a_malformed_graph_is_refused(callgraph: object):
    """Nothing is guessed."""
    read = read_profile(json.dumps({"callgraph": callgraph}).encode())
    with pytest.raises(ProfileError, match="malformed"):
        attributed(read, handlers=HANDLERS, own=OWN)


def test_a_bottomless_graph_is_refused():
    """No stack of the agent's is that deep."""
    graph = node(1)
    for _ in range(2_000):
        graph = {"children": {"f": graph}}
    with pytest.raises(ProfileError):
        attributed(read_profile(_dumped(graph)), handlers=HANDLERS, own=OWN)


def _dumped(graph: object) -> bytes:
    encoder, parts = json.JSONEncoder(), []
    while isinstance(graph, dict) and "children" in graph:
        parts.append('{"children": {"f": ')
        graph = graph["children"]["f"]
    middle = encoder.encode(graph)
    return ('{"callgraph": ' + "".join(parts) + middle + "}}" * len(parts) + "}").encode()
