"""The model is good enough, and its artifact answers as the container will ask it."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from sklearn.datasets import load_wine

MODEL = Path(__file__).parents[1] / "model"


def _loaded(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[file.stem] = module
    spec.loader.exec_module(module)
    return module


def test_artifact_answers(tmp_path: Path) -> None:
    """Trained here, asked as in production."""
    assert _loaded(MODEL / "train.py").train(tmp_path) > 0.9

    code = _loaded(tmp_path / "code" / "inference.py")
    body = json.dumps({"wines": load_wine().data[:2].tolist()})
    answer, content_type = code.output_fn(
        code.predict_fn(code.input_fn(body, code.JSON), code.model_fn(str(tmp_path))), code.JSON
    )

    assert content_type == code.JSON
    assert json.loads(answer) == {"kinds": [0, 0]}


def test_wrong_question_is_refused() -> None:
    """Too few measures."""
    code = _loaded(MODEL / "inference.py")

    with pytest.raises(ValueError, match="13 measures"):
        code.input_fn('{"wines": [[1, 2]]}', code.JSON)
