"""What the PyTorch container calls; model_fn is the container's own: TorchScript from model.pt."""

import json
from typing import Any

import torch


def input_fn(body: str, content_type: str) -> torch.Tensor:
    """The rows of `{"instances": [[...], ...]}`."""
    if content_type != "application/json":
        raise ValueError(f"content type {content_type!r} cannot be read: send application/json")
    return torch.tensor(json.loads(body)["instances"], dtype=torch.float32)


def output_fn(chances: Any, accept: str) -> tuple[str, str]:
    """`{"predictions": [...]}`, whatever is accepted."""
    del accept
    return json.dumps({"predictions": chances.tolist()}), "application/json"
