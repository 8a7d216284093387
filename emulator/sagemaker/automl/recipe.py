"""What an AutoML job is asked for, and what of it cannot be done here. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.jobs.requests import refuse
from emulator.timeseries.frequency import Frequency
from emulator.timeseries.series import Columns

DEFAULT_QUANTILES = ("p10", "p50", "p90")
"""ForecastQuantiles when a request names none (API reference, TimeSeriesForecastingJobConfig)."""
_PROBLEM = "TimeSeriesForecastingJobConfig"
_UNEMULATED = ("FeatureSpecificationS3Uri", "Transformations", "HolidayConfig")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipe:
    """A forecast that a model learns to make."""

    source: Mapping[str, Any]
    """The training data's `S3DataSource`."""
    compression: str
    columns: Columns
    frequency: str
    horizon: int
    quantiles: tuple[str, ...]

    @property
    def types(self) -> list[str]:
        """The quantiles as the engine names them."""
        return [str(int(name[1:]) / 100) for name in self.quantiles]


def check(request: Mapping[str, Any]) -> None:
    """The job can be done here, or one refusal says all that is in the way."""
    problem = request["AutoMLProblemTypeConfig"]
    if _PROBLEM not in problem:
        kinds = ", ".join(sorted(problem)) or "none"
        refuse([], [f"problems other than time series ({kinds})"])
    config = problem[_PROBLEM]
    refuse(_faults(request, config), _unemulated(request, config))


def recipe_of(request: Mapping[str, Any]) -> Recipe:
    """What a request that was checked asks for."""
    config = request["AutoMLProblemTypeConfig"][_PROBLEM]
    named = config["TimeSeriesConfig"]
    channel = request["AutoMLJobInputDataConfig"][0]
    return Recipe(
        source=channel["DataSource"]["S3DataSource"],
        compression=channel.get("CompressionType", "None"),
        columns=Columns(
            timestamp=named["TimestampAttributeName"],
            target=named["TargetAttributeName"],
            dimensions=(
                named["ItemIdentifierAttributeName"],
                *named.get("GroupingAttributeNames", ()),
            ),
        ),
        frequency=config["ForecastFrequency"],
        horizon=config["ForecastHorizon"],
        quantiles=tuple(config.get("ForecastQuantiles", DEFAULT_QUANTILES)),
    )


def _faults(request: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    for channel in request["AutoMLJobInputDataConfig"]:
        if "DataSource" not in channel:
            yield "Each channel of AutoMLJobInputDataConfig needs a DataSource."
    try:
        Frequency.of(config["ForecastFrequency"])
    except ValueError as error:
        yield f"ForecastFrequency: {error}."


def _unemulated(request: Mapping[str, Any], config: Mapping[str, Any]) -> Iterator[str]:
    channels = request["AutoMLJobInputDataConfig"]
    if len(channels) > 1 or channels[0].get("ChannelType", "training") != "training":
        yield "a validation channel: the last periods of the training data are the test"
    content = channels[0].get("ContentType", "text/csv;header=present")
    if content.replace(" ", "") not in {"text/csv;header=present", "text/csv"}:
        yield f"the content type {content}, only text/csv;header=present"
    for name in _UNEMULATED:
        if config.get(name) is not None:
            yield name
