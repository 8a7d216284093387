"""Rules of a monitor's scores, slices and attributions: what is watched, the baseline has."""

from collections.abc import Iterator

from stacks.project.faults import did_you_mean
from stacks.project.monitoring_shape import MonitoringFile
from tidegate.monitoring.baseline import ATTRIBUTIONS, Baseline

_ADD = "make it with '--evaluation FILE --score COLUMN --label COLUMN'"


def quality_misfits(section: MonitoringFile, baseline: Baseline) -> Iterator[tuple[str, str]]:
    """What of a section the baseline does not have, or has and the section does not name."""
    if section.score is not None and baseline.evaluation is None:
        yield "score", f"score is given, the baseline has no evaluation: {_ADD}, or drop score"
    yield from _slice_misfits(section, baseline)
    has = ATTRIBUTIONS in baseline.features
    if has and section.attributions is None:
        yield (
            "attributions",
            "attributions is missing: the baseline has attributions, say where answers have them",
        )
    if not has and section.attributions is not None:
        yield (
            "attributions",
            (
                "attributions is given, the baseline has none: make it with --attributions "
                "COLUMN, or drop attributions"
            ),
        )


def _slice_misfits(section: MonitoringFile, baseline: Baseline) -> Iterator[tuple[str, str]]:
    for name in section.slices:
        slicing = baseline.slices.get(name)
        if slicing is None:
            meant = did_you_mean(name, baseline.slices)
            yield (
                "slices",
                (
                    f"slices has {name!r}, the baseline is not cut by it: make it with --slice "
                    f"{name}; {meant}"
                ),
            )
        elif not slicing.predictions and (section.score is None or not slicing.evaluation):
            yield (
                "slices",
                (
                    f"slices has {name!r}, of which the baseline has neither predictions nor an "
                    "evaluation that score asks for: nothing of it would be watched"
                ),
            )
