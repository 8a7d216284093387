"""Which algorithms there are, by the repository of their image, and which of them really train.

Nothing heavy is imported here: the server reads this table, containers import the modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec

_VALUE = r"([-+]?[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
_QUALITY = r"#quality_metric: host=\S+, {channel} {metric} <(?:loss|score)>="


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An algorithm: the module that plays it, None where it is only recorded."""

    name: str
    module: str | None = None
    package: str | None = None
    """A distribution's module that must be installed for it to be played."""
    install: str = ""
    """How to install it."""

    @property
    def recorded(self) -> bool:
        """Whether jobs are checked and leave an artifact that says that nothing was trained."""
        return self.module is None

    @property
    def missing(self) -> str | None:
        """Why it can't be played on this machine; None if it can."""
        if self.package is None or find_spec(self.package) is not None:
            return None
        return (
            f"{self.name} needs the package {self.package}, which is not installed: {self.install}"
        )


_HERE = "emulator.algorithms"

ALGORITHMS: Mapping[str, Known] = {
    "sagemaker-xgboost": Known(
        name="xgboost",
        module=f"{_HERE}.boosted_trees",
        package="xgboost",
        install="pip install xgboost-cpu",
    ),
    "linear-learner": Known(name="linear-learner", module=f"{_HERE}.linear_learner"),
    "kmeans": Known(name="kmeans", module=f"{_HERE}.kmeans"),
    "knn": Known(name="knn", module=f"{_HERE}.knn"),
    "pca": Known(name="pca", module=f"{_HERE}.pca"),
    "randomcutforest": Known(name="randomcutforest", module=f"{_HERE}.randomcutforest"),
    "factorization-machines": Known(
        name="factorization-machines", module=f"{_HERE}.factorization_machines"
    ),
    "lda": Known(name="lda", module=f"{_HERE}.lda"),
    "forecasting-deepar": Known(name="forecasting-deepar"),
    "blazingtext": Known(name="blazingtext"),
    "image-classification": Known(name="image-classification"),
    "object-detection": Known(name="object-detection"),
    "semantic-segmentation": Known(name="semantic-segmentation"),
    "seq2seq": Known(name="seq2seq"),
    "ntm": Known(name="ntm"),
    "object2vec": Known(name="object2vec"),
    "ipinsights": Known(name="ipinsights"),
}
"""By the repository of the image."""


def metric_patterns(name: str, metrics: Mapping[str, str]) -> dict[str, str]:
    """The regular expressions that find an algorithm's metrics in its log."""
    if name == "xgboost":
        # aws/sagemaker-xgboost-container, algorithm_mode/metrics.py: a tab is logged as #011.
        line = r".*\[[0-9]+\].*#011validation-"
        return {each: f"{line}{each.partition(':')[2]}:{_VALUE}" for each in metrics}
    return {each: _quality(each) for each in metrics}


def _quality(metric: str) -> str:
    channel, _, noun = metric.partition(":")
    return _QUALITY.format(channel=channel, metric=noun) + _VALUE
