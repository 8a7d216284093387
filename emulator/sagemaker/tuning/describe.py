"""The response shapes of tuning jobs, made of the training jobs that they started. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.jobstatus import JobStatus
from emulator.sagemaker.tuning.recipe import Recipe, recipe_of

Json = dict[str, Any]

TUNED_BY = "TuningJobArn"
"""The member by which DescribeTrainingJob tells of the tuning job."""


def objective_of(recipe: Recipe, trained: Job) -> float | None:
    """The last value of the objective in a training job's log; None before there is one."""
    return next((each.value for each in trained.metrics if each.name == recipe.objective), None)


def best_of(recipe: Recipe, trained: Sequence[Job]) -> Job | None:
    """The completed training job whose objective is best; None without one."""
    measured = [
        (value, each)
        for each in trained
        if each.status is JobStatus.COMPLETED and (value := objective_of(recipe, each)) is not None
    ]
    if not measured:
        return None
    chosen = max if recipe.maximize else min
    return chosen(measured, key=lambda pair: pair[0])[1]


def described(job: Job, trained: Sequence[Job]) -> Json:
    """DescribeHyperParameterTuningJob."""
    recipe = recipe_of(job.request)
    best = best_of(recipe, trained)
    optional = {
        "HyperParameterTuningEndTime": job.ended,
        "FailureReason": job.failure_reason,
        "BestTrainingJob": None if best is None else summary_of(recipe, job, best),
    }
    echoed = {name: value for name, value in job.request.items() if name != "RoleArn"}
    return {
        **echoed,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobStatus": job.status.value,
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **counters(recipe, trained),
        **{name: value for name, value in optional.items() if value is not None},
    }


def listed(job: Job, trained: Sequence[Job]) -> Json:
    """One entry of ListHyperParameterTuningJobs."""
    config = job.request["HyperParameterTuningJobConfig"]
    ended = {} if job.ended is None else {"HyperParameterTuningEndTime": job.ended}
    return {
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        "HyperParameterTuningJobStatus": job.status.value,
        "Strategy": config["Strategy"],
        "ResourceLimits": config["ResourceLimits"],
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        **counters(recipe_of(job.request), trained),
        **ended,
    }


def counters(recipe: Recipe, trained: Sequence[Job]) -> Json:
    """How many training jobs stand how, and how many have a value of the objective."""
    statuses = Counter(each.status for each in trained)
    has = sum(objective_of(recipe, each) is not None for each in trained)
    running = statuses[JobStatus.IN_PROGRESS] + statuses[JobStatus.STOPPING]
    over = [each for each in trained if not each.status.running]
    without = sum(objective_of(recipe, each) is None for each in over)
    return {
        "TrainingJobStatusCounters": {
            "Completed": statuses[JobStatus.COMPLETED],
            "InProgress": running,
            "RetryableError": 0,
            "NonRetryableError": statuses[JobStatus.FAILED],
            "Stopped": statuses[JobStatus.STOPPED],
        },
        "ObjectiveStatusCounters": {
            "Succeeded": has,
            "Pending": len(trained) - has - without,
            "Failed": without,
        },
    }


def summary_of(recipe: Recipe, tuning: Job, trained: Job) -> Json:
    """One entry of ListTrainingJobsForHyperParameterTuningJob."""
    value = objective_of(recipe, trained)
    kind = "Maximize" if recipe.maximize else "Minimize"
    objective = {"Type": kind, "MetricName": recipe.objective, "Value": value}
    status = "Pending" if trained.status.running else "Failed"
    optional = {
        "TrainingStartTime": trained.started,
        "TrainingEndTime": trained.ended,
        "FailureReason": trained.failure_reason,
        "FinalHyperParameterTuningJobObjectiveMetric": None if value is None else objective,
    }
    return {
        "TrainingJobName": trained.name,
        "TrainingJobArn": trained.arn,
        "TuningJobName": tuning.name,
        "CreationTime": trained.created,
        "TrainingJobStatus": trained.status.value,
        "TunedHyperParameters": drawn_of(recipe, trained),
        "ObjectiveStatus": status if value is None else "Succeeded",
        **{name: each for name, each in optional.items() if each is not None},
    }


def drawn_of(recipe: Recipe, trained: Job) -> Mapping[str, str]:
    """The values that were drawn for a training job."""
    given: Mapping[str, str] = trained.request.get("HyperParameters", {})
    return {each.name: given[each.name] for each in recipe.ranges if each.name in given}
