"""The records of every tenant, found without case as SageMaker finds them.

The store also keeps, for each endpoint, the view that the data plane serves from; both are
replaced together by `put_endpoint`. It checks existence and nothing else.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.sagemaker import errors, names
from emulator.sagemaker.jobs.job import Job
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.notebooks.state import LifecycleConfig, Notebook
from emulator.sagemaker.pipelines import refusals as pipeline_refusals
from emulator.sagemaker.pipelines.state import Execution, Pipeline
from emulator.sagemaker.ports import EndpointView
from emulator.sagemaker.registry.listings import Listings
from emulator.sagemaker.registry.state import ModelPackage, PackageGroup
from emulator.sagemaker.state import Endpoint, EndpointConfig, Model
from emulator.sagemaker.transform.job import TransformJob
from emulator.sagemaker.views import view_of


@dataclass(slots=True)
class Shelf:
    """What one tenant has; keys are names in lower case, of packages, executions and tags ARNs."""

    models: dict[str, Model] = field(default_factory=dict)
    configs: dict[str, EndpointConfig] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    views: dict[str, EndpointView] = field(default_factory=dict)
    package_groups: dict[str, PackageGroup] = field(default_factory=dict)
    packages: dict[str, ModelPackage] = field(default_factory=dict)
    transform_jobs: dict[str, TransformJob] = field(default_factory=dict)
    training_jobs: dict[str, Job] = field(default_factory=dict)
    processing_jobs: dict[str, Job] = field(default_factory=dict)
    automl_jobs: dict[str, Job] = field(default_factory=dict)
    tuning_jobs: dict[str, Job] = field(default_factory=dict)
    labeling_jobs: dict[str, Job] = field(default_factory=dict)
    pipelines: dict[str, Pipeline] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    notebooks: dict[str, Notebook] = field(default_factory=dict)
    lifecycle_configs: dict[str, LifecycleConfig] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)


class Store:
    """Finds and replaces records; raises AWS's own error when a name is unknown or taken."""

    def __init__(self) -> None:
        self._shelves: dict[Tenant, Shelf] = {}
        self.listings = Listings()

    def shelf(self, tenant: Tenant) -> Shelf:
        """What the tenant has, an empty shelf at first."""
        return self._shelves.setdefault(tenant, Shelf())

    def model(self, tenant: Tenant, name: str) -> Model:
        """The model of that name."""
        found = self.shelf(tenant).models.get(name.lower())
        if found is None:
            raise errors.could_not_find(names.MODEL, tenant.arn(names.MODEL, name))
        return found

    def config(self, tenant: Tenant, name: str) -> EndpointConfig:
        """The endpoint configuration of that name."""
        found = self.shelf(tenant).configs.get(name.lower())
        if found is None:
            arn = tenant.arn(names.ENDPOINT_CONFIG, name)
            raise errors.could_not_find(names.ENDPOINT_CONFIG, arn)
        return found

    def endpoint(self, tenant: Tenant, name: str) -> Endpoint:
        """The endpoint of that name."""
        found = self.shelf(tenant).endpoints.get(name.lower())
        if found is None:
            raise errors.could_not_find(names.ENDPOINT, tenant.arn(names.ENDPOINT, name))
        return found

    def transform_job(self, tenant: Tenant, name: str) -> TransformJob:
        """The transform job of that name."""
        found = self.shelf(tenant).transform_jobs.get(name.lower())
        if found is None:
            raise errors.no_job(name)
        return found

    def jobs(self, tenant: Tenant, noun: str) -> dict[str, Job]:
        """The tenant's jobs of a kind (`TrainingJob`, ...), by name in lower case."""
        shelf = self.shelf(tenant)
        return {
            "TrainingJob": shelf.training_jobs,
            "ProcessingJob": shelf.processing_jobs,
            "AutoMLJob": shelf.automl_jobs,
            "HyperParameterTuningJob": shelf.tuning_jobs,
            "LabelingJob": shelf.labeling_jobs,
        }[noun]

    def notebook(self, tenant: Tenant, name: str) -> Notebook:
        """The notebook instance of that name."""
        found = self.shelf(tenant).notebooks.get(name.lower())
        if found is None:
            raise errors.could_not_find(names.NOTEBOOK, tenant.arn(names.NOTEBOOK, name))
        return found

    def lifecycle_config(self, tenant: Tenant, name: str) -> LifecycleConfig:
        """The lifecycle configuration of that name."""
        found = self.shelf(tenant).lifecycle_configs.get(name.lower())
        if found is None:
            arn = tenant.arn(names.LIFECYCLE_CONFIG, name)
            raise errors.could_not_find(names.LIFECYCLE_CONFIG, arn)
        return found

    def pipeline(self, tenant: Tenant, name: str) -> Pipeline:
        """The pipeline of that name."""
        found = self.shelf(tenant).pipelines.get(name.lower())
        if found is None:
            raise pipeline_refusals.unknown_pipeline(tenant.arn(names.PIPELINE, name))
        return found

    def execution(self, tenant: Tenant, arn: str) -> Execution:
        """The execution of that ARN."""
        found = self.shelf(tenant).executions.get(arn)
        if found is None:
            raise pipeline_refusals.unknown_execution(arn)
        return found

    def put_execution(self, tenant: Tenant, execution: Execution) -> None:
        """The execution is as given."""
        self.shelf(tenant).executions[execution.arn] = execution

    def put_endpoint(self, tenant: Tenant, endpoint: Endpoint) -> None:
        """The endpoint is as given, for the API and, from the next request on, for traffic."""
        shelf, key = self.shelf(tenant), endpoint.name.lower()
        shelf.endpoints[key] = endpoint
        shelf.views[key] = view_of(endpoint)

    def remove_endpoint(self, tenant: Tenant, name: str) -> None:
        """There is no such endpoint and no tag of it."""
        shelf, key = self.shelf(tenant), name.lower()
        gone = shelf.endpoints.pop(key, None)
        shelf.views.pop(key, None)
        if gone is not None:
            shelf.tags.pop(gone.arn, None)

    def views(self) -> Iterator[tuple[Tenant, EndpointView]]:
        """What serves at this moment, of every account and region."""
        for tenant, shelf in tuple(self._shelves.items()):
            for view in tuple(shelf.views.values()):
                yield tenant, view

    def view(self, tenant: Tenant, name: str) -> EndpointView | None:
        """What serves under that name at this moment."""
        shelf = self._shelves.get(tenant)
        return None if shelf is None else shelf.views.get(name.lower())
