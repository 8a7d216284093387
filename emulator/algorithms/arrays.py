"""What trained models are kept in: arrays and settings, in the one file of an artifact.

AWS's own artifacts of these algorithms are MXNet's; neither cloud reads the other's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

MODEL_FILE = "model_algo-1"


def save(folder: Path, settings: Mapping[str, Any], **arrays: Any) -> None:
    """The folder has the model's file."""
    told = np.frombuffer(json.dumps(dict(settings)).encode(), dtype=np.uint8)
    with (folder / MODEL_FILE).open("wb") as file:
        np.savez_compressed(file, settings=told, **arrays)


def load(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings and arrays; ValueError for a file that the embedded cloud did not write."""
    file = folder / MODEL_FILE
    try:
        with np.load(file, allow_pickle=False) as opened:
            arrays = {name: opened[name] for name in opened.files}
        settings: dict[str, Any] = json.loads(arrays.pop("settings").tobytes())
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(
            f"{MODEL_FILE} is not a model that the embedded cloud trained: artifacts of AWS's own "
            "algorithms, other than XGBoost's, are MXNet's and are not read here"
        ) from error
    return settings, arrays
