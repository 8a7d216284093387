"""The examples of frameworks as far as they need none: data, layout, and MXNet's container."""

import ast
import importlib.util
import json
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from examples.flights.dataset import training_flights
from examples.frameworks import data, train
from examples.frameworks.train import EXAMPLES, NoEnvironmentError, build, lay_code

FOLDER = Path(__file__).parents[3] / "examples" / "frameworks"
MXNET = FOLDER / "mxnet"


def module(path: Path) -> ModuleType:
    """A file of the examples that stands alone, imported."""
    spec = importlib.util.spec_from_file_location(f"example_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_the_channel_has_a_label_and_the_same_columns_a_line(tmp_path: Path) -> None:
    """What training scripts read: late first, then the numbers."""
    flights = training_flights()[:20]
    lines = data.write_channel(tmp_path, flights).read_text().splitlines()

    assert len(lines) == 20
    first = [float(cell) for cell in lines[0].split(",")]
    assert first[0] in {0.0, 1.0}
    assert first[1:] == data.row(flights[0])
    assert len(first) == 1 + len(data.FEATURES)


@pytest.mark.parametrize(
    ("scheduled", "left", "minutes"), [(1530, 1545, 15), (2350, 10, 20), (10, 2355, -15)]
)
def test_delays_go_over_midnight(scheduled: int, left: int, minutes: float) -> None:
    """Clocks are written as hours and minutes."""
    assert data.departure_delay(scheduled, left) == minutes


def test_the_pipelines_first_container_makes_the_rows_that_models_learnt_from() -> None:
    """Of a flight as people send it; medians stand for what is missing."""
    features = module(FOLDER / "features" / "inference.py")
    flight = training_flights()[0]
    medians = [float(number) for number in range(len(data.FEATURES))]
    body = json.dumps({"features": dict(flight.features)})
    asked = features.input_fn(body, "application/json")

    assert features.predict_fn(asked, medians) == [data.row(flight)]
    assert features.predict_fn([{}], medians) == [medians]
    told, media_type = features.output_fn([[1.0]], "text/csv")
    assert (json.loads(told), media_type) == ({"instances": [[1.0]]}, "application/json")


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_artifact_has_its_code_and_what_that_needs(tmp_path: Path, name: str) -> None:
    """As the containers look for it."""
    lay_code(EXAMPLES[name], tmp_path)
    code = tmp_path / "code"

    assert ast.parse((code / "inference.py").read_text()).body
    assert (code / "requirements.txt").exists() == (name == "onnx")


@pytest.mark.parametrize("name", EXAMPLES)
def test_training_scripts_keep_to_the_contract(name: str) -> None:
    """Data and model where SageMaker's variables say, and nothing of this project imported."""
    text = (EXAMPLES[name].folder / "train.py").read_text()
    imported = [
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import)
        for alias in node.names
    ]

    assert "SM_CHANNEL_TRAIN" in text
    assert "SM_MODEL_DIR" in text
    assert not [each for each in imported if each.startswith("examples")]


def test_a_framework_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: Any) -> None:
    """With the target that installs it."""
    monkeypatch.setattr(train, "ENVIRONMENTS", tmp_path)

    with pytest.raises(NoEnvironmentError, match="make frameworks FRAMEWORKS=tensorflow"):
        build("tensorflow", tmp_path / "out")


def test_mxnets_container_has_what_its_dockerfile_names() -> None:
    """Both programs that SageMaker calls, on the path and executable, and a port of its choice."""
    text = (MXNET / "Dockerfile").read_text()
    copied = [
        name
        for line in text.splitlines()
        if line.startswith("COPY ")
        for name in line.split()[1:-1]
    ]

    assert {"train", "serve", "train.py", "serve.py"} <= set(copied)
    assert [name for name in copied if not (MXNET / name).is_file()] == []
    for program in ("train", "serve"):
        assert os.access(MXNET / program, os.X_OK)
        assert f"/opt/program/{program}.py" in (MXNET / program).read_text()
    assert "com.amazonaws.sagemaker.capabilities.accept-bind-to-port=true" in text


def doubled(rows: Sequence[Sequence[float]]) -> Sequence[float]:
    """Stands where the model is: twice the first number of each row."""
    return [row[0] * 2 for row in rows]


@pytest.mark.parametrize(
    ("method", "path", "loaded", "status"),
    [
        ("GET", "/ping", True, 200),
        ("GET", "/ping", False, 503),
        ("POST", "/invocations", False, 503),
        ("GET", "/invocations", True, 404),
        ("GET", "/", True, 404),
    ],
)
def test_mxnets_container_answers_sagemakers_paths(
    method: str, path: str, status: int, *, loaded: bool
) -> None:
    """Ping fails until the model is loaded, so that no request comes before."""
    routes = module(MXNET / "routes.py")
    predict = doubled if loaded else None
    answer = routes.answer(predict, method=method, path=path, headers={}, body=b"")

    assert answer.status == status


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        ("application/json", b'{"instances": [[1, 2], [3, 4]]}', 200),
        ("application/json; charset=utf-8", b'{"instances": [[1, 2], [3, 4]]}', 200),
        ("text/csv", b"1,2", 415),
        ("application/json", b'{"rows": []}', 400),
        ("application/json", b'{"instances": [["x"]]}', 400),
        ("application/json", b"{", 400),
    ],
)
def test_mxnets_container_reads_what_the_others_read(
    media_type: str, body: bytes, status: int
) -> None:
    """The same request and answer as those of every framework here; errors say why."""
    routes = module(MXNET / "routes.py")
    answer = routes.answer(
        doubled, method="POST", path="/invocations", headers={"content-type": media_type}, body=body
    )
    told = json.loads(answer.body)

    assert answer.status == status
    assert told == {"predictions": [2.0, 6.0]} if status == 200 else "error" in told


def test_the_example_names_a_model_for_each_framework() -> None:
    """So that nobody reads of one that is not there."""
    assert {example.folder.name for example in EXAMPLES.values()} == {
        *("features", "sklearn", "xgboost", "onnx", "tensorflow", "pytorch")
    }
    text = (FOLDER / "tidegate.yaml").read_text() + (FOLDER / "pipeline.yaml").read_text()
    missing = [
        each for each in EXAMPLES.values() if f"build/trained/{each.folder.name}" not in text
    ]
    assert missing == []
