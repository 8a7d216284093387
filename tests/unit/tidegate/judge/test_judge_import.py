"""What loading the judge loads: a function that starts cold waits for it."""

import subprocess
import sys
from pathlib import Path

LAMBDA = Path(__file__).parents[4] / "lambda"

NEEDED = "binascii, collections.abc, dataclasses, enum, functools, itertools, math, struct, types"
"""What the judge may load of the standard library, with whatever these load themselves."""

_LOADED_BESIDES = f"""
import sys
import {NEEDED}
sys.path.insert(0, sys.argv[1])
before = set(sys.modules)
import tidegate.judge
print(*sorted(set(sys.modules) - before))
"""


def loaded_besides() -> list[str]:
    """The modules that a fresh interpreter loads with the judge, beside the needed ones."""
    command = [sys.executable, "-I", "-S", "-c", _LOADED_BESIDES, str(LAMBDA)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.split()


def test_the_judge_loads_little_of_the_standard_library():
    """`typing`, `json`, `statistics` and their like take longer to load than a look takes."""
    assert [name for name in loaded_besides() if name.partition(".")[0] != "tidegate"] == []


def test_the_judge_loads_nothing_that_only_others_need():
    """No ports, no logs, no A/B tests, no views."""
    others = ("abtest", "loop", "ports", "release", "requestlog", "totals", "users", "view")
    loaded = set(loaded_besides())
    assert {f"tidegate.{name}" for name in others} & loaded == set()
