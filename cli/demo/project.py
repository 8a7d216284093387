"""The demo's project: the example's own project file with one artifact or another in it."""

import subprocess
import sys
from pathlib import Path

from cli.exits import CommandError
from cli.projectcopy import Exchange, write_copy

MODEL = "flights"
VERSIONS = ("v1", "v2", "v3", "v4")
ARTIFACTS = Path("build/flights")


def train_missing() -> tuple[str, ...]:
    """Every version's artifact exists; the versions that had to be trained for that."""
    missing = tuple(v for v in VERSIONS if not (ARTIFACTS / v / "model.json").is_file())
    for version in missing:
        command = [sys.executable, "-m", "examples.flights.train", "--version", version]
        finished = subprocess.run(
            [*command, "--output", str(ARTIFACTS / version)],
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            raise CommandError(f"training {version} failed:\n{finished.stderr}")
    return missing


def project_with(version: str, *, source: Path, folder: Path) -> Path:
    """A copy of the project file that has this version's artifact; nothing else is changed."""
    exchange = Exchange(model=MODEL, artifact=ARTIFACTS / version, label=version)
    return write_copy(source, folder / f"tidegate-{version}.yaml", exchange=exchange)
