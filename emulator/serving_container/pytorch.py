"""The PyTorch container: the user's functions around TorchServe, as its toolkit calls them.

Follows `sagemaker-pytorch-inference-toolkit` and `sagemaker-inference-toolkit` (transformer.py).
Unlike the scikit-learn container it knows a default model, TorchScript in a file `.pt` or `.pth`,
gives functions a context if they take one, and answers an unknown media type with 415. The context
is None here: TorchServe itself does not run.
"""

import os
import traceback
from collections.abc import Callable
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

from emulator.serving_container import encoders
from emulator.serving_container.encoders import UnsupportedFormatError
from emulator.serving_container.httpd import HttpRequest, HttpResponse
from emulator.serving_container.transformer import asked
from emulator.serving_container.user_code import imported

_DEFAULT_PROGRAM = "inference.py"
_MODEL_FILES = (".pt", ".pth")


class ModelLoadError(Exception):
    """The default model_fn finds no model that it can load."""


def load_pytorch(model_dir: Path) -> "PyTorchModel":
    """The model of an unpacked artifact, by the code in its code/, or as TorchScript."""
    return PyTorchModel(_module(model_dir), model_dir)


class PyTorchModel:
    """A loaded model and the functions around it; every answer, errors too, is the toolkit's."""

    def __init__(self, module: ModuleType, model_dir: Path) -> None:
        self._default_accept = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", encoders.JSON)
        self._transform = _transform_of(module)
        self._model = _called(getattr(module, "model_fn", default_model_fn), str(model_dir))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer to one invocation."""
        content_type, accept, body = asked(request, self._default_accept)
        try:
            result = _called(self._transform, self._model, body, content_type, accept)
        except UnsupportedFormatError as error:
            return _failed(415, error)
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises becomes a 500
            return _failed(500, error)
        media_type = accept
        if isinstance(result, tuple):
            result, media_type = result[0], result[1]
        return HttpResponse(headers={"Content-Type": media_type}, body=_bytes(result))


def default_model_fn(model_dir: str) -> Any:
    """TorchScript from model.pt, or from the only .pt or .pth file; ModelLoadError without one."""
    files = sorted(path.name for path in Path(model_dir).iterdir() if path.suffix in _MODEL_FILES)
    if "model.pt" in files:
        files = ["model.pt"]
    if len(files) != 1:
        raise ModelLoadError(
            f"Exactly one .pth or .pt file is required for PyTorch models: {files}"
        )
    try:
        return import_module("torch").jit.load(str(Path(model_dir, files[0])), map_location="cpu")
    except RuntimeError as error:
        raise ModelLoadError(
            f"Failed to load {files[0]}. Please ensure model is saved using torchscript."
        ) from error


def default_input_fn(body: Any, content_type: str) -> Any:
    """A tensor, of 32-bit floats where the body was text."""
    array, torch = encoders.decode(body, content_type), import_module("torch")
    if content_type in encoders.UTF8_TYPES:
        return torch.FloatTensor(array)
    return torch.from_numpy(array)


def default_predict_fn(data: Any, model: Any) -> Any:
    """What the model, set to evaluation, answers without gradients."""
    with import_module("torch").no_grad():
        model.eval()
        return model(data)


def default_output_fn(prediction: Any, accept: str) -> Any:
    """The prediction in the first of the accepted media types that has an encoder."""
    if hasattr(prediction, "detach"):
        prediction = prediction.detach().cpu().numpy().tolist()
    wanted = [part.partition(";")[0].strip() for part in accept.split(",")]
    known = (encoders.JSON, encoders.CSV, encoders.NPY)
    chosen = next((media_type for media_type in wanted if media_type in known), None)
    if chosen is None:
        raise UnsupportedFormatError(accept)
    return encoders.encode(prediction, chosen)


def _module(model_dir: Path) -> ModuleType:
    program = os.environ.get("SAGEMAKER_PROGRAM", _DEFAULT_PROGRAM)
    if (model_dir / "code" / program).is_file():
        return imported(model_dir / "code", program)
    return ModuleType("inference")  # every function is the container's own


def _transform_of(module: ModuleType) -> Callable[..., Any]:
    whole = getattr(module, "transform_fn", None)
    parts = [getattr(module, name, None) for name in ("input_fn", "predict_fn", "output_fn")]
    if whole is not None:
        if any(part is not None for part in parts):
            raise ValueError(
                "Cannot use transform_fn implementation in conjunction with "
                "input_fn, predict_fn, and/or output_fn implementation"
            )
        return whole  # type: ignore[no-any-return]
    defaults: tuple[Callable[..., Any], ...] = (
        default_input_fn,
        default_predict_fn,
        default_output_fn,
    )
    input_fn, predict_fn, output_fn = (
        default if part is None else part for part, default in zip(parts, defaults, strict=True)
    )

    def transform(model: Any, body: Any, content_type: str, accept: str) -> Any:
        data = _called(input_fn, body, content_type)
        return _called(output_fn, _called(predict_fn, data, model), accept)

    return transform


def _called(function: Callable[..., Any], *given: Any) -> Any:
    """The function's result; one that takes one argument more gets the context."""
    taken = len(signature(function).parameters)
    if taken == len(given):
        return function(*given)
    if taken == len(given) + 1:
        return function(*given, None)
    name = getattr(function, "__name__", repr(function))
    raise TypeError(f"{name} takes {taken} arguments but {len(given)} were given.")


def _failed(status: int, error: Exception) -> HttpResponse:
    traceback.print_exception(error)
    told = "".join(traceback.format_exception(error))
    return HttpResponse(
        status=status, headers={"Content-Type": "text/plain"}, body=f"{error}\n{told}".encode()
    )


def _bytes(result: Any) -> bytes:
    return result.encode() if isinstance(result, str) else bytes(result)
