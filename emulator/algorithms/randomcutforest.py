"""Random cut forest, written out: trees of random cuts, and how much a point would displace.

Guha et al., "Robust Random Cut Forest Based Anomaly Detection on Streams" (2016): a cut's dimension
is drawn in proportion to its extent, its place evenly; a point that is cut off early is unusual.
SageMaker scores a point by its depth: few cuts isolate what is unusual. Here the score is the
collusive displacement of a point that is put into the tree, divided by the size of the sample: near
0 for what is common, up to 1. Ranks agree with AWS's, the scale does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

from emulator.algorithms import arrays
from emulator.algorithms.job import TrainingJob, dense
from emulator.algorithms.predictions import serving

_ROWS_AT_ONCE = 256
_THRESHOLD_SIGMAS = 3.0
"""Test metrics call unusual what scores that many deviations above the mean (developer guide)."""


@dataclass(slots=True)
class _Forest:
    """Trees as arrays, a row a node: cut dimension (-1 at a leaf), cut, children, size, box."""

    dimension: Any
    cut: Any
    left: Any
    right: Any
    size: Any
    low: Any
    high: Any
    roots: Any


def train(job: TrainingJob) -> None:
    """The forest is the model."""
    values, rows = job.values, dense(job.needed("train").rows)
    random = np.random.default_rng(0)
    forest = _grown(
        rows, values["num_trees"], min(values["num_samples_per_tree"], len(rows)), random
    )
    settings = {"columns": rows.shape[1], "samples": int(forest.size[forest.roots[0]])}
    kept = {name: getattr(forest, name) for name in _Forest.__slots__}
    arrays.save(job.model, settings, **kept)
    test = job.labelled("test", default="text/csv;label_size=1")
    if test is not None:
        _measure(job, _scores(forest, dense(test.rows)), test.labels)


def _measure(job: TrainingJob, scores: Any, labels: Any) -> None:
    found = scores > scores.mean() + _THRESHOLD_SIGMAS * scores.std()
    truths = np.asarray(labels) > 0
    if "accuracy" in job.values["eval_metrics"]:
        job.measured("test:accuracy", float(accuracy_score(truths, found)))
    if "precision_recall_fscore" in job.values["eval_metrics"]:
        precision, recall, f1, _ = precision_recall_fscore_support(
            truths, found, average="binary", zero_division=0.0
        )
        for name, value in (("precision", precision), ("recall", recall), ("f1", f1)):
            job.measured(f"test:{name}", float(value))


def _grown(rows: Any, trees: int, samples: int, random: np.random.Generator) -> _Forest:
    nodes: list[tuple[int, float, int, int, int, Any, Any]] = []
    roots = []
    for _ in range(trees):
        sample = rows[random.choice(len(rows), samples, replace=False)]
        roots.append(_tree(sample, nodes, random))
    names = [name for name in _Forest.__slots__ if name != "roots"]
    columns = {n: np.array([node[place] for node in nodes]) for place, n in enumerate(names)}
    return _Forest(**columns, roots=np.array(roots))


def _tree(
    sample: Any,
    nodes: list[tuple[int, float, int, int, int, Any, Any]],
    random: np.random.Generator,
) -> int:
    """The number of the root; nodes are added in the order of a stack, children after parents."""
    root = len(nodes)
    nodes.append((-1, 0.0, -1, -1, len(sample), sample.min(axis=0), sample.max(axis=0)))
    waiting = [(root, sample)]
    while waiting:
        number, points = waiting.pop()
        _, _, _, _, size, low, high = nodes[number]
        extent = high - low
        if extent.sum() <= 0.0:
            continue  # one point, or as many equal ones
        reach = np.cumsum(extent)
        dimension = int(np.searchsorted(reach, random.uniform(0.0, reach[-1]), side="right"))
        dimension = min(dimension, len(extent) - 1)
        cut = float(random.uniform(low[dimension], high[dimension]))
        goes_left = points[:, dimension] <= cut
        children = []
        for part in (points[goes_left], points[~goes_left]):
            children.append(len(nodes))
            nodes.append((-1, 0.0, -1, -1, len(part), part.min(axis=0), part.max(axis=0)))
            waiting.append((children[-1], part))
        nodes[number] = (dimension, cut, children[0], children[1], size, low, high)
    return root


def _scores(forest: _Forest, rows: Any) -> Any:
    """The mean over the trees of what putting each row in would displace, 0 to 1."""
    parts = [
        _displaced(forest, rows[start : start + _ROWS_AT_ONCE])
        for start in range(0, len(rows), _ROWS_AT_ONCE)
    ]
    return np.concatenate(parts)


def _displaced(forest: _Forest, rows: Any) -> Any:
    """Expected displacement of each row, as a share of a tree's sample, over all trees.

    On its way down, a row is cut off at a node with the probability that a cut falls between the
    row and the node's box; it would displace all of the node then. All rows go down all trees
    together, one level at a time.
    """
    trees = len(forest.roots)
    row = np.repeat(np.arange(len(rows)), trees)
    node = np.tile(forest.roots, len(rows))
    left_over, samples = np.ones(len(row)), float(forest.size[forest.roots[0]])
    total = np.zeros(len(rows))
    while len(row):
        points, low, high = rows[row], forest.low[node], forest.high[node]
        beyond = (np.maximum(low - points, 0) + np.maximum(points - high, 0)).sum(axis=1)
        reach = (high - low).sum(axis=1) + beyond
        share = np.divide(beyond, reach, out=np.zeros_like(beyond), where=reach > 0)
        size = forest.size[node].astype(float)
        np.add.at(total, row, left_over * share * size / (size + 1.0) * size / samples)
        left_over = left_over * (1.0 - share)
        goes_on = forest.dimension[node] >= 0
        row, node, left_over = row[goes_on], node[goes_on], left_over[goes_on]
        goes_left = rows[row, forest.dimension[node]] <= forest.cut[node]
        node = np.where(goes_left, forest.left[node], forest.right[node])
    return total / trees


def load(model_dir: Path) -> Any:
    """What answers requests: a score a row, higher for what is unusual."""
    settings, kept = arrays.load(model_dir)
    forest = _Forest(**kept)

    def predict(rows: Any) -> Sequence[Mapping[str, Any]]:
        return [{"score": float(score)} for score in _scores(forest, dense(rows))]

    return serving(predict, columns=settings["columns"], key="scores")
