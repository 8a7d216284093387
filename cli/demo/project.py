"""The demo's project: the example's own project file with one artifact or another in it."""

import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from cli.exits import CommandError

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
    yaml = YAML()
    data = yaml.load(source.read_text(encoding="utf-8"))
    model = data["models"][MODEL]
    model["artifact"] = str((ARTIFACTS / version).resolve())
    model["label"] = version
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tidegate-{version}.yaml"
    with path.open("w", encoding="utf-8") as stream:
        yaml.dump(data, stream)
    return path
