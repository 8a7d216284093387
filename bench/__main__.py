"""`python -m bench`: every measurement in turn, each in a process of its own."""

import subprocess
import sys
from pathlib import Path

MEASUREMENTS = (
    "invoke_endpoint",
    "transform",
    "route_request",
    "synth",
    "judge.margins",
    "dns_caching",
)
ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run all; the exit code is 1 if one of them missed its goal or failed."""
    missed = []
    for name in MEASUREMENTS:
        print(f"\n== {name}", flush=True)
        command = [sys.executable, "-m", f"bench.{name}"]
        if subprocess.run(command, check=False, cwd=ROOT).returncode != 0:
            missed.append(name)
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
