"""The settings of a process: the only reader of its environment variables."""

import os
from collections.abc import Iterable, Mapping
from enum import StrEnum

from tidegate.errors import TidegateError
from tidegate.values import value


class Variable(StrEnum):
    """The environment variables that a function may need."""

    RELEASE_TABLE = "RELEASE_TABLE"
    OBSERVATION_TABLE = "OBSERVATION_TABLE"
    SIGNING_SECRET_ARN = "SIGNING_SECRET_ARN"  # noqa: S105 - a variable's name, not a secret
    RELEASE_MACHINE_ARN = "RELEASE_MACHINE_ARN"
    WATCH_MACHINE_ARN = "WATCH_MACHINE_ARN"
    NOTIFICATION_TOPIC_ARN = "NOTIFICATION_TOPIC_ARN"
    DASHBOARD_URL = "DASHBOARD_URL"
    OUTCOME_BUCKET = "OUTCOME_BUCKET"
    API_URL = "API_URL"
    TRAFFIC = "TRAFFIC"
    MODEL = "MODEL"
    ENDPOINTS = "ENDPOINTS"
    MONITOR_BUCKET = "MONITOR_BUCKET"
    MONITORING = "MONITORING"
    RELEASE_STACK = "RELEASE_STACK"
    REACTION = "REACTION"
    TRAINING_PIPELINE = "TRAINING_PIPELINE"
    PACKAGE_GROUP = "PACKAGE_GROUP"
    PROJECT = "PROJECT"
    STAGE = "STAGE"
    TRACK = "TRACK"
    FLEETS = "FLEETS"
    FLEET_URL = "FLEET_URL"
    RESTING = "RESTING"
    RUN_TABLE = "RUN_TABLE"
    BATCH_BUCKET = "BATCH_BUCKET"
    BATCH = "BATCH"
    BATCH_SLOTS = "BATCH_SLOTS"
    AI_DOCUMENT_BUCKET = "AI_DOCUMENT_BUCKET"
    AI_DOCUMENT_KEY = "AI_DOCUMENT_KEY"
    AI_TABLE = "AI_TABLE"
    AI_BUCKET = "AI_BUCKET"
    AI_QUEUE_URL = "AI_QUEUE_URL"
    AI_RESOURCES = "AI_RESOURCES"
    AI_ARMS = "AI_ARMS"
    AI_OWN = "AI_OWN"
    AI_OUTCOMES = "AI_OUTCOMES"
    AI_SIGN_IN = "AI_SIGN_IN"
    AWS_ENDPOINT_URL = "AWS_ENDPOINT_URL"
    EDGE_PLACE = "EDGE_PLACE"


class SettingsError(TidegateError):
    """The process was started without the environment variables that it needs."""


@value
class Settings:
    """What the environment says. `event_bus_name` and `metric_namespace` have defaults."""

    values: Mapping[Variable, str]
    event_bus_name: str
    metric_namespace: str
    clock_file: str | None
    """The file where the embedded cloud says how its time runs; None on AWS: the wall is right."""

    def __getitem__(self, variable: Variable) -> str:
        """The value of a variable; SettingsError when it is not set."""
        if variable not in self.values:
            raise _missing([variable])
        return self.values[variable]


def read(
    needed: Iterable[Variable] = (), *, environment: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this process; SettingsError names every needed variable that is missing."""
    source = os.environ if environment is None else environment
    values = {variable: source[variable] for variable in Variable if source.get(variable)}
    missing = [variable for variable in needed if variable not in values]
    if missing:
        raise _missing(missing)
    return Settings(
        values=values,
        event_bus_name=source.get("EVENT_BUS_NAME", "default"),
        metric_namespace=source.get("METRIC_NAMESPACE", "Tidegate"),
        clock_file=source.get("EMBEDDED_CLOCK_FILE"),
    )


def _missing(variables: Iterable[Variable]) -> SettingsError:
    names = ", ".join(sorted(variable.value for variable in variables))
    return SettingsError(
        f"environment variables missing: {names}; the release stack sets them for each function"
    )
