"""Requests of the product's clients, held against AWS's service models while tests run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gate.requests import faults_of
from tidegate_aws import clients


@dataclass
class Requests:
    """What was asked of AWS: operations by name, and every fault in a request."""

    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def __call__(self, params: Any, model: Any, **_: Any) -> None:
        """One request, before botocore serializes it."""
        operation = f"{model.service_model.service_name}:{model.name}"
        self.operations.add(operation)
        if model.input_shape is not None:
            given = {name: value for name, value in params.items() if value is not None}
            self.faults.extend(map(str, faults_of(model.input_shape, given, operation)))


@contextmanager
def watched_requests() -> Iterator[Requests]:
    """Every request of the product's clients in the block, checked against its model."""
    requests = Requests()
    made = [
        clients.dynamodb(),
        clients.sagemaker(),
        clients.sagemaker_runtime(),
        clients.stepfunctions(),
        clients.cloudwatch(),
        clients.events(),
        clients.secretsmanager(),
    ]
    for client in made:
        client.meta.events.register("provide-client-params", requests)
    try:
        yield requests
    finally:
        for client in made:
            client.meta.events.unregister("provide-client-params", requests)
