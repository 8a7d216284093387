"""What the containers of frameworks do around a framework, as far as that needs none of them."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from emulator.serving_container.httpd import HttpRequest, HttpResponse
from emulator.serving_container.pytorch import ModelLoadError, load_pytorch
from emulator.serving_container.saved_models import SavedModels
from emulator.serving_container.tensorflow_serving import ByHandlers, Directly
from emulator.serving_container.user_code import imported

PREDICT = "/v1/models/late:predict"


@dataclass
class Serving:
    """Stands where TensorFlow Serving's REST API is: keeps what is asked, answers one thing."""

    default: str = "late"
    status: int = 200
    asked: list[tuple[str, bytes]] = field(default_factory=list)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer."""
        self.asked.append((request.path, request.body))
        body = json.dumps({"predictions": [[0.25]]}, indent=4).encode()
        return HttpResponse(
            status=self.status, headers={"Content-Type": "application/json"}, body=body
        )


def post(body: bytes, **headers: str) -> HttpRequest:
    """An invocation."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method="POST", path="/invocations", headers=named, body=body)


@pytest.fixture
def code(tmp_path: Path) -> Iterator[Path]:
    """The folder of an artifact's code; its module is forgotten afterwards."""
    (tmp_path / "code").mkdir()
    before = list(sys.path)
    yield tmp_path / "code" / "inference.py"
    sys.path[:] = before
    sys.modules.pop("inference", None)


@pytest.mark.parametrize(
    ("media_type", "body", "sent"),
    [
        ("application/json", b'{"instances": [[1]]}', '{"instances": [[1]]}'),
        ("application/json", b'{"inputs": [1]}', '{"inputs": [1]}'),
        ("application/json", b"[1, 2]", '{"instances":[[1, 2]]}'),
        ("application/json", b"[[1, 2]]", '{"instances":[[1, 2]]}'),
        ("application/json", b'{"a": 1}', '{"instances":[{"a": 1}]}'),
        ("application/jsonlines", b"[1]\n[2]\n", '{"instances":[[1],[2]]}'),
        ("text/csv", b"1,2\n3,4\n", '{"instances":[[1,2],[3,4]]}'),
        ("text/csv", b"1\n2", '{"instances":[1,2]}'),
        ("text/csv", b"a,b", '{"instances":[["a","b"]]}'),
    ],
)
def test_requests_become_instances_of_tensorflow_serving(
    media_type: str, body: bytes, sent: str
) -> None:
    """As the container's nginx script turns them."""
    models = Serving()
    Directly(cast("SavedModels", models))(post(body, content_type=media_type))

    assert models.asked == [(PREDICT, sent.encode())]


def test_other_media_types_are_refused() -> None:
    """With 415, before TensorFlow Serving is asked."""
    models = Serving()
    answer = Directly(cast("SavedModels", models))(post(b"x", content_type="image/png"))

    assert (answer.status, models.asked) == (415, [])
    assert json.loads(answer.body) == {"error": "Unsupported Media Type: image/png"}


def test_custom_attributes_choose_model_version_and_method() -> None:
    """By names that begin with tfs-; JSON that is accepted comes on one line."""
    models = Serving()
    attributes = "a=b,tfs-model-name=early,tfs-model-version=3,tfs-method=regress"
    request = post(
        b"[1]",
        content_type="application/json",
        accept="application/json",
        x_amzn_sagemaker_custom_attributes=attributes,
    )
    answer = Directly(cast("SavedModels", models))(request)

    assert models.asked[0][0] == "/v1/models/early/versions/3:regress"
    assert b"\n" not in answer.body


HANDLERS = """
def input_handler(data, context):
    return data.read().decode().upper() + context.request_content_type + context.accept_header

def output_handler(response, context):
    return str(response.status_code) + response.json()["predictions"][0][0].__repr__(), "text/plain"
"""


def test_handlers_stand_around_tensorflow_serving(code: Path) -> None:
    """Which they reach over HTTP, at an address that the context names."""
    code.write_text(HANDLERS)
    models = Serving()
    serve = ByHandlers(imported(code.parent, "inference.py"), cast("SavedModels", models))
    answer = serve(post(b"x", content_type="text/a", accept="text/b"))

    assert models.asked == [(PREDICT, b"Xtext/atext/b")]
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (
        200,
        b"2000.25",
        "text/plain",
    )


def test_one_handler_does_all_and_its_errors_are_json(code: Path) -> None:
    """With the sentence of the error, and 500."""
    code.write_text("def handler(data, context):\n    raise ValueError('no ' + context.method)\n")
    serve = ByHandlers(imported(code.parent, "inference.py"), cast("SavedModels", Serving()))
    answer = serve(post(b"", x_amzn_sagemaker_custom_attributes="tfs-method=predict"))

    assert (answer.status, json.loads(answer.body)) == (500, {"error": "no predict"})


def test_code_without_handlers_is_the_containers_own_error(code: Path) -> None:
    """The container does not start."""
    code.write_text("def model_fn(model_dir): ...\n")
    with pytest.raises(NotImplementedError, match="Handlers are not implemented correctly"):
        ByHandlers(imported(code.parent, "inference.py"), cast("SavedModels", Serving()))


PYTORCH = """
import json

def model_fn(model_dir, context):
    return 10 if context is None else 0

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(data, model):
    return data * model

def output_fn(prediction, accept):
    return json.dumps(prediction)
"""


def test_pytorchs_functions_may_take_a_context(code: Path) -> None:
    """The answer is of the accepted media type, JSON without one."""
    code.write_text(PYTORCH)
    answer = load_pytorch(code.parents[1])(post(b"4"))

    assert (answer.status, answer.body) == (200, b"40")
    assert answer.headers["Content-Type"] == "application/json"


def test_pytorchs_errors_have_their_trace(code: Path) -> None:
    """As the toolkit's handle_error writes them; an unknown media type is the client's fault."""
    code.write_text(PYTORCH.replace("json.loads(body)", "missing"))
    failed = load_pytorch(code.parents[1])(post(b"4"))

    assert failed.status == 500
    assert failed.body.startswith(b"name 'missing' is not defined\nTraceback")


def test_a_media_type_without_decoder_is_415(code: Path) -> None:
    """Where the code leaves reading to the container."""
    code.write_text("def model_fn(model_dir): return 1\ndef predict_fn(data, model): return data\n")
    serve: Any = load_pytorch(code.parents[1])
    sys.modules["torch"] = cast("Any", None)  # reading fails before the framework is asked
    try:
        answer = serve(post(b"4", content_type="image/png"))
    finally:
        del sys.modules["torch"]

    assert answer.status == 415


@pytest.mark.parametrize("files", [(), ("a.pt", "b.pth")])
def test_without_code_there_must_be_one_torchscript_file(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    """The sentence of the container names what is there."""
    for name in files:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ModelLoadError, match=r"Exactly one \.pth or \.pt file is required"):
        load_pytorch(tmp_path)
