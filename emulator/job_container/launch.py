"""Runs a Python program as a container of SageMaker would: with the image's packages and its own.

Run as a file (`python -I -u launch.py PROGRAM ARGUMENTS`), standard library only. The project that
the embedded cloud itself lives in is taken off the search path, so that a program that imports it
fails here as it would on AWS.
"""

import os
import runpy
import sys
from pathlib import Path


def main() -> None:
    """The program has run as `__main__`; its exit code is this process's."""
    program = Path(sys.argv[1]).resolve()
    sys.argv[:] = sys.argv[1:]
    given = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    kept = [entry for entry in sys.path if _belongs_to_python(entry)]
    sys.path[:] = [str(program.parent), *given, *kept]
    runpy.run_path(str(program), run_name="__main__")


def _belongs_to_python(entry: str) -> bool:
    roots = (Path(sys.prefix).resolve(), Path(sys.base_prefix).resolve())
    return entry != "" and any(Path(entry).resolve().is_relative_to(root) for root in roots)


if __name__ == "__main__":
    main()
