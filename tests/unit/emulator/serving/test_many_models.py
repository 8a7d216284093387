"""The container of several models, in this process: its routes, its room, its program."""

import json
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from emulator.serving_container import dialects
from emulator.serving_container.httpd import HttpRequest, HttpResponse
from emulator.serving_container.multi_model import ManyModels
from emulator.serving_container.user_code import EntryPointError


def loads(folder: Path) -> Callable[[HttpRequest], HttpResponse]:
    """A model that answers with its folder's name; one named `broken` cannot be loaded."""
    if folder.parent.name == "broken":
        raise ValueError("no weights")

    def answer(request: HttpRequest) -> HttpResponse:
        if request.body == b"raise":
            raise ValueError("no such row")
        return HttpResponse(body=folder.parent.name.encode())

    return answer


def container(room: int = 50) -> ManyModels:
    """A container whose models are in a folder that nobody looks into."""
    return ManyModels(Path("models"), loads, room=room)


def ask(many: ManyModels, method: str, path: str, body: bytes = b"") -> HttpResponse:
    """One request of the platform."""
    return many(HttpRequest(method=method, path=path, headers={}, body=body))


def load(many: ManyModels, name: str) -> HttpResponse:
    """The answer to a request to load a model."""
    document = {"model_name": name, "url": f"/opt/ml/models/{name}/model"}
    return ask(many, "POST", "/models", json.dumps(document).encode())


def told(response: HttpResponse) -> Any:
    """The document of an answer."""
    return json.loads(response.body)


def test_it_is_healthy_with_no_model_loaded() -> None:
    """The platform pings before it loads anything."""
    many = container()
    assert ask(many, "GET", "/ping").status == 200
    assert told(ask(many, "GET", "/models")) == {"models": []}


def test_each_loaded_model_answers_its_own_requests() -> None:
    """By the name that it was loaded under."""
    many = container()
    assert [load(many, name).status for name in ("a", "b")] == [200, 200]
    answers = [ask(many, "POST", f"/models/{name}/invoke").body for name in ("a", "b")]
    assert answers == [b"a", b"b"]


def test_loaded_models_are_listed_and_described() -> None:
    """With the places that they were loaded from."""
    many = container()
    load(many, "a")
    shown = {"modelName": "a", "modelUrl": "/opt/ml/models/a/model"}
    assert told(ask(many, "GET", "/models")) == {"models": [shown]}
    assert told(ask(many, "GET", "/models/a")) == shown


def test_a_model_is_not_loaded_twice() -> None:
    """The second request is a conflict, also of two at the same moment."""
    many = container()
    together = threading.Barrier(2)

    def one(_: int) -> int:
        together.wait(10)
        return load(many, "a").status

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(one, range(2))) == [200, 409]


def test_a_model_beyond_the_room_is_loaded_when_another_is_gone() -> None:
    """507 until the platform has unloaded one."""
    many = container(room=1)
    load(many, "a")
    assert load(many, "b").status == 507
    assert ask(many, "DELETE", "/models/a").status == 200
    assert load(many, "b").status == 200
    assert ask(many, "POST", "/models/a/invoke").status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/models/x"), ("DELETE", "/models/x"), ("POST", "/models/x/invoke")],
)
def test_a_model_that_is_not_loaded_is_not_found(method: str, path: str) -> None:
    """404, and the name."""
    refused = ask(container(), method, path)
    assert (refused.status, told(refused)["message"]) == (404, "Model not found: x")


def test_a_model_that_cannot_be_loaded_is_said_to_be_broken() -> None:
    """500 with what its loading raised; the others serve on and its room is free."""
    many = container(room=2)
    load(many, "a")
    refused = load(many, "broken")
    assert (refused.status, told(refused)["message"]) == (500, "no weights")
    assert load(many, "b").status == 200


def test_what_a_model_raises_is_answered_with_its_traceback() -> None:
    """As AWS's inference toolkit answers where it serves several models."""
    many = container()
    load(many, "a")
    answer = ask(many, "POST", "/models/a/invoke", b"raise")
    assert answer.status == 500
    first, _, rest = answer.body.decode().partition("\n")
    assert first == "no such row"
    assert rest.startswith("Traceback")


def test_a_place_outside_the_folder_of_models_is_refused() -> None:
    """The platform unpacks nothing elsewhere."""
    document = {"model_name": "a", "url": "/opt/ml/models/../model"}
    assert ask(container(), "POST", "/models", json.dumps(document).encode()).status == 400


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/invocations", 404), ("PUT", "/models", 405), ("PUT", "/models/a", 405)],
)
def test_it_answers_the_contracts_routes_only(method: str, path: str, status: int) -> None:
    """What an ordinary container answers is not among them."""
    many = container()
    load(many, "a")
    assert ask(many, method, path).status == status


def test_all_models_share_a_program_that_is_imported_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`model_fn` is called for each, with its own folder."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "shared_program.py").write_text(
        "IMPORTED = []\n"
        "IMPORTED.append(1)\n"
        "def model_fn(model_dir): return open(model_dir + '/name').read()\n"
        "def predict_fn(data, model): return [len(IMPORTED), model]\n"
        "def output_fn(prediction, accept): return str(prediction), 'text/plain'\n"
    )
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "shared_program.py")
    monkeypatch.setenv("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code")
    monkeypatch.setattr(sys, "path", list(sys.path))
    many = ManyModels(tmp_path, dialects.loader_of_many("scikit-learn", tmp_path))
    for name in ("a", "b"):
        (tmp_path / name / "model").mkdir(parents=True)
        (tmp_path / name / "model" / "name").write_text(name)
        load(many, name)
    answers = [ask(many, "POST", f"/models/{name}/invoke", b"[1]").body for name in ("a", "b")]
    assert answers == [b"[1, 'a']", b"[1, 'b']"]


def test_a_program_that_is_not_there_keeps_the_container_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for before anything is served; the reason says where it belongs."""
    monkeypatch.setenv("SAGEMAKER_PROGRAM", "missing.py")
    monkeypatch.setenv("SAGEMAKER_SUBMIT_DIRECTORY", "/opt/ml/model/code")
    with pytest.raises(EntryPointError, match=r"missing\.py was not found .* s3:// URL"):
        dialects.loader_of_many("xgboost", tmp_path)


def test_other_containers_refuse_to_hold_several_models(tmp_path: Path) -> None:
    """The reason names those that do."""
    with pytest.raises(NotImplementedError, match="only those of scikit-learn, xgboost"):
        dialects.loader_of_many("pytorch", tmp_path)
