"""The shape of an AI service in the project file. What its settings are says its kind."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints
from pydantic.config import JsonDict

from stacks.project.durations import PATTERN
from stacks.project.part import Part
from stacks.project.service_release_shape import ServiceReleaseFile
from tidegate.ai.kinds import KINDS, kind_named
from tidegate.ai.schemas import schema


def _known(name: str) -> str:
    if name not in KINDS:
        raise ValueError(f"must be one of {', '.join(sorted(KINDS))}")
    return name


def _with_settings(said: JsonDict) -> None:
    """The settings of each kind, for editors: draft 2020-12's if and then."""
    said["allOf"] = [
        {
            "if": {"properties": {"kind": {"const": name}}},
            "then": {"properties": {"settings": schema(kind_named(name).settings)}},
        }
        for name in sorted(KINDS)
    ]


class ServiceFile(Part):
    """An AI service of AWS, with routes, files and metrics of its own."""

    model_config = {**Part.model_config, "json_schema_extra": _with_settings}

    kind: Annotated[
        str, AfterValidator(_known), Field(json_schema_extra={"enum": list[Any](sorted(KINDS))})
    ]
    """Which service it is: a kind of docs/reference/ai-services.md."""
    settings: dict[str, Any] = {}
    """Settings of that kind; left out: its defaults."""
    label: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    """Name of these settings for people, where they are released; left out: the service's."""
    release: ServiceReleaseFile | None = None
    """How new settings become live, judged by what they do; left out: at once, by the deploy."""
    requests_per_minute: Annotated[int, Field(ge=1, le=60_000)] = 300
    """Requests that one caller may send a minute; more are refused with 429."""
    keep: Annotated[str, StringConstraints(pattern=PATTERN)] = "30d"
    """How long files and results are kept, in whole days."""
