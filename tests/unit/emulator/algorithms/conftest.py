"""Training jobs of built-in algorithms in a folder, as a container finds them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from emulator.algorithms import training
from emulator.algorithms.job import TrainingJob
from emulator.algorithms.serving import AlgorithmApplication
from emulator.serving_container.httpd import HttpRequest, HttpResponse


@dataclass(frozen=True, kw_only=True)
class Trained:
    """An algorithm whose job has run: its folder, its log, and what serves."""

    name: str
    base: Path
    log: str

    @property
    def served(self) -> AlgorithmApplication:
        """What answers."""
        return AlgorithmApplication(self.name, self.base / "model")

    def ask(
        self, body: bytes | str, *, sent: str = "text/csv", accept: str = "application/json"
    ) -> HttpResponse:
        """The answer to one request."""
        raw = body.encode() if isinstance(body, str) else body
        headers = {"content-type": sent, "accept": accept}
        return self.served(
            HttpRequest(method="POST", path="/invocations", headers=headers, body=raw)
        )

    def answer(self, body: bytes | str, *, sent: str = "text/csv") -> Any:
        """The JSON of a good answer."""
        answered = self.ask(body, sent=sent)
        assert answered.status == 200, answered.body
        return json.loads(answered.body)

    def metric(self, name: str) -> float:
        """The last value of a metric in the log."""
        channel, _, noun = name.partition(":")
        lines = [each for each in self.log.splitlines() if f", {channel} {noun} <" in each]
        return float(lines[-1].rpartition("=")[2])


Train = Callable[..., Trained]


def csv_of(rows: Any) -> str:
    """Rows as CSV."""
    return "".join(",".join(f"{value:.6g}" for value in row) + "\n" for row in np.asarray(rows))


@pytest.fixture
def train(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Train:
    """Trains by an algorithm over files, one a channel: (content type, body)."""

    def run(
        name: str,
        hyperparameters: Mapping[str, str],
        channels: Mapping[str, tuple[str, bytes | str]],
    ) -> Trained:
        base = tmp_path / "ml"
        for folder in ("input/config", "model", "output"):
            (base / folder).mkdir(parents=True, exist_ok=True)
        config = base / "input" / "config"
        told = {channel: {"ContentType": kind} for channel, (kind, _) in channels.items()}
        (config / "hyperparameters.json").write_text(json.dumps(dict(hyperparameters)))
        (config / "inputdataconfig.json").write_text(json.dumps(told))
        for channel, (_, body) in channels.items():
            folder = base / "input" / "data" / channel
            folder.mkdir(parents=True, exist_ok=True)
            raw = body.encode() if isinstance(body, str) else body
            (folder / "data").write_bytes(raw)
        training.train(TrainingJob(name=name, base=base))
        return Trained(name=name, base=base, log=capsys.readouterr().out)

    return run
