"""What every section of the project file is made of: its base class and the types of names."""

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, StringConstraints

NAME = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
SUBSCRIBER = r"^(https://[^\s/]+\S*|[^\s@:/]+@[^\s@:/]+\.[^\s@:/]+)$"
SCHEDULE = r"^(rate\([1-9]\d{0,4} (minute|minutes|hour|hours|day|days)\)|cron\([^()]{9,100}\))$"

Subscriber = Annotated[str, StringConstraints(pattern=SUBSCRIBER, max_length=2048)]
Name = Annotated[str, StringConstraints(pattern=NAME)]
ProjectName = Annotated[Name, StringConstraints(max_length=20)]
StageName = Annotated[Name, StringConstraints(max_length=10)]
ModelName = Annotated[Name, StringConstraints(max_length=40)]
NotebookName = Annotated[Name, StringConstraints(max_length=20)]
ServiceName = Annotated[Name, StringConstraints(max_length=20)]
TargetName = Annotated[Name, StringConstraints(max_length=40)]


class Part(BaseModel):
    """A part of the project file: nothing is converted silently, nothing unknown is ignored."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True
    )
