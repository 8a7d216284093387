"""Writes a history of flights as a batch takes it: `python -m examples.offline.data`."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from examples.offline.records import write_history


def main(arguments: Sequence[str] | None = None) -> None:
    """The files are there; prints what is in them."""
    options = argparse.ArgumentParser(prog="python -m examples.offline.data")
    options.add_argument("--rows", type=int, default=100_000, help="rows (default 100,000)")
    options.add_argument("--files", type=int, default=4, help="files (default 4)")
    options.add_argument("--output", type=Path, required=True, help="their folder")
    chosen = options.parse_args(arguments)
    paths = write_history(chosen.output, chosen.rows, files=chosen.files)
    size = sum(path.stat().st_size for path in paths)
    print(f"{chosen.output}: {chosen.rows:,} rows in {len(paths)} files, {size:,} bytes")


if __name__ == "__main__":
    main()
