"""The functions of a batch: what each is for and may do, as in `functions.py`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import Arns, allow, sub
from stacks.components.batch_data import BATCH_BUCKET, INPUT, RUN_TABLE
from stacks.components.blueprint import att, ref
from stacks.components.bucket import objects_in
from stacks.components.handler_function import FunctionProps
from stacks.project.batches import BatchModelSpec
from stacks.project.names import job_prefix
from stacks.project.placement import Placement
from stacks.project.tables import hosting_price
from tidegate.batch.plan import BatchPlan
from tidegate.slots import Slot

Statements = list[dict[str, Any]]

_LONGEST_SECONDS = 900
_MEGABYTES = 1_769
"""At this much a function has one whole processor (Lambda developer guide, "Memory")."""

_GET, _PUT = "s3:GetObject", "s3:PutObject"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchFunctionsProps:
    """A model's batch, and what is in its slots: SageMaker's models by their logical ids."""

    project: str
    arns: Arns
    model: BatchModelSpec
    placement: Placement
    models: Mapping[Slot, str]

    @property
    def place(self) -> tuple[str, str] | None:
        """Bucket and prefix of data sets that are not in the batch's own bucket."""
        if self.model.batch.input is None:
            return None
        bucket, _, prefix = self.model.batch.input.removeprefix("s3://").partition("/")
        return bucket, prefix


def guard_function(props: BatchFunctionsProps) -> FunctionProps:
    """What deploys go through; it knows nothing of the slots, and so is there before them."""
    return FunctionProps(
        package="guard_batch",
        description="Lets deploys of a batch change the idle slot only",
        timeout_seconds=60,
        statements=[allow(["dynamodb:GetItem", "dynamodb:PutItem"], [att(RUN_TABLE)])],
        environment={**_names(props), "RUN_TABLE": ref(RUN_TABLE)},
    )


def batch_functions(props: BatchFunctionsProps) -> Mapping[str, FunctionProps]:
    """What a run's machine calls, by package."""
    rows = [_validate(props), _plan(props), _collect(props), _compare(props), _report(props)]
    return {row.name: row for row in rows}


def read_input(props: BatchFunctionsProps) -> Statements:
    """To list and, lastly, to read data sets, wherever they are."""
    arns, batch = props.arns, props.model.batch
    if batch.after is not None:
        # CloudFormation begins a bucket's name with the stack's, in small letters.
        named = f"{props.project}-{arns.stage.name}-batch-{batch.after}-*".lower()
        return [
            allow(["s3:ListBucket"], [arns.s3(named)]),
            allow([_GET], [arns.s3(f"{named}/results/*")]),
        ]
    if props.place is None:
        return [allow([_GET], [objects_in(BATCH_BUCKET, f"{INPUT}*")])]
    bucket, prefix = props.place
    return [
        allow(["s3:ListBucket"], [arns.s3(bucket)]),
        allow([_GET], [arns.s3(f"{bucket}/{prefix}*")]),
    ]


def own_bucket(*paths: str, actions: tuple[str, ...]) -> dict[str, Any]:
    """Objects of the batch's own bucket."""
    return allow(list(actions), [objects_in(BATCH_BUCKET, path) for path in paths])


def _listing() -> dict[str, Any]:
    """Without it S3 says of a missing object that it is forbidden (HeadObject, API reference)."""
    return allow(["s3:ListBucket"], [att(BATCH_BUCKET)])


def _runs(*actions: str) -> dict[str, Any]:
    return allow([f"dynamodb:{action}" for action in actions], [att(RUN_TABLE)])


def _jobs(props: BatchFunctionsProps) -> dict[str, Any]:
    prefix = job_prefix(props.project, props.arns.stage.name, props.model.name)
    jobs = props.arns.of("sagemaker", f"transform-job/{prefix}-*")
    return allow(["sagemaker:DescribeTransformJob"], [jobs])


def _validate(props: BatchFunctionsProps) -> FunctionProps:
    return _row(
        props,
        "validate_batch",
        "Looks at every record of a data set before anything is paid for",
        [
            _runs("GetItem", "PutItem", "Query"),
            _listing(),
            own_bucket("runs/*", actions=(_GET, _PUT)),
            own_bucket("runs/*/checking.json", actions=("s3:DeleteObject",)),
            *read_input(props),
        ],
    )


def _plan(props: BatchFunctionsProps) -> FunctionProps:
    return _row(
        props,
        "plan_batch",
        "Says what a run does next",
        [
            _runs("GetItem"),
            _listing(),
            own_bucket("runs/*", actions=(_GET, _PUT)),
            _jobs(props),
        ],
    )


def _collect(props: BatchFunctionsProps) -> FunctionProps:
    results = ("results/*", "comparisons/*")
    return _row(
        props,
        "collect_batch",
        "Holds every result against its records",
        [
            _runs("GetItem"),
            _listing(),
            own_bucket("runs/*", actions=(_GET, _PUT)),
            own_bucket("failed/*", actions=(_PUT,)),
            own_bucket(*results, actions=(_GET, "s3:DeleteObject")),
            _jobs(props),
            *read_input(props)[-1:],
        ],
    )


def _compare(props: BatchFunctionsProps) -> FunctionProps:
    return _row(
        props,
        "compare_batch",
        "Holds a new version against the live one on the same data set",
        [
            _runs("GetItem", "PutItem"),
            _listing(),
            own_bucket("runs/*", actions=(_GET, _PUT)),
            own_bucket("results/*", "comparisons/*", actions=(_GET,)),
        ],
    )


def _report(props: BatchFunctionsProps) -> FunctionProps:
    bus = props.arns.of("events", "event-bus/default")
    return _row(
        props,
        "report_batch",
        "Ends a run: counts, price, manifest, news",
        [
            _runs("GetItem", "PutItem"),
            _listing(),
            own_bucket("runs/*", actions=(_GET, _PUT)),
            own_bucket("failed/*", actions=(_GET,)),
            _jobs(props),
            allow(["events:PutEvents"], [bus]),
        ],
    )


def _row(
    props: BatchFunctionsProps, package: str, description: str, statements: Statements
) -> FunctionProps:
    return FunctionProps(
        package=package,
        description=description,
        timeout_seconds=_LONGEST_SECONDS,
        memory_megabytes=_MEGABYTES,
        statements=statements,
        environment={
            **_names(props),
            "RUN_TABLE": ref(RUN_TABLE),
            "BATCH_BUCKET": ref(BATCH_BUCKET),
            "BATCH": _plan_text(props),
            "BATCH_SLOTS": _slots_text(props),
            "EVENT_BUS_NAME": "default",
        },
    )


def _names(props: BatchFunctionsProps) -> dict[str, Any]:
    return {"PROJECT": props.project, "STAGE": props.arns.stage.name}


def _plan_text(props: BatchFunctionsProps) -> Any:
    batch, stage = props.model.batch, props.arns.stage
    price = hosting_price(stage.region, batch.instance_type)
    own = f"s3://${{{BATCH_BUCKET}}}/{INPUT}"
    plan = BatchPlan(
        project=props.project,
        stage=stage.name,
        model=props.model.name,
        format=batch.format,
        columns=batch.columns,
        input=own if batch.input is None else batch.input,
        join=batch.join,
        instance_type=batch.instance_type,
        instances=batch.instances,
        payload_mb=batch.payload_mb,
        failed_percent=batch.failed_percent,
        job_prefix=job_prefix(props.project, stage.name, props.model.name),
        usd_per_hour=None if price is None else float(price["usd_per_hour"]),
        price_said=_price_said(batch.instance_type, stage.region, price),
        sla_seconds=batch.sla_seconds,
        compare=batch.compare,
    )
    return sub(json.dumps(plan.to_json(), sort_keys=True, separators=(",", ":")))


def _price_said(kind: str, region: str, price: Mapping[str, Any] | None) -> str:
    if price is None:
        return f"the price of {kind} in {region} is not known: add it to stacks/prices.json"
    return (
        f"an estimate: hours of instances at the price of hosting on {kind}, as of "
        f"{price['date']} ({price['source']}); S3, Lambda and Step Functions are not in it"
    )


def _slots_text(props: BatchFunctionsProps) -> Any:
    slots = {
        slot.value: {
            "model": f"${{{props.models[slot]}.ModelName}}",
            "version": version.to_json(),
        }
        for slot, version in sorted(props.placement.slots.items())
    }
    return sub(json.dumps(slots, sort_keys=True, separators=(",", ":")))
