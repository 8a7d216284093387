"""Serves model.onnx with ONNX Runtime in the scikit-learn container.

code/requirements.txt beside this file names ONNX Runtime: the container installs it when it starts.
The model's last output is taken for the chances, so that exports of other frameworks work too.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime


def model_fn(model_dir: str) -> onnxruntime.InferenceSession:
    """A session on the processor, with one thread: instances are scaled, not threads."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(
        str(Path(model_dir) / "model.onnx"), options, providers=["CPUExecutionProvider"]
    )


def input_fn(body: str, content_type: str) -> Any:
    """The rows of `{"instances": [[...], ...]}`."""
    if content_type != "application/json":
        raise ValueError(f"content type {content_type!r} cannot be read: send application/json")
    return np.array(json.loads(body)["instances"], dtype=np.float32)


def predict_fn(rows: Any, session: onnxruntime.InferenceSession) -> Any:
    """The chance of each row, the last column of the last output."""
    chances = session.run(None, {session.get_inputs()[0].name: rows})[-1]
    return np.asarray(chances).reshape(len(rows), -1)[:, -1]


def output_fn(chances: Any, accept: str) -> tuple[str, str]:
    """`{"predictions": [...]}`, whatever is accepted."""
    del accept
    return json.dumps({"predictions": chances.tolist()}), "application/json"
