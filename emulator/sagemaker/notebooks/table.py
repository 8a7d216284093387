"""The operations by name."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.configs import ConfigOperations
from emulator.sagemaker.notebooks.operations import NotebookOperations


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebooks:
    """Instances, and the configurations of their lives."""

    instances: NotebookOperations
    configs: ConfigOperations

    def table(self) -> dict[str, Callable[[Tenant, Mapping[str, Any]], Awaitable[dict[str, Any]]]]:
        """Each operation by AWS's name."""
        return {
            "CreateNotebookInstance": self.instances.create,
            "DescribeNotebookInstance": self.instances.describe,
            "StartNotebookInstance": self.instances.start,
            "StopNotebookInstance": self.instances.stop,
            "UpdateNotebookInstance": self.instances.update,
            "DeleteNotebookInstance": self.instances.delete,
            "ListNotebookInstances": self.instances.list_,
            "CreatePresignedNotebookInstanceUrl": self.instances.url,
            "CreateNotebookInstanceLifecycleConfig": self.configs.create,
            "DescribeNotebookInstanceLifecycleConfig": self.configs.describe,
            "UpdateNotebookInstanceLifecycleConfig": self.configs.update,
            "DeleteNotebookInstanceLifecycleConfig": self.configs.delete,
            "ListNotebookInstanceLifecycleConfigs": self.configs.list_,
        }
