"""The kinds of things that Personalize has."""

from emulator.ai.declared import DeclaredKind
from emulator.ai.kept import ACTIVE, Kind, Spelling

__all__ = ["ACTIVE", "Kind"]

PENDING, IN_PROGRESS, FAILED = "CREATE PENDING", "CREATE IN_PROGRESS", "CREATE FAILED"
SPELLING = Spelling(
    service="personalize",
    status="status",
    made="creationDateTime",
    changed="lastUpdatedDateTime",
    not_active="InvalidInputException",
)


def member_of(kind: Kind) -> str:
    """The member of answers that describes one."""
    return kind.arn.removesuffix("Arn")


def _kind(noun: str, path: str, *, shape: str | None = None) -> Kind:
    declared = None
    if shape is not None:
        type_name = f"AWS::Personalize::{noun}"
        declared = DeclaredKind(type_name=type_name, service="personalize", shape=shape)
    arn = f"{noun[0].lower()}{noun[1:]}Arn"
    return Kind(noun=noun, arn=arn, path=path, declared=declared, has_status=noun != "Schema")


SCHEMA = _kind("Schema", "schema", shape="DatasetSchema")
GROUP = _kind("DatasetGroup", "dataset-group", shape="DatasetGroup")
DATASET = _kind("Dataset", "dataset", shape="Dataset")
IMPORT = _kind("DatasetImportJob", "dataset-import-job")
SOLUTION = _kind("Solution", "solution", shape="Solution")
VERSION = _kind("SolutionVersion", "solution")
CAMPAIGN = _kind("Campaign", "campaign", shape="Campaign")
TRACKER = _kind("EventTracker", "event-tracker", shape="EventTracker")
FILTER = _kind("Filter", "filter", shape="Filter")
BATCH = _kind("BatchInferenceJob", "batch-inference-job")
KINDS = (
    SCHEMA,
    GROUP,
    DATASET,
    IMPORT,
    SOLUTION,
    VERSION,
    CAMPAIGN,
    TRACKER,
    FILTER,
    BATCH,
)
