"""Augmented manifests, as Ground Truth and the labelling service write them.

A line has the text (`source`), the label's number under the label's name, and its name in the
metadata: SageMaker developer guide, "Labeling job output data".
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_METADATA = "-metadata"


@dataclass(frozen=True)
class Labelled:
    """A text with its class, and how sure that is."""

    text: str
    label: str
    confidence: float


def read(file: Path) -> list[Labelled]:
    """The lines of a manifest, or of a file that `write` wrote."""
    lines = file.read_text(encoding="utf-8").splitlines()
    return [_labelled(json.loads(line)) for line in lines if line.strip()]


def _labelled(line: dict[str, Any]) -> Labelled:
    if "text" in line:
        return Labelled(**line)
    (metadata,) = (value for name, value in line.items() if name.endswith(_METADATA))
    return Labelled(
        text=line["source"],
        label=metadata["class-name"],
        confidence=float(metadata["confidence"]),
    )


def write(file: Path, every: Iterable[Labelled]) -> None:
    """The file has the texts, a JSON object a line."""
    lines = (json.dumps(one.__dict__, sort_keys=True) for one in every)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
