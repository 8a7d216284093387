"""The offline example's models answer rows of CSV, a line a row, as their container runs them."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples.offline.records import history
from examples.offline.train import build


@pytest.fixture
def inference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Path]]:
    """The code of a trained artifact, loaded from it, and the artifact."""
    folder = tmp_path / "late"
    build("late", "v1", folder)
    monkeypatch.syspath_prepend(str(folder / "code"))
    names = ("inference", "features")
    before = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield importlib.import_module("inference"), folder
    for name in names:
        sys.modules.pop(name, None)
    sys.modules.update(before)


def test_each_row_has_a_chance(inference: tuple[Any, Path]):
    """In order, between 0 and 1, and the same one row at a time."""
    module, folder = inference
    model = module.model_fn(str(folder))
    rows = list(history(40))

    body, content_type = module.transform_fn(model, "\n".join(rows) + "\n", "text/csv", "text/csv")

    chances = [float(line) for line in body.splitlines()]
    assert content_type == "text/csv"
    assert len(chances) == 40
    assert all(0 <= chance <= 1 for chance in chances)
    alone = [module.transform_fn(model, f"{row}\n", "text/csv", "text/csv")[0] for row in rows]
    assert "".join(alone) == body


def test_another_content_type_is_refused(inference: tuple[Any, Path]):
    """With the one that is taken."""
    module, folder = inference

    with pytest.raises(ValueError, match="send text/csv"):
        module.transform_fn(module.model_fn(str(folder)), "{}", "application/json", "text/csv")
