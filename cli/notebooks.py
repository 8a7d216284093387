"""The notebook instances of a deployed stage, found by the outputs of their stack."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place

SETTLED = frozenset({"InService", "Stopped", "Failed"})
"""Statuses that an instance stays in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebook:
    """How a notebook stands."""

    name: str
    instance: str
    status: str
    instance_type: str
    volume_gb: int
    why: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The notebook in JSON types."""
        return {
            "notebook": self.name,
            "instance": self.instance,
            "status": self.status,
            "instance_type": self.instance_type,
            "volume_gb": self.volume_gb,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebooks:
    """A stage's notebooks; `instances` are names on AWS by those of the project file."""

    where: Place
    client: Any
    instances: Mapping[str, str]

    def every(self) -> list[Notebook]:
        """How each stands."""
        return [self.found(name) for name in sorted(self.instances)]

    def found(self, name: str) -> Notebook:
        """How a notebook stands; CommandError if there is none of that name."""
        told = self.client.describe_notebook_instance(NotebookInstanceName=self._instance(name))
        return Notebook(
            name=name,
            instance=told["NotebookInstanceName"],
            status=told["NotebookInstanceStatus"],
            instance_type=told["InstanceType"],
            volume_gb=int(told["VolumeSizeInGB"]),
            why=told.get("FailureReason"),
        )

    def start(self, name: str) -> Notebook:
        """It runs or is on its way; one that does already is left as it is."""
        if self.found(name).status not in {"InService", "Pending", "Updating"}:
            self._asked(self.client.start_notebook_instance, name)
        return self.found(name)

    def stop(self, name: str) -> Notebook:
        """It is stopped or on its way."""
        if self.found(name).status not in {"Stopped", "Stopping", "Failed"}:
            self._asked(self.client.stop_notebook_instance, name)
        return self.found(name)

    def url(self, name: str) -> str:
        """Where a notebook that runs is opened, for five minutes; CommandError for others."""
        found = self.found(name)
        if found.status != "InService":
            raise CommandError(
                f"notebook {name} is {found.status}: 'tidegate notebook start {name} --wait' first",
                code=Exit.REFUSED,
            )
        told = self._asked(self.client.create_presigned_notebook_instance_url, name)
        return str(told["AuthorizedUrl"])

    def settled(self, name: str, tell: Callable[[Notebook], None]) -> Notebook:
        """How it stands once nothing is under way; `tell` hears of each status."""
        last = ""
        while True:
            found = self.found(name)
            if found.status != last:
                tell(found)
                last = found.status
            if found.status in SETTLED:
                return found
            time.sleep(self.where.target.refresh_seconds)

    def _asked(self, operation: Callable[..., Any], name: str) -> Any:
        try:
            return operation(NotebookInstanceName=self._instance(name))
        except ClientError as error:
            raise CommandError(f"notebook {name}: {error}", code=Exit.REFUSED) from error

    def _instance(self, name: str) -> str:
        if name not in self.instances:
            known = ", ".join(sorted(self.instances))
            raise CommandError(f"no notebook {name!r} is deployed: {known}", code=Exit.USAGE)
        return self.instances[name]


def notebooks_of(where: Place) -> Notebooks:
    """The notebooks of the stage; CommandError when it has none."""
    stack = f"{where.project.name}-{where.stage}-notebooks"
    outputs = stack_outputs(where.reading, stack)
    if not outputs:
        raise CommandError(
            f"{stack} is not deployed on {where.target.name}: name notebooks in the project file "
            "and run 'tidegate deploy'",
            code=Exit.REFUSED,
        )
    instances: dict[str, str] = json.loads(outputs["Notebooks"])
    return Notebooks(where=where, client=where.target.client("sagemaker"), instances=instances)
