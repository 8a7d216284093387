"""The functions of the release loop and of the front door: what each is for and may do.

A table, so that the permissions of the product can be read on one page. Actions are those that the
adapters in `lambda/tidegate_aws` call; the parts of a DynamoDB transaction are permitted by the
action of each part, there is none for the transaction (DynamoDB developer guide, "IAM and
transactions").
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stacks.components.answers import COLLECTOR
from stacks.components.arns import allow
from stacks.components.blueprint import att, ref
from stacks.components.edge_rights import Done, edge_statements
from stacks.components.fleet_rights import asking, asking_environment, reading, resizing, resters
from stacks.components.handler_function import FunctionProps
from stacks.components.leftovers import leftover_statements
from stacks.components.release_machine import WATCH_MACHINE
from stacks.components.rolling_rights import replacing
from stacks.components.signing_secret import SIGNING_SECRET
from stacks.components.surroundings import Surroundings
from stacks.components.tables import OBSERVATION_TABLE, RELEASE_TABLE
from stacks.project.names import function_name
from tidegate.asynchronous import ANSWERS, FAILURES, INPUTS, TICKETS, UPLOADS
from tidegate.metrics import NAMESPACE
from tidegate.slots import PAIR, Slot

Statements = list[dict[str, Any]]

_GET, _QUERY = "dynamodb:GetItem", "dynamodb:Query"
_PUT, _UPDATE = "dynamodb:PutItem", "dynamodb:UpdateItem"
_DELETE, _CHECK = "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem"
_READ_BACK = "sagemaker:DescribeEndpoint"
_LIST, _IN_SYNC = "route53:ListResourceRecordSets", "route53:GetChange"
_CHANGE = "route53:ChangeResourceRecordSets"


def function_table(around: Surroundings) -> Mapping[str, FunctionProps]:
    """Every function by its package."""
    rows = (
        *_shifts(around),
        *_evidence(around),
        *_ends(around),
        *_gate(around),
        *_front_door(around),
        *_tracks(around),
        *_collectors(around),
        *resters(around),
    )
    return {row.name: row for row in rows}


def _shifts(around: Surroundings) -> list[FunctionProps]:
    """What begins a release and moves its traffic."""
    return [
        _row(
            around,
            "prepare_release",
            "Validates, locks and records a release",
            [
                _releases(_GET, _QUERY, _PUT, _CHECK),
                _endpoints(around, _READ_BACK),
                *reading(around),
                *_records(around, _LIST),
                *_rings(around, Done.READ),
            ],
        ),
        _row(
            around,
            "shift_traffic",
            "Asks for the weights of a step",
            [
                _releases(_GET, _PUT),
                _endpoints(around, _READ_BACK, "sagemaker:UpdateEndpointWeightsAndCapacities"),
                *reading(around),
                *resizing(around),
                *replacing(around),
                *_records(around, _LIST, _CHANGE),
                *_rings(around, Done.READ, Done.MOVE),
            ],
        ),
        _row(
            around,
            "verify_traffic",
            "Reads back what serves",
            [
                _releases(_GET, _PUT),
                _endpoints(around, _READ_BACK),
                *reading(around),
                *_records(around, _LIST, _IN_SYNC),
                *_rings(around, Done.READ),
            ],
        ),
    ]


def _evidence(around: Surroundings) -> list[FunctionProps]:
    """What gathers evidence and judges it."""
    return [
        _row(
            around,
            "observe_release",
            "Stores what became final in the observations",
            [_releases(_GET, _QUERY, _PUT), _observations(_QUERY)],
        ),
        _row(
            around,
            "join_shadow_captures",
            "Counts pairs of answers that a shadow's variants gave",
            [
                _releases(_GET, _QUERY, _PUT),
                _observations(_QUERY, _PUT, _UPDATE),
                _endpoints(around, _READ_BACK),
                *_captures(around),
            ],
            seconds=300,
        ),
        _row(
            around,
            "judge_release",
            "Says what the evidence means",
            [_releases(_GET, _QUERY, _PUT, _UPDATE)],
        ),
    ]


def _ends(around: Surroundings) -> list[FunctionProps]:
    """What ends a release, and watches over one that SageMaker ends."""
    return [
        _row(
            around,
            "settle_release",
            "Writes the end, moves the pointer, frees the lock",
            [
                _releases(_GET, _PUT, _DELETE),
                _endpoints(around, _READ_BACK),
                *reading(around),
                *replacing(around),
                *_records(around, _LIST, _IN_SYNC),
                *_rings(around, Done.READ),
            ],
        ),
        _row(around, "watch_release", "Judges what SageMaker releases", _watch_statements(around)),
        _row(around, "halt_release", "Halts a failed release", [_releases(_GET, _PUT)]),
        _row(around, "report_release", "Tells how a release ended", [_releases(_GET)]),
    ]


def _gate(around: Surroundings) -> list[FunctionProps]:
    verify = [
        _releases(_GET, _PUT, _DELETE, _CHECK),
        _endpoints(around, _READ_BACK),
        *reading(around),
        *replacing(around, "autoscaling:UpdateAutoScalingGroup"),
        *leftover_statements(around.project, around.arns),
        *_records(around, _LIST, _CHANGE),
        *_rings(around, Done.READ, Done.MOVE, Done.WITHDRAW),
        *_rollback_alarm(),
    ]
    slow = 900 if around.fleets else 300  # Instances start in its time: 15 minutes at most.
    return [
        _row(
            around,
            "guard_release",
            "Refuses deploys over what is live",
            _guard_statements(around),
            seconds=120,
        ),
        _row(around, "verify_release", "Reads back what a deploy made", verify, seconds=slow),
    ]


def _front_door(around: Surroundings) -> list[FunctionProps]:
    secret = allow(["secretsmanager:GetSecretValue"], [ref(SIGNING_SECRET)])
    asked = _endpoints(around, "sagemaker:InvokeEndpoint")
    route = [_releases(_GET), secret, asked, *_submissions(around), *asking(around)]
    outcome = [_releases(_GET), secret, _observations(_PUT)]
    return [
        _row(around, "route_request", "Serves a prediction and signs its id", route, seconds=30),
        _row(around, "record_outcome", "Credits an outcome exactly once", outcome, seconds=30),
        _row(
            around,
            "aggregate_requests",
            "Counts the request log into observations",
            [_observations(_PUT, _UPDATE)],
        ),
    ]


def _submissions(around: Surroundings) -> Statements:
    """What the front door needs to have a request wait, and to hand on its answer.

    CloudFormation begins the names of buckets with their stack's, in small letters. Who may not
    list a bucket is told of an object that is not there as of a refusal.
    """
    if not around.answers_later:
        return []
    bucket = _model_buckets(around)
    read = [
        around.arns.s3(f"{bucket}/{prefix}/*") for prefix in (ANSWERS, FAILURES, TICKETS, UPLOADS)
    ]
    written = [around.arns.s3(f"{bucket}/{prefix}/*") for prefix in (INPUTS, TICKETS)]
    return [
        _endpoints(around, "sagemaker:InvokeEndpointAsync"),
        _observations(_PUT),
        allow(["s3:ListBucket"], [around.arns.s3(bucket)]),
        allow(["s3:GetObject"], read),
        allow(["s3:PutObject"], written),
    ]


def _collectors(around: Surroundings) -> list[FunctionProps]:
    """What hears of asynchronous requests, if a model has any."""
    if not around.answers_later:
        return []
    bucket = _model_buckets(around)
    statements = [
        _observations(_PUT, _UPDATE),
        allow(["s3:ListBucket"], [around.arns.s3(bucket)]),
        allow(["s3:GetObject"], [around.arns.s3(f"{bucket}/{TICKETS}/*")]),
    ]
    return [_row(around, COLLECTOR, "Counts what became of asynchronous requests", statements)]


def _model_buckets(around: Surroundings) -> str:
    return f"{around.project}-{around.arns.stage.name}-model-*".lower()


def _tracks(around: Surroundings) -> list[FunctionProps]:
    """A router a track, where there are tracks: it reaches the endpoints of its own only."""
    if around.zone_id is None:
        return []
    secret = allow(["secretsmanager:GetSecretValue"], [ref(SIGNING_SECRET)])
    return [
        _of_track(around, slot, [_releases(_GET), secret, _track_endpoints(around, slot)])
        for slot in PAIR
    ]


def _of_track(around: Surroundings, slot: Slot, statements: Statements) -> FunctionProps:
    row = _row(
        around, "route_request", f"Serves predictions of track {slot}", statements, seconds=30
    )
    named = replace(row, track=slot, environment={**row.environment, "TRACK": slot.value})
    fixed = function_name(around.project, around.arns.stage.name, named.name)
    return replace(named, fixed_name=fixed)


def _track_endpoints(around: Surroundings, slot: Slot) -> dict[str, Any]:
    pattern = f"endpoint/{around.project}-{around.arns.stage.name}-*-{slot.value}"
    endpoints = [around.arns.of("sagemaker", pattern)]
    return allow(["sagemaker:InvokeEndpoint", _READ_BACK], endpoints)


def _rings(around: Surroundings, *done: Done) -> Statements:
    """What is done with rings of edge fleets, where there are any."""
    return edge_statements(around.arns, around.project, done) if around.has_edge else []


def _records(around: Surroundings, *actions: str) -> Statements:
    """Records of the hosts of this stage's models: their weights, and nothing else of the zone.

    Condition keys: Service Authorization Reference, "Condition keys for Amazon Route 53".
    """
    if around.zone_id is None:
        return []
    partition = around.arns.stage.partition
    zone = f"arn:{partition}:route53:::hostedzone/{around.zone_id}"
    only = {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": list(around.hosts),
            "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
            "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
        }
    }
    known = {
        _LIST: allow([_LIST], [zone]),
        _CHANGE: allow([_CHANGE], [zone], Condition=only),
        # A change's id is Route 53's, and no release knows it beforehand.
        _IN_SYNC: allow([_IN_SYNC], [f"arn:{partition}:route53:::change/*"]),
    }
    return [known[action] for action in actions]


_FIXED = frozenset({"guard_release", "verify_release", COLLECTOR})


def _row(
    around: Surroundings,
    package: str,
    description: str,
    statements: Statements,
    *,
    seconds: int = 60,
) -> FunctionProps:
    stage = around.arns.stage.name
    fixed = function_name(around.project, stage, package) if package in _FIXED else None
    return FunctionProps(
        package=package,
        description=description,
        timeout_seconds=seconds,
        statements=statements,
        environment=_environment(around, package),
        fixed_name=fixed,
    )


def _environment(around: Surroundings, package: str) -> dict[str, Any]:
    variables: dict[str, Any] = {"PROJECT": around.project, "STAGE": around.arns.stage.name}
    if package not in {"aggregate_requests", COLLECTOR}:
        variables["RELEASE_TABLE"] = ref(RELEASE_TABLE)
    if package in {
        "observe_release",
        "join_shadow_captures",
        "record_outcome",
        "aggregate_requests",
        "watch_release",
        COLLECTOR,
    } or (package == "route_request" and around.answers_later):
        variables["OBSERVATION_TABLE"] = ref(OBSERVATION_TABLE)
    if package in {"route_request", "record_outcome"}:
        variables["SIGNING_SECRET_ARN"] = ref(SIGNING_SECRET)
    if package in {"guard_release", "verify_release", "watch_release"}:
        variables["METRIC_NAMESPACE"] = NAMESPACE
    if package == "route_request":
        variables |= asking_environment(around)
    if package == "guard_release":
        variables["WATCH_MACHINE_ARN"] = ref(WATCH_MACHINE)
    return variables


def _releases(*actions: str) -> dict[str, Any]:
    return allow(list(actions), [att(RELEASE_TABLE)])


def _observations(*actions: str) -> dict[str, Any]:
    return allow(list(actions), [att(OBSERVATION_TABLE)])


def _endpoints(around: Surroundings, *actions: str) -> dict[str, Any]:
    pattern = f"endpoint/{around.project}-{around.arns.stage.name}-*"
    return allow(list(actions), [around.arns.of("sagemaker", pattern)])


def _guard_statements(around: Surroundings) -> Statements:
    """To open and to close releases of deploys, too."""
    return [
        _releases(_GET, _PUT, _DELETE, _CHECK),
        _endpoints(around, _READ_BACK),
        _stacks(around),
        allow(["states:StartExecution"], [ref(WATCH_MACHINE)]),
        *_rollback_alarm(),
    ]


def _watch_statements(around: Surroundings) -> Statements:
    return [
        _releases(_GET, _PUT, _DELETE),
        _observations(_QUERY),
        _endpoints(around, _READ_BACK),
        _stacks(around),
        allow(["cloudwatch:GetMetricData"], ["*"]),
        *_rollback_alarm(),
    ]


def _captures(around: Surroundings) -> Statements:
    """Captures of models of this stage, by what CloudFormation begins their buckets' names with.

    Metrics take no resource (Service Authorization Reference, "Actions for Amazon CloudWatch").
    """
    stacks = f"{around.project}-{around.arns.stage.name}-model-*".lower()
    return [
        allow(["s3:ListBucket"], [around.arns.s3(stacks)]),
        allow(["s3:GetObject"], [around.arns.s3(f"{stacks}/*")]),
        allow(["cloudwatch:GetMetricData"], ["*"]),
    ]


def _stacks(around: Surroundings) -> dict[str, Any]:
    pattern = f"stack/{around.project}-{around.arns.stage.name}-model-*"
    return allow(["cloudformation:DescribeStacks"], [around.arns.of("cloudformation", pattern)])


def _rollback_alarm() -> Statements:
    return [
        allow(["cloudwatch:DescribeAlarms"], ["*"]),
        allow(
            ["cloudwatch:PutMetricData"],
            ["*"],
            Condition={"StringEquals": {"cloudwatch:namespace": NAMESPACE}},
        ),
    ]
