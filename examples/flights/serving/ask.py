"""Answers requests from an artifact as the container would, one a line, without HTTP or a server.

`python -I ask.py ARTIFACT < payloads > answers`: for evaluation and tests. Run as a script of its
own, in isolated mode, so that an artifact which is not self-contained fails here and not on AWS.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

CONTENT_TYPE = "application/json"


def answer(inference: Any, model: Any, body: bytes) -> dict[str, Any]:
    """What the caller gets: an answer, or the error that the container would turn into a 500."""
    started = time.perf_counter()
    try:
        flights = inference.input_fn(body, CONTENT_TYPE)
        text, _ = inference.output_fn(inference.predict_fn(flights, model), CONTENT_TYPE)
    except Exception as fault:  # noqa: BLE001 - the container answers 500 to whatever the model raises
        return {"error": f"{type(fault).__name__}: {fault}"}
    return {"answer": text, "seconds": time.perf_counter() - started}


def main() -> None:
    """Every line of standard input has its line on standard output."""
    folder = Path(sys.argv[1])
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder / "code"))
    inference = importlib.import_module("inference")
    model = inference.model_fn(str(folder))
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(inference, model, line)) + "\n")


if __name__ == "__main__":
    main()
