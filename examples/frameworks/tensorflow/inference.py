"""What the TensorFlow container calls around TensorFlow Serving; without this file, nothing.

A request is handed on as it is; of the answer `{"predictions": [[0.2], ...]}` the inner lists go.
"""

import json
from typing import Any


def input_handler(data: Any, context: Any) -> str:
    """The body for TensorFlow Serving's REST API, from `{"instances": [[...], ...]}`."""
    if context.request_content_type != "application/json":
        raise ValueError(
            f"content type {context.request_content_type!r} cannot be read: send application/json"
        )
    body: str = data.read().decode()
    return body


def output_handler(response: Any, context: Any) -> tuple[str, str]:
    """`{"predictions": [...]}`; what TensorFlow Serving refused is told as it said it."""
    del context
    if response.status_code != 200:
        raise ValueError(response.content.decode())
    chances = [row[0] for row in response.json()["predictions"]]
    return json.dumps({"predictions": chances}), "application/json"
