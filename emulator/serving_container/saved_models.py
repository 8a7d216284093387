"""SavedModels that answer as TensorFlow Serving's REST API does, of which predict is played.

TensorFlow Serving itself is a program of its own; here TensorFlow loads the same bundles and calls
the same signatures. Source: TensorFlow Serving, "RESTful API": model status, predict.
"""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from emulator.serving_container.httpd import HttpRequest, HttpResponse

_PATH = re.compile(
    r"^/v1/models/(?P<name>[^/:]+)(/versions/(?P<version>\d+))?(:(?P<method>[a-z]+))?$"
)
_DEFAULT_SIGNATURE = "serving_default"
_BUNDLE = "saved_model.pb"


class NoModelError(Exception):
    """The artifact has no bundle where TensorFlow Serving looks for one."""


class BadRequestError(Exception):
    """What is asked cannot be given to the signature; the text is what the client reads."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedModels:
    """Loaded bundles, by model and version."""

    models: Mapping[str, Mapping[int, Any]]
    default: str
    """The model that is asked where a request names none."""
    _signatures: dict[tuple[str, int, str], Any] = field(default_factory=dict)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer of the REST API to one request."""
        match = _PATH.match(request.path.partition("?")[0])
        if match is None:
            return _json(404, {"error": f"Malformed request: {request.method} {request.path}"})
        versions = self.models.get(match["name"])
        version = _version(versions, match["version"])
        if versions is None or version is None:
            told = f"Servable not found for request: Latest({match['name']})"
            return _json(404, {"error": told})
        if match["method"] is None:
            return _json(200, {"model_version_status": [_state(each) for each in versions]})
        if match["method"] != "predict":
            return _json(400, {"error": f"{match['method']} is not played, predict is"})
        try:
            return _json(200, self._predicted(match["name"], version, request.body))
        except BadRequestError as error:
            return _json(400, {"error": str(error)})

    def _predicted(self, name: str, version: int, body: bytes) -> dict[str, Any]:
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise BadRequestError(f"JSON Parse error: {error}") from error
        if not isinstance(asked, dict) or ("instances" in asked) == ("inputs" in asked):
            raise BadRequestError("Missing 'inputs' or 'instances' key")
        signature = self._signature(name, version, asked.get("signature_name", _DEFAULT_SIGNATURE))
        wanted = signature.structured_input_signature[1]
        if "instances" in asked:
            return _rows(_answers(signature, _columns(asked["instances"], wanted)))
        found = _answers(signature, _named(asked["inputs"], wanted))
        return {"outputs": next(iter(found.values())) if len(found) == 1 else found}

    def _signature(self, name: str, version: int, signature: str) -> Any:
        key = (name, version, signature)
        if key not in self._signatures:
            known = self.models[name][version].signatures
            if signature not in known:
                raise BadRequestError(f'Serving signature name: "{signature}" not found')
            self._signatures[key] = known[signature]
        return self._signatures[key]


def load_saved_models(model_dir: Path, default: str | None) -> SavedModels:
    """Every bundle `NUMBER/saved_model.pb` below the directory; NoModelError where there is none.

    The model's name is that of the folder its versions are in: `model` for the artifact itself.
    """
    load = import_module("tensorflow").saved_model.load
    models: dict[str, dict[int, Any]] = {}
    for bundle in sorted(model_dir.rglob(_BUNDLE)):
        if bundle.parent.name.isdigit():
            name = bundle.parent.parent.name
            models.setdefault(name, {})[int(bundle.parent.name)] = load(str(bundle.parent))
    if not models:
        raise NoModelError("no SavedModel bundles found!")
    return SavedModels(models=models, default=next(iter(models)) if default is None else default)


def _version(versions: Mapping[int, Any] | None, named: str | None) -> int | None:
    """The version that is named, or the latest; None where it is not there."""
    if not versions:
        return None
    wanted = max(versions) if named is None else int(named)
    return wanted if wanted in versions else None


def _state(version: int) -> dict[str, Any]:
    status = {"error_code": "OK", "error_message": ""}
    return {"version": str(version), "state": "AVAILABLE", "status": status}


def _columns(instances: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Rows as one list an input."""
    if not isinstance(instances, list) or not instances:
        raise BadRequestError("'instances' must be a list with at least one instance")
    if not isinstance(instances[0], dict) or "b64" in instances[0]:
        return {_only(wanted): [_decoded(row) for row in instances]}
    odd = [row for row in instances if not isinstance(row, dict) or set(row) != set(instances[0])]
    if odd:
        raise BadRequestError("every instance must name the same inputs")
    return {name: [_decoded(row[name]) for row in instances] for name in instances[0]}


def _named(inputs: Any, wanted: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(inputs, dict) and "b64" not in inputs:
        return {name: _decoded(value) for name, value in inputs.items()}
    return {_only(wanted): _decoded(inputs)}


def _only(wanted: Mapping[str, Any]) -> str:
    if len(wanted) != 1:
        raise BadRequestError(
            f"the signature has the inputs {', '.join(wanted)}: name each value's"
        )
    return next(iter(wanted))


def _decoded(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    return value


def _answers(signature: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Each output of the signature for these inputs, as JSON has it."""
    tensors = _tensors(values, signature.structured_input_signature[1])
    return {name: _readable(out.numpy().tolist()) for name, out in signature(**tensors).items()}


def _tensors(values: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    if set(values) != set(wanted):
        raise BadRequestError(
            f"input size does not match signature: got {', '.join(sorted(values))}, "
            f"wanted {', '.join(sorted(wanted))}"
        )
    convert = import_module("tensorflow").convert_to_tensor
    try:
        tensors = {name: convert(value, dtype=wanted[name].dtype) for name, value in values.items()}
    except (ValueError, TypeError) as error:
        raise BadRequestError(f"Failed to process element of 'instances' list: {error}") from error
    for name, tensor in tensors.items():
        if not wanted[name].shape.is_compatible_with(tensor.shape):
            raise BadRequestError(
                f"{name} must have the shape {wanted[name].shape}, got {tensor.shape}"
            )
    return tensors


def _rows(found: Mapping[str, Any]) -> dict[str, Any]:
    """Answers by rows; by their names where there is more than one output."""
    if len(found) == 1:
        return {"predictions": next(iter(found.values()))}
    count = min(len(rows) for rows in found.values())
    return {"predictions": [{name: rows[i] for name, rows in found.items()} for i in range(count)]}


def _readable(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace")
    return [_readable(each) for each in value] if isinstance(value, list) else value


def _json(status: int, told: Mapping[str, Any]) -> HttpResponse:
    body = json.dumps(told, indent=4).encode()
    return HttpResponse(status=status, headers={"Content-Type": "application/json"}, body=body)


def statuses(models: SavedModels) -> Iterator[str]:
    """A line a model, for the log."""
    for name, versions in models.models.items():
        yield f"loaded {name}, versions {', '.join(str(version) for version in versions)}"
