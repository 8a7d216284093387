"""What loading the front door loads: a request that starts a process waits for it."""

import subprocess
import sys
from pathlib import Path

LAMBDA = Path(__file__).parents[4] / "lambda"

NEEDED = (
    "__future__, binascii, collections.abc, dataclasses, enum, functools, hashlib, hmac, json, "
    "math, os, time"
)
"""What the front door may load of the standard library, with whatever these load themselves."""

_LOADED_BESIDES = f"""
import sys
import {NEEDED}
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import route_request.handler
import tidegate_aws.invoker, tidegate_aws.keys, tidegate_aws.splits
print(*sorted(set(sys.modules) - before))
"""


def loaded_besides() -> list[str]:
    """What a fresh interpreter loads with the function and its adapters, beside what it needs."""
    command = [sys.executable, "-I", "-S", "-c", _LOADED_BESIDES, str(LAMBDA)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_front_door_loads_little_of_the_standard_library():
    """No `typing`, no `base64`, and nothing of boto3 before a client is made."""
    own = {"route_request", "tidegate", "tidegate_aws"}
    assert [name for name in loaded_besides() if name.partition(".")[0] not in own] == []


def test_the_front_door_loads_nothing_that_only_releases_need():
    """No plans, records, looks or verdicts: the split document has all that routing needs."""
    others = ("judge", "loop", "plan", "pointer", "ports", "release", "verdict", "version", "view")
    loaded = set(loaded_besides())
    assert {f"tidegate.{name}" for name in others} & loaded == set()
    assert "tidegate_aws.release_store" not in loaded
