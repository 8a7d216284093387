"""A training job as an algorithm's container finds it: files below /opt/ml, and a log."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import issparse, vstack

from emulator.algorithms.formats import Table, training_table
from emulator.algorithms.hyperparameters import CustomerError, Values, values_of

_DEFAULT_TYPE = "application/x-recordio-protobuf"


@dataclass(frozen=True)
class TrainingJob:
    """One job; `base` is where /opt/ml is."""

    name: str
    base: Path

    @cached_property
    def values(self) -> Values:
        """The hyperparameters; CustomerError with every fault."""
        return values_of(self.name, self._config("hyperparameters"))

    @cached_property
    def channels(self) -> Mapping[str, Mapping[str, Any]]:
        """The channels that the job has, with their content types."""
        found: dict[str, dict[str, Any]] = self._config("inputdataconfig")
        return found

    @property
    def model(self) -> Path:
        """What is left here becomes the artifact."""
        return self.base / "model"

    @property
    def checkpoints(self) -> Path | None:
        """Where checkpoints are kept; None for a job that keeps none."""
        file = self.base / "input" / "config" / "checkpointconfig.json"
        return self.base / "checkpoints" if file.is_file() else None

    def files(self, channel: str) -> list[Path]:
        """The files of a channel, without those whose names hide them."""
        folder = self.base / "input" / "data" / channel
        found = (path for path in folder.rglob("*") if path.is_file())
        return sorted(path for path in found if not path.name.startswith((".", "_")))

    def table(self, channel: str, *, default: str = _DEFAULT_TYPE) -> Table | None:
        """All rows of a channel; None if the job has no such channel."""
        if channel not in self.channels:
            return None
        kind = self.channels[channel].get("ContentType", default)
        columns = self.values.get("feature_dim")
        columns = columns if isinstance(columns, int) else None
        tables = [
            training_table(f.read_bytes(), kind, columns=columns) for f in self.files(channel)
        ]
        if not tables or not sum(each.rows.shape[0] for each in tables):
            raise CustomerError(f"channel {channel} has no data")
        found = _together(tables)
        if columns is not None and found.rows.shape[1] != columns:
            raise CustomerError(
                f"feature_dim is {columns}, and the data of channel {channel} has "
                f"{found.rows.shape[1]} features"
            )
        return found

    def labelled(self, channel: str, *, default: str = _DEFAULT_TYPE) -> Table | None:
        """The same, with a label a row."""
        found = self.table(channel, default=default)
        if found is not None and found.labels is None:
            raise CustomerError(f"the data of channel {channel} has no labels")
        return found

    def needed(self, channel: str, *, default: str = _DEFAULT_TYPE) -> Table:
        """The rows of a channel that must be there."""
        found = self.table(channel, default=default)
        if found is None:
            raise CustomerError(f"{self.name} needs the channel {channel}, got {self._named()}")
        return found

    def tell(self, line: str) -> None:
        """A line of the job's log."""
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

    def measured(self, metric: str, value: float, *, kind: str = "score") -> None:
        """A metric such as `test:msd`, where the algorithm's expressions find it."""
        channel, _, noun = metric.partition(":")
        self.tell(f"#quality_metric: host=algo-1, {channel} {noun} <{kind}>={value:.10g}")

    def _named(self) -> str:
        return ", ".join(sorted(self.channels)) or "none"

    def _config(self, name: str) -> Any:
        file = self.base / "input" / "config" / f"{name}.json"
        return json.loads(file.read_text(encoding="utf-8"))


def dense(rows: Any) -> Any:
    """The rows as an array."""
    return rows.toarray() if issparse(rows) else np.asarray(rows)


def _together(tables: list[Table]) -> Table:
    widths = {each.rows.shape[1] for each in tables}
    if len(widths) > 1:
        raise CustomerError(f"files have different numbers of features: {sorted(widths)}")
    sparse = any(issparse(each.rows) for each in tables)
    rows = vstack([each.rows for each in tables]).tocsr() if sparse else None
    if rows is None:
        rows = np.vstack([each.rows for each in tables])
    labelled = all(each.labels is not None for each in tables)
    labels = np.concatenate([each.labels for each in tables]) if labelled else None
    return Table(rows=rows, labels=labels)
