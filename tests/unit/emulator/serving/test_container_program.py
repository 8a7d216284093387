"""The container program's parts, in this process: coders, answers, HTTP."""

import io
import json
import socket
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from emulator.sagemaker.ports import ModelSpec
from emulator.sagemaker.serving.artifacts import unpack
from emulator.sagemaker.serving.interface import ArtifactError
from emulator.sagemaker.serving.runners import repository_of, runner_for
from emulator.serving_container import encoders, httpd
from emulator.serving_container.encoders import ClientError, UnsupportedFormatError
from emulator.serving_container.httpd import HttpRequest, HttpResponse
from emulator.serving_container.responses import Response, as_http
from emulator.serving_container.transformer import Transformer


class Doubling:
    """A model that doubles its input."""

    def predict(self, data: Any) -> Any:
        """Twice the data."""
        return data * 2


def transformer(**functions: Any) -> Transformer:
    """A transformer of user code with these functions and a doubling model."""
    module = ModuleType("inference")
    vars(module).update({"model_fn": lambda _directory: Doubling(), **functions})
    return Transformer(module, Path("unused"))


def post(body: bytes, **headers: str) -> HttpRequest:
    """An invocation."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return HttpRequest(method="POST", path="/invocations", headers=named, body=body)


def test_json_is_the_default_in_and_out() -> None:
    """Without any media type, JSON comes in and JSON goes out."""
    answer = transformer()(post(b"[[1, 2]]"))
    assert (answer.body, answer.headers["Content-Type"]) == (b"[[2.0, 4.0]]", "application/json")


def test_csv_comes_in_and_goes_out() -> None:
    """Text/csv rows are numbers; the answer names its charset."""
    answer = transformer()(post(b"1,2\n3,4\n", content_type="text/csv", accept="text/csv"))
    assert (answer.body, answer.headers["Content-Type"]) == (
        b"2.0,4.0\n6.0,8.0\n",
        "text/csv; charset=utf-8",
    )


def test_npy_comes_in_and_goes_out() -> None:
    """Application/x-npy keeps its type."""
    body = io.BytesIO()
    np.save(body, np.array([1, 2], dtype=np.int16))
    answer = transformer()(
        post(body.getvalue(), content_type=encoders.NPY, accept=encoders.NPY),
    )
    assert np.load(io.BytesIO(answer.body)).tolist() == [2, 4]


def test_an_unsupported_media_type_is_an_error_of_the_toolkit() -> None:
    """The wrapped error names the type; the real container answers 500 to it, not 415."""
    with pytest.raises(ClientError, match="Content type image/png is not supported"):
        transformer()(post(b"x", content_type="image/png"))


def test_transform_fn_replaces_the_three_others() -> None:
    """It gets model, body, content type and accept."""
    seen: list[Any] = []

    def transform_fn(*arguments: Any) -> tuple[str, str]:
        seen.extend(arguments[1:])
        return "ok", "text/x"

    answer = transformer(transform_fn=transform_fn)(post(b"b", content_type="a/b", accept="c/d"))
    assert (seen, answer.body) == ([b"b", "a/b", "c/d"], b"ok")


def test_transform_fn_beside_another_is_refused() -> None:
    """The container's sentence is kept."""
    with pytest.raises(ClientError, match="Cannot use transform_fn implementation with input_fn"):
        transformer(transform_fn=print, input_fn=print)


@pytest.mark.parametrize(
    ("result", "body", "content_type"),
    [
        (("1", "text/csv"), b"1", "text/csv; charset=utf-8"),
        ("1", b"1", "text/html; charset=utf-8"),
        ({"a": 1}, b'{"a": 1}', "application/json"),
        (Response(b"1", mimetype="application/x-npy"), b"1", "application/x-npy"),
    ],
)
def test_results_become_answers_as_in_flask(result: Any, body: bytes, content_type: str) -> None:
    """Pairs, strings, dicts and responses are accepted."""
    answer = as_http(result)
    assert (answer.body, answer.headers["Content-Type"]) == (body, content_type)


def test_a_list_is_no_answer() -> None:
    """What Flask refuses is refused."""
    with pytest.raises(TypeError, match="did not return a valid response"):
        as_http([1])


def test_an_unknown_accept_is_named() -> None:
    """Encoding to an unknown media type fails."""
    with pytest.raises(UnsupportedFormatError, match="text/x"):
        encoders.encode([1], "text/x")


@pytest.fixture
def connection() -> Iterator[socket.socket]:
    """A connection to a server that answers with what it was sent."""

    def echo(request: HttpRequest) -> HttpResponse:
        document = [request.method, request.path, request.headers.get("x", ""), len(request.body)]
        return HttpResponse(body=json.dumps(document).encode())

    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=httpd.serve, args=(listener, echo), daemon=True).start()
    with socket.create_connection(listener.getsockname(), timeout=5) as client:
        yield client
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def read_bodies(client: socket.socket, count: int) -> list[Any]:
    """The JSON bodies of the next answers."""
    file = client.makefile("rb")
    bodies = []
    for _ in range(count):
        length = 0
        while (line := file.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        bodies.append(json.loads(file.read(length)))
    return bodies


def test_requests_on_one_connection_are_answered_in_turn(connection: socket.socket) -> None:
    """Two pipelined requests, the second cut in pieces, get two answers."""
    first = b"POST /a HTTP/1.1\r\nX: 1\r\nContent-Length: 3\r\n\r\nabc"
    connection.sendall(first + b"GET /b HT")
    connection.sendall(b"TP/1.1\r\n\r\n")
    assert read_bodies(connection, 2) == [["POST", "/a", "1", 3], ["GET", "/b", "", 0]]


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_what_is_no_request_is_answered_400(
    connection: socket.socket, request_bytes: bytes
) -> None:
    """The server says so and closes."""
    connection.sendall(request_bytes)
    assert connection.makefile("rb").read().startswith(b"HTTP/1.1 400 Bad Request\r\n")


def archive_of(path: Path, info: tarfile.TarInfo) -> ModelSpec:
    """A model whose archive has that one member."""
    with tarfile.open(path / "model.tar.gz", "w:gz") as archive:
        archive.addfile(info, io.BytesIO(b"x" * info.size))
    return ModelSpec(name="m", image="i", model_data_path=path / "model.tar.gz")


def link_out() -> tarfile.TarInfo:
    """A symbolic link that leaves the directory."""
    info = tarfile.TarInfo("link")
    info.type, info.linkname = tarfile.SYMTYPE, "../../etc/passwd"
    return info


def escaping() -> tarfile.TarInfo:
    """A file that lies outside the directory."""
    info = tarfile.TarInfo("../escaped")
    info.size = 1
    return info


@pytest.mark.parametrize("member", [escaping(), link_out()], ids=["file", "link"])
def test_a_member_that_leaves_the_directory_is_refused(
    tmp_path: Path, member: tarfile.TarInfo
) -> None:
    """Nothing is written outside the model's directory."""
    with pytest.raises(ArtifactError, match="Failed to extract model data archive"):
        unpack(archive_of(tmp_path, member), tmp_path / "home" / "model")
    assert not (tmp_path / "home" / "escaped").exists()


@pytest.mark.parametrize(
    "image",
    [
        "sagemaker-scikit-learn",
        "1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2",
        "localhost:5000/a/sagemaker-scikit-learn@sha256:00",
    ],
)
def test_an_image_is_known_by_its_repository(image: str) -> None:
    """Registry, tag and digest do not matter."""
    assert repository_of(image) == "sagemaker-scikit-learn"


def test_an_image_of_both_kinds_is_a_framework_where_a_program_is_named() -> None:
    """XGBoost's container is the built-in algorithm without one."""
    image = "1.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-xgboost:3.2-0"

    assert runner_for(image, {"SAGEMAKER_PROGRAM": "inference.py"}).algorithm is None
    assert runner_for(image, {}).algorithm == "xgboost"
    assert runner_for(image).algorithm == "xgboost"
