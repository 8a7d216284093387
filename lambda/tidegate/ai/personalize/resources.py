"""What recommendations need on AWS: schemas, data sets, tracker, filters, a role; of an arm, more.

Nothing of schema, group and solution can be changed, and a group has one data set of a type: their
names follow from the schemas, so that other columns make a new group beside the old one. Arms share
all of that, and each has a solution of its own, with a model and what answers by it (`arms.py`).
"""

import hashlib
import json
from typing import Any

from tidegate.ai.kind import Place, Resources
from tidegate.ai.personalize.settings import CATEGORY, PersonalizeSettings
from tidegate.ai.personalize.tables import INTERACTIONS, TABLES, columns_of
from tidegate.ai.roles import OF_THIS_ACCOUNT, Template, allow, role_of
from tidegate.ai.steps import NAMES

RUNS = "runs/"
"""What keys of files begin with that Personalize reads and writes."""
ROLE, TRACKING, ARNS = "role", "tracking", "arns"
"""What functions are told, beside data sets by their tables and filters by `filter-NAME`. `ARNS`
begins the ARN of whatever has a name."""
ROLE_ID, TRACKER_ID = "DataRole", "Tracker"
_GROUP_ID, _FILES = "Group", "Files"
_ARNS = "arn:${AWS::Partition}:personalize:${AWS::Region}:${AWS::AccountId}"
_SERVICE = "personalize.amazonaws.com"
_OBJECTS = "what Personalize reads and writes for this service only, each file with its own name"
_PERSONAL = {"USER_ID": "string", "ITEM_ID": "string", "EVENT_TYPE": "string", "TIMESTAMP": "long"}


def job_names(place: Place) -> str:
    """How names of jobs begin."""
    return f"tg-{digest(place.prefix)}"


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


def arn_of(kind: str, name: str) -> str:
    """The ARN of a thing of that name, as templates word it."""
    return f"{_ARNS}:{kind}/{name}"


def short_prefix(place: Place) -> str:
    """How names of the service's things begin."""
    return place.prefix[:36]


def digest(*what: str) -> str:
    """Eight digits that tell one thing from others."""
    return hashlib.sha256("\n".join(what).encode()).hexdigest()[:8]


def group_name(settings: PersonalizeSettings, place: Place) -> str:
    """The name of the data set group; another one for other columns."""
    schemas = (schema_of(table, settings) for table in tables_of(settings))
    return f"{short_prefix(place)}-{digest(place.prefix, *schemas)}"


def resources_of(settings: PersonalizeSettings, place: Place) -> Resources:
    """What all arms share."""
    schemas = {table: schema_of(table, settings) for table in tables_of(settings)}
    named = group_name(settings, place)
    templates: dict[str, Template] = {
        ROLE_ID: role_of(_SERVICE, {"Data": _data()}),
        _GROUP_ID: resource("DatasetGroup", Name=named),
    }
    for table, text in schemas.items():
        templates |= _dataset(table, text, place)
    # A group has one tracker: it is named, and replaced, with the group.
    templates[TRACKER_ID] = resource("EventTracker", Name=named, DatasetGroupArn=group()) | {
        "DependsOn": [dataset_id(INTERACTIONS)]
    }
    for name, expression in settings.filters.items():
        id_ = filter_id(name)
        templates[id_] = item_filter(
            f"{short_prefix(place)}-{digest(named, id_, expression)}", expression, settings
        )
    return Resources(
        templates=templates,
        told=_told(settings, place),
        acknowledged={ROLE_ID: {f"IAM5[Resource::<{_FILES}.Arn>/{RUNS}*]": _OBJECTS}},
        bucket=_let_in(),
    )


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of Personalize."""
    made: dict[str, Any] = {"Type": f"AWS::Personalize::{kind}", "Properties": properties}
    if kind in {"Schema", "Solution"}:
        reason = "its name ends in a digest of everything else that it says"
        row = {"rule": "fixed-name-replaced", "reason": reason}
        made["Metadata"] = {"tidegate": {"acknowledged": [row]}}
    return made


def _att(id_: str, name: str) -> Template:
    return {"Fn::GetAtt": [id_, name]}


def group() -> Template:
    """The data set group's ARN."""
    return _att(_GROUP_ID, "DatasetGroupArn")


def after_data(settings: PersonalizeSettings) -> dict[str, Any]:
    """Not before there are data sets."""
    return {"DependsOn": [dataset_id(table) for table in tables_of(settings)]}


def item_filter(name: str, expression: str, settings: PersonalizeSettings) -> Template:
    """A filter by an expression over the data sets."""
    made = resource("Filter", Name=name, DatasetGroupArn=group(), FilterExpression=expression)
    return made | after_data(settings)


def _dataset(table: str, schema: str, place: Place) -> dict[str, Template]:
    id_ = dataset_id(table)
    name = f"{place.prefix[:24]}-{table}-{digest(place.prefix, schema)}"
    return {
        f"{id_}Schema": resource("Schema", Name=name, Schema=schema),
        id_: resource(
            "Dataset",
            Name=name,
            DatasetType=table.capitalize(),
            DatasetGroupArn=group(),
            SchemaArn=_att(f"{id_}Schema", "SchemaArn"),
        ),
    }


def _told(settings: PersonalizeSettings, place: Place) -> dict[str, str]:
    return {
        NAMES: job_names(place),
        ARNS: _ARNS,
        ROLE: f"${{{ROLE_ID}.Arn}}",
        TRACKING: f"${{{TRACKER_ID}.TrackingId}}",
        **{table: f"${{{dataset_id(table)}.DatasetArn}}" for table in tables_of(settings)},
        **{f"filter-{name}": f"${{{filter_id(name)}.FilterArn}}" for name in settings.filters},
    }


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
