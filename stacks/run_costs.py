"""What a run of training costs at most: its jobs, each as long as it may be, at a dated price."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.project.spec import ProjectSpec, StageSpec
from stacks.project.tables import job_price
from stacks.project.training_options import limit_seconds
from stacks.project.training_spec import TrainingSpec

_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """The most that a run of a model's training costs; None where the price is not known."""

    model: str
    instance_type: str
    jobs: int
    """With a time limit, each on one instance."""
    limit_seconds: int
    """Of each of them."""
    usd_per_hour: float | None
    said: str

    @property
    def usd_at_most(self) -> float | None:
        """Of all jobs."""
        if self.usd_per_hour is None:
            return None
        return self.jobs * self.limit_seconds / _HOUR * self.usd_per_hour

    def to_json(self) -> dict[str, Any]:
        """The cost in JSON types; null where the price is not known."""
        return {
            "model": self.model,
            "instance_type": self.instance_type,
            "jobs": self.jobs,
            "limit_seconds": self.limit_seconds,
            "usd_at_most": None if self.usd_at_most is None else round(self.usd_at_most, 4),
            "said": self.said,
        }


def training_costs(project: ProjectSpec, stage: StageSpec) -> tuple[RunCost, ...]:
    """Of each model that is trained in the stage, in the order of their names."""
    return tuple(
        training_cost(name, model.training, region=stage.region)
        for name, model in project.trained.items()
        if model.training is not None
    )


def training_cost(model: str, training: TrainingSpec, *, region: str) -> RunCost:
    """The most that a run costs in a region."""
    price = job_price(region, training.instance_type)
    return RunCost(
        model=model,
        instance_type=training.instance_type,
        jobs=len(training.limited_jobs),
        limit_seconds=limit_seconds(training, region),
        usd_per_hour=None if price is None else float(price["usd_per_hour"]),
        said=" ".join([_said(training.instance_type, region, price), *_beside(training)]),
    )


def _beside(training: TrainingSpec) -> Iterator[str]:
    """What else the figure has in it, or not."""
    if training.tuning is not None:
        yield f"(tuning trains {training.tuning.most_jobs} times)"
    if training.spot is not None:
        yield "(the price on demand: spot capacity costs less, by how much is not known before)"
    if training.warm_seconds is not None:
        yield f"(without the {training.warm_seconds} s that a warm instance waits for the next job)"
    if training.algorithm is not None:
        yield "(without the transform jobs that ask two versions, which have no time limit)"


def _said(kind: str, region: str, price: Mapping[str, Any] | None) -> str:
    if price is None:
        return f"the price of jobs on {kind} in {region} is not known: add it to stacks/prices.json"
    return (
        f"${price['usd_per_hour']:g} an hour on {kind}, as of {price['date']} ({price['source']}); "
        "S3 and volumes are not in it"
    )
