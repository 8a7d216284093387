"""Names that are derived: the same inputs always give the same name, within AWS's limits."""

import hashlib
from collections.abc import Mapping

from tidegate.slots import PAIR, Slot
from tidegate.tracks import Tracks

ENDPOINT_NAME_LIMIT = 63
"""SageMaker: at most 63 of a-z, A-Z, 0-9 and hyphens."""

_JOB_PREFIX_LIMIT = 32
"""SageMaker's names of jobs have at most 63 characters; a run's id, round and attempt take 31."""
PACKAGE_GROUP_LIMIT = 63
"""SageMaker: at most 63 of a-z, A-Z, 0-9 and hyphens."""

NOTEBOOK_LIMIT = 63
"""SageMaker: at most 63 of a-z, A-Z, 0-9 and hyphens."""

_LOGICAL_ID_LIMIT = 50
"""CloudFormation names a SageMaker resource `<logical id>-<12 characters>`, at most 63 in all."""


_FUNCTION_LIMIT = 64
"""Lambda: at most 64 of a-z, A-Z, 0-9, hyphens and underscores."""


def shortened(text: str, limit: int) -> str:
    """The text if it fits, else its beginning and six characters of its hash."""
    if len(text) <= limit:
        return text
    digest = hashlib.sha256(text.encode()).hexdigest()[:6]
    return f"{text[: limit - 7].rstrip('-')}-{digest}"


def endpoint_name(project: str, stage: str, model: str) -> str:
    """The endpoint's literal name: alarms and endpoint must share one without a cycle."""
    return shortened(f"{project}-{stage}-{model}", ENDPOINT_NAME_LIMIT)


def track_endpoint_name(project: str, stage: str, model: str) -> str:
    """What the names of the endpoints of a model's tracks have in common; the slot follows."""
    room = ENDPOINT_NAME_LIMIT - max(len(f"-{slot}") for slot in PAIR)
    return shortened(f"{project}-{stage}-{model}", room)


def fleet_place(project: str, stage: str, model: str) -> str:
    """What the names of a fleet's things begin with: its function's name is the shortest of all."""
    return shortened(f"{project}-{stage}-{model}", _FUNCTION_LIMIT - len("-ask"))


def slot_endpoints(name: str, *, tracks: Tracks | None) -> Mapping[Slot, str]:
    """The endpoint that serves each slot: one for all, or one a track."""
    return dict.fromkeys(Slot, name) if tracks is None else tracks.endpoints


def release_stack_name(project: str, stage: str) -> str:
    """The name of the stack that holds the release loop of a stage."""
    return f"{project}-{stage}-release"


def front_door_stack_name(project: str, stage: str) -> str:
    """The name of the stack that holds the ways to the tracks of a stage."""
    return f"{project}-{stage}-front-door"


def model_stack_name(project: str, stage: str, model: str) -> str:
    """The name of a model's own stack: it follows from the model's name alone."""
    return f"{project}-{stage}-model-{model}"


def batch_stack_name(project: str, stage: str, model: str) -> str:
    """The name of the stack that holds the batch of a model."""
    return f"{project}-{stage}-batch-{model}"


def job_prefix(project: str, stage: str, model: str) -> str:
    """What the names of the transform jobs of a batch begin with; run, round and attempt follow."""
    return shortened(f"{project}-{stage}-{model}", _JOB_PREFIX_LIMIT)


def training_stack_name(project: str, stage: str, model: str) -> str:
    """The name of the stack that trains a model."""
    return f"{project}-{stage}-training-{model}"


def training_name(project: str, stage: str, model: str) -> str:
    """The fixed name of the pipeline that trains a model."""
    return training_stack_name(project, stage, model)


def package_group_name(project: str, stage: str, model: str) -> str:
    """The group of the model registry that trained versions of a model are in."""
    return shortened(f"{project}-{stage}-{model}", PACKAGE_GROUP_LIMIT)


def monitoring_stack_name(project: str, stage: str, model: str) -> str:
    """The name of the stack that holds a model's monitor."""
    return f"{project}-{stage}-monitoring-{model}"


def monitor_buckets(project: str, stage: str) -> str:
    """What the names of the buckets of a stage's monitors match: CloudFormation generates them.

    They begin with the stack's name in small letters.
    """
    return f"{project}-{stage}-monitoring-*".lower()


def release_name(project: str, stage: str) -> str:
    """The fixed name of a stage's release machine: functions of other stacks start it."""
    return f"{project}-{stage}-release"


def training_buckets(project: str, stage: str) -> str:
    """The same of the buckets that models of a stage are trained in."""
    return f"{project}-{stage}-training-*".lower()


def ai_stack_name(project: str, stage: str) -> str:
    """The name of the stack that the AI services of a stage share: door and dead letters."""
    return f"{project}-{stage}-ai"


def service_stack_name(project: str, stage: str, service: str) -> str:
    """The name of an AI service's own stack."""
    return f"{project}-{stage}-ai-{service}"


def edge_stack_name(project: str, stage: str, fleet: str) -> str:
    """The name of the stack of an edge fleet."""
    return f"{project}-{stage}-edge-{fleet}"


def export_name(stack: str, output: str) -> str:
    """Under which name other stacks import an output."""
    return f"{stack}-{output}"


def dead_letters_name(project: str, stage: str) -> str:
    """The fixed name of the queue that all AI services of a stage put dead letters into."""
    return f"{project}-{stage}-ai-dead-letters"


def profiling_name(project: str, stage: str) -> str:
    """The name of a stage's profiling group, and of the stack that holds it."""
    return f"{project}-{stage}-profiling"


def notebooks_stack_name(project: str, stage: str) -> str:
    """The name of the stack that holds the notebook instances of a stage."""
    return f"{project}-{stage}-notebooks"


def notebook_name(project: str, stage: str, notebook: str, fixed: str) -> str:
    """The name of a notebook instance.

    `fixed` is everything that AWS cannot change of one: its digest ends the name, so that another
    instance can be made before this one goes.
    """
    digest = hashlib.sha256(fixed.encode()).hexdigest()[:8]
    return f"{shortened(f'{project}-{stage}-{notebook}', NOTEBOOK_LIMIT - 9)}-{digest}"


def access_stack_name(project: str, stage: str) -> str:
    """The name of the stack that holds the roles which a pipeline takes in a stage."""
    return f"{project}-{stage}-access"


def pipeline_name(project: str) -> str:
    """The name of a project's pipeline, of its stack, and of the role that it works under."""
    return f"{project}-pipeline"


def delivery_name(project: str, stage: str) -> str:
    """The fixed name of a stage's delivery machine, and of its role: the pipeline calls it."""
    return f"{project}-{stage}-delivery"


def build_name(project: str, kind: str) -> str:
    """The name of a build of the pipeline, and of its role."""
    return f"{pipeline_name(project)}-{kind}"


def release_role_name(project: str, stage: str) -> str:
    """The name of the role that a pipeline releases under in a stage."""
    return f"{project}-{stage}-pipeline-release"


def reader_role_name(project: str, stage: str) -> str:
    """The name of the role that builds of a pipeline read a stage under."""
    return f"{project}-{stage}-pipeline-read"


def resume_role_name(project: str) -> str:
    """The name of the role that delivery machines retry a stage of the pipeline under."""
    return f"{pipeline_name(project)}-resume"


def function_name(project: str, stage: str, function: str) -> str:
    """The fixed name of a function that other stacks call."""
    return f"{project}-{stage}-{function.replace('_', '-')}"


def id_prefix(project: str, stage: str) -> str:
    """What the logical ids of all hosting resources of a stage begin with.

    CloudFormation puts the logical id into the generated name, so that a policy can name the
    resources of one stage without naming any of them.
    """
    return pascal(f"{project}-{stage}")


def logical_id(project: str, stage: str, model: str, kind: str) -> str:
    """The logical id of a hosting resource whose generated name must be told apart."""
    prefix = id_prefix(project, stage)
    room = _LOGICAL_ID_LIMIT - len(prefix) - len(kind)
    return f"{prefix}{shortened(pascal(model), room).replace('-', '')}{kind}"


def pascal(text: str) -> str:
    """The words of a name as one, each with a capital: `front-door` is FrontDoor."""
    return "".join(part.capitalize() for part in text.split("-"))
