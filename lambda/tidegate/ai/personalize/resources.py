"""What recommendations need on AWS: schemas, data sets, solution, tracker, filters, a role.

Nothing of schema, group and solution can be changed, and a group has one data set of a type: their
names follow from the schemas, so that other columns make a new group beside the old one.
"""

import hashlib
import json
from typing import Any

from tidegate.ai.kind import Place, Resources
from tidegate.ai.personalize.settings import CAMPAIGN, CATEGORY, PersonalizeSettings
from tidegate.ai.personalize.tables import INTERACTIONS, TABLES, columns_of
from tidegate.ai.roles import OF_THIS_ACCOUNT, Template, allow, role_of
from tidegate.ai.steps import NAMES

RUNS = "runs/"
"""What keys of files begin with that Personalize reads and writes."""
ROLE, SOLUTION, TRACKING, CAMPAIGN_ARN, UNBOUGHT = (
    "role",
    "solution",
    "tracking",
    "campaign",
    "unbought",
)
"""What functions are told, beside data sets by their tables and filters by `filter-NAME`."""
ROLE_ID, SOLUTION_ID, TRACKER_ID, CAMPAIGN_ID = "DataRole", "Solution", "Tracker", "Campaign"
_GROUP_ID, _UNBOUGHT_ID, _FILES = "Group", "Unbought", "Files"
_SERVICE = "personalize.amazonaws.com"
_OBJECTS = "what Personalize reads and writes for this service only, each file with its own name"
_PERSONAL = {"USER_ID": "string", "ITEM_ID": "string", "EVENT_TYPE": "string", "TIMESTAMP": "long"}


def job_names(place: Place) -> str:
    """How names of jobs begin."""
    return f"tg-{_hash(place.prefix)}"


def dataset_id(table: str) -> str:
    """The logical id of a table's data set."""
    return table.capitalize()


def filter_id(name: str) -> str:
    """The logical id of a filter."""
    return f"Filter{''.join(part.capitalize() for part in name.split('-'))}"


def tables_of(settings: PersonalizeSettings) -> tuple[str, ...]:
    """The tables that the settings have columns for."""
    return tuple(table for table in TABLES if columns_of(table, settings))


def schema_of(table: str, settings: PersonalizeSettings) -> str:
    """The Avro schema of a table, as JSON."""
    fields = [_avro(one.name, one.optional, settings, table) for one in columns_of(table, settings)]
    return json.dumps(
        {
            "type": "record",
            "name": table.capitalize(),
            "namespace": "com.amazonaws.personalize.schema",
            "fields": fields,
            "version": "1.0",
        }
    )


def _avro(name: str, optional: bool, settings: PersonalizeSettings, table: str) -> Template:  # noqa: FBT001
    fields = {**settings.item_fields, **settings.user_fields} if table != INTERACTIONS else {}
    if fields.get(name) == CATEGORY:
        return {"name": name, "type": ["null", "string"], "categorical": True}
    bare = _PERSONAL.get(name, "float")
    return {"name": name, "type": ["null", bare] if optional else bare}


def _hash(*what: str) -> str:
    return hashlib.sha256("\n".join(what).encode()).hexdigest()[:8]


def resources_of(settings: PersonalizeSettings, place: Place) -> Resources:
    """All of them; the campaign only where it is asked for."""
    schemas = {table: schema_of(table, settings) for table in tables_of(settings)}
    named = f"{place.prefix[:36]}-{_hash(place.prefix, *schemas.values())}"
    templates: dict[str, Template] = {
        ROLE_ID: role_of(_SERVICE, {"Data": _data()}),
        _GROUP_ID: _resource("DatasetGroup", Name=named),
    }
    for table, text in schemas.items():
        templates |= _dataset(table, text, place)
    recipe = f"arn:${{AWS::Partition}}:personalize:::recipe/{settings.recipe}"
    templates[SOLUTION_ID] = _resource(
        "Solution",
        Name=f"{place.prefix[:36]}-{_hash(named, settings.recipe)}",
        DatasetGroupArn=_group(),
        RecipeArn={"Fn::Sub": recipe},
    ) | {"DependsOn": [dataset_id(table) for table in schemas]}
    # A group has one tracker: it is named, and replaced, with the group.
    templates[TRACKER_ID] = _resource("EventTracker", Name=named, DatasetGroupArn=_group()) | {
        "DependsOn": [dataset_id(INTERACTIONS)]
    }
    for id_, expression in _expressions(settings).items():
        templates[id_] = _resource(
            "Filter",
            Name=f"{place.prefix[:36]}-{_hash(named, id_, expression)}",
            DatasetGroupArn=_group(),
            FilterExpression=expression,
        ) | {"DependsOn": [dataset_id(table) for table in schemas]}
    if settings.answers == CAMPAIGN:
        templates[CAMPAIGN_ID] = _campaign(settings, named)
    return Resources(
        templates=templates,
        told=_told(settings, place),
        acknowledged={ROLE_ID: {f"IAM5[Resource::<{_FILES}.Arn>/{RUNS}*]": _OBJECTS}},
        bucket=_let_in(),
    )


def _resource(kind: str, **properties: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"Type": f"AWS::Personalize::{kind}", "Properties": properties}
    if kind in {"Schema", "Solution"}:
        reason = "its name ends in a digest of everything else that it says"
        row = {"rule": "fixed-name-replaced", "reason": reason}
        made["Metadata"] = {"tidegate": {"acknowledged": [row]}}
    return made


def _att(id_: str, name: str) -> Template:
    return {"Fn::GetAtt": [id_, name]}


def _group() -> Template:
    return _att(_GROUP_ID, "DatasetGroupArn")


def _dataset(table: str, schema: str, place: Place) -> dict[str, Template]:
    id_ = dataset_id(table)
    name = f"{place.prefix[:24]}-{table}-{_hash(place.prefix, schema)}"
    return {
        f"{id_}Schema": _resource("Schema", Name=name, Schema=schema),
        id_: _resource(
            "Dataset",
            Name=name,
            DatasetType=table.capitalize(),
            DatasetGroupArn=_group(),
            SchemaArn=_att(f"{id_}Schema", "SchemaArn"),
        ),
    }


def _expressions(settings: PersonalizeSettings) -> dict[str, str]:
    """Filter expressions by logical id."""
    found = {filter_id(name): text for name, text in settings.filters.items()}
    if not settings.bought_again:
        kept = f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("{settings.bought}")'
        found[_UNBOUGHT_ID] = kept
    return found


def _campaign(settings: PersonalizeSettings, named: str) -> Template:
    version = f"${{{SOLUTION_ID}.SolutionArn}}/$LATEST"
    return _resource(
        "Campaign",
        Name=named,
        SolutionVersionArn={"Fn::Sub": version},
        MinProvisionedTPS=settings.campaign_rate,
        CampaignConfig={"SyncWithLatestSolutionVersion": True},
    )


def _told(settings: PersonalizeSettings, place: Place) -> dict[str, str]:
    told = {
        NAMES: job_names(place),
        ROLE: f"${{{ROLE_ID}.Arn}}",
        SOLUTION: f"${{{SOLUTION_ID}.SolutionArn}}",
        TRACKING: f"${{{TRACKER_ID}.TrackingId}}",
        **{table: f"${{{dataset_id(table)}.DatasetArn}}" for table in tables_of(settings)},
        **{f"filter-{name}": f"${{{filter_id(name)}.FilterArn}}" for name in settings.filters},
    }
    if not settings.bought_again:
        told[UNBOUGHT] = f"${{{_UNBOUGHT_ID}.FilterArn}}"
    if settings.answers == CAMPAIGN:
        told[CAMPAIGN_ARN] = f"${{{CAMPAIGN_ID}.CampaignArn}}"
    return told


def _data(**more: Any) -> list[Template]:
    objects = {"Fn::Sub": f"${{{_FILES}.Arn}}/{RUNS}*"}
    return [
        allow(["s3:ListBucket"], _att(_FILES, "Arn"), **more),
        allow(["s3:GetObject", "s3:PutObject"], objects, **more),
    ]


def _let_in() -> tuple[Template, ...]:
    """Personalize wants the bucket to let it in, beside the role.

    Developer guide, "Giving Amazon Personalize access to Amazon S3 resources".
    """
    return tuple(_data(Principal={"Service": _SERVICE}, Condition=OF_THIS_ACCOUNT))
