"""Trains the first version, from the gold questions alone: the pipeline's own script.

`python -m examples.labelling.first --output build/letters/first`
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from examples.labelling.code.manifests import Labelled, write
from examples.labelling.letters import HERE

GOLD = HERE / "files" / "gold.manifest"


def build(folder: Path) -> None:
    """The artifact of the version lies in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [json.loads(line) for line in GOLD.read_text(encoding="utf-8").splitlines()]
    known = [Labelled(text=line["source"], label=line["topic"], confidence=1.0) for line in lines]
    with tempfile.TemporaryDirectory() as data:
        write(Path(data) / "letters.jsonl", known)
        environment = {**os.environ, "SM_CHANNEL_TRAIN": data, "SM_MODEL_DIR": str(folder)}
        script = HERE / "code" / "train.py"
        done = [sys.executable, str(script)]
        subprocess.run(done, env=environment, stdout=subprocess.DEVNULL, check=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """The artifact asked for is written."""
    options = argparse.ArgumentParser(prog="python -m examples.labelling.first")
    options.add_argument("--output", type=Path, required=True, help="the artifact's folder")
    given = options.parse_args(arguments)
    build(given.output)
    print(given.output)


if __name__ == "__main__":
    main()
