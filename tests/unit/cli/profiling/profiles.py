"""A profile as the agent's format has it, and what there is beside it, for tests."""

import json
from typing import Any

from cli.profiling.costs import Billed, Prices
from cli.profiling.samples import Attributed, attributed, read_profile

HANDLERS = {"route_request.handler:handle": "route_request"}
OWN = ("route_request", "tidegate", "tidegate_aws")
PRICES = Prices(gb_second=0.00002, request=0.0000002, said="as a test says")


def node(samples: int = 0, *lines: int, **children: Any) -> dict[str, Any]:
    """A frame with samples of its own; `__` stands for `.` in a child's name, `_0_` for `:`."""
    told: dict[str, Any] = {"counts": {"WALL_TIME": samples}} if samples else {}
    if lines:
        told["line"] = list(lines)
    if children:
        told["children"] = {
            name.replace("_0_", ":").replace("__", "."): child for name, child in children.items()
        }
    return told


def profile_of(start: int = 0, end: int = 300_000, **children: Any) -> bytes:
    """A profile whose stacks begin with these."""
    return json.dumps({"start": start, "end": end, "callgraph": node(**children)}).encode()


ROUTER = node(
    1,
    10,
    20,
    tidegate__plan_0_steps=node(3, 5, botocore__client_0_S3_0_get_object=node(4)),
    botocore__client_0_S3_0_put_object=node(0, 1, tidegate_aws__table_0_Table_0_get=node(2, 55)),
)
"""Ten samples: one of the handler, seven of a plan, of which four wait for S3, two of a table."""


def sampled(**children: Any) -> Attributed:
    """The samples of a profile whose stacks begin with these."""
    return attributed(read_profile(profile_of(**children)), handlers=HANDLERS, own=OWN)


def billed(package: str = "route_request", **changes: Any) -> Billed:
    """A function of a quarter of a gigabyte that ran for 100 s in 1,000 requests."""
    given = {
        "name": f"p-dev-{package}",
        "package": package,
        "memory_megabytes": 256,
        "architecture": "x86_64",
        "requests": 1_000.0,
        "seconds": 100.0,
        **changes,
    }
    return Billed(**given)
