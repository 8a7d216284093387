"""Builds notebook instances for one running cloud."""

from collections.abc import Callable, Mapping

from emulator.runtime import Runtime
from emulator.sagemaker.notebooks.configs import ConfigOperations
from emulator.sagemaker.notebooks.jupyter import Jupyter
from emulator.sagemaker.notebooks.operations import NotebookOperations
from emulator.sagemaker.notebooks.table import Notebooks
from emulator.sagemaker.store import Store


def notebooks_of(runtime: Runtime, *, store: Store, trusts: Callable[[str], bool]) -> Notebooks:
    """The operations; whoever ends the cloud closes the instances."""

    def credentials(role_arn: str, region: str) -> Mapping[str, str]:
        found = runtime.role_credentials(role_arn, "SageMaker").environment()
        return {
            **found,
            "AWS_ENDPOINT_URL": runtime.endpoint_url,
            "AWS_DEFAULT_REGION": region,
        }

    directory = runtime.state_directory / "sagemaker" / "notebooks"
    return Notebooks(
        instances=NotebookOperations(
            store=store,
            servers=Jupyter(directory=directory, credentials=credentials),
            trusts=trusts,
            pause=runtime.keeper.pause,
            now=runtime.clock.now,
        ),
        configs=ConfigOperations(store=store, now=runtime.clock.now),
    )
