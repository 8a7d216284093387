"""Resource types that ministack provisions otherwise than AWS, put right.

All of them: properties are checked against the public schema, where ministack ignores what it does
not know. `DynamoDB::Table`: encryption, expiry and recovery, dropped at creation. `DynamoDB::Table`
and `Logs::LogGroup`: each creation draws a name of its own, so that a stack that comes again leaves
alone what an earlier one of its name kept. `Secret`: `Ref` is the ARN, and every option of
GenerateSecretString counts. `ApiGatewayV2::Route`: `Ref` is the id alone. `ApiGatewayV2::Api`:
`ApiEndpoint` of an HTTP API can be called, as a path under the front door, where a host name would
need DNS. `Logs::LogGroup`: a name that is not given begins with the stack's, as policies expect it
to. `Lambda::EventSourceMapping`: refused as the API refuses it, and an update takes the alias and
drops what is no longer declared. `Lambda::Function`: its network is kept.

Seams: the rows of `provisioners._RESOURCE_HANDLERS`, `provisioners._sm_secret_string`,
`_physical_name` and `_NAME_SEED`.
"""

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from emulator.cloudformation.registry import ResourceError
from emulator.cloudformation.schemas import SchemaCatalogue
from emulator.cloudformation.validation import checked_properties, without_system_tags
from emulator.seams import mappings

_Row = dict[str, Any]
_Answer = tuple[str, dict[str, Any]]

_UNCHECKED = ("AWS::CloudFormation::", "AWS::CDK::")
"""The engine's own types, which take properties that no schema lists."""

_LOG_GROUP_NAME = 512
"""The longest name of a log group (CloudWatch Logs API, CreateLogGroup)."""


def attach(table: dict[str, _Row], catalogue: SchemaCatalogue) -> None:
    """The rows of ministack's own types are mended."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    provisioners._sm_secret_string = _secret_string
    table["AWS::DynamoDB::Table"] = _mended_table(table["AWS::DynamoDB::Table"])
    table["AWS::SecretsManager::Secret"] = _mended_secret(table["AWS::SecretsManager::Secret"])
    table["AWS::ApiGatewayV2::Route"] = _mended_route(table["AWS::ApiGatewayV2::Route"])
    table["AWS::ApiGatewayV2::Api"] = _mended_api(table["AWS::ApiGatewayV2::Api"])
    table["AWS::Logs::LogGroup"] = _mended_log_group(table["AWS::Logs::LogGroup"])
    table["AWS::Lambda::Function"] = _mended_function(table["AWS::Lambda::Function"])
    mapping = "AWS::Lambda::EventSourceMapping"
    table[mapping] = _mended_mapping(table[mapping])
    for type_name in catalogue.type_names() & table.keys():
        if not type_name.startswith(_UNCHECKED):
            table[type_name] = _checked(type_name, table[type_name], catalogue)


def _checked(type_name: str, row: _Row, catalogue: SchemaCatalogue) -> _Row:
    create, update = row["create"], row.get("update")

    def check(logical_id: str, properties: Mapping[str, Any]) -> None:
        schema = catalogue.load(type_name)
        own = without_system_tags(schema, properties)
        checked_properties(schema, logical_id, own)

    def checked_create(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        check(logical_id, properties)
        return create(logical_id, properties, stack_name)

    def checked_update(physical_id: str, old: Any, new: Any, *rest: Any) -> Any:
        check(str(rest[1]) if len(rest) > 1 else physical_id, new)
        return row["update"](physical_id, old, new, *rest)

    replaced: _Row = {"create": checked_create}
    if update is not None:
        replaced["update"] = checked_update
    return {**row, **replaced}


def _mended_function(row: _Row) -> _Row:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        made: _Answer = row["create"](logical_id, properties, stack_name)
        _put_in_network(made[0], properties)
        return made

    def update(physical_id: str, old: Any, new: Any, *rest: Any) -> _Answer:
        made: _Answer = row["update"](physical_id, old, new, *rest)
        _put_in_network(made[0], new)
        return made

    return {**row, "create": create, "update": update}


def _put_in_network(name: str, properties: Mapping[str, Any]) -> None:
    """The function's configuration tells its network, where the template gives it one."""
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    function = lambda_svc._functions.get(name)
    if function is not None and properties.get("VpcConfig"):
        wanted = lambda_svc._vpc_config_with_id(properties["VpcConfig"])
        function["config"]["VpcConfig"] = wanted


def _mended_table(row: _Row) -> _Row:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        _draw_name()
        made: _Answer = row["create"](logical_id, properties, stack_name)
        _apply_table_settings(made[0], {}, properties)
        return made

    def update(  # noqa: PLR0917 - ministack's signature
        physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> _Answer:
        plain = [{k: v for k, v in p.items() if k != "SSESpecification"} for p in (old, new)]
        made: _Answer = row["update"](physical_id, *plain, stack, logical_id)
        _apply_table_settings(made[0], old if made[0] == physical_id else {}, new)
        return made

    return {**row, "create": create, "update": update}


def _draw_name() -> None:
    """The next generated name is a new one, which the resource's record keeps for its updates."""
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    if not provisioners._NAME_SEED.get():
        provisioners._NAME_SEED.set(uuid.uuid4().hex[:8])


def _apply_table_settings(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    from ministack.services import dynamodb  # noqa: PLC0415 - loaded when first used

    def changed(member: str) -> bool:
        return old.get(member) != new.get(member)

    if changed("SSESpecification"):
        wanted = dict(new.get("SSESpecification") or {})
        wanted["Enabled"] = wanted.pop("SSEEnabled", False)
        _call(dynamodb._update_table, TableName=name, SSESpecification=wanted)
    if changed("TimeToLiveSpecification"):
        declared = new.get("TimeToLiveSpecification")
        wanted = declared or {**old["TimeToLiveSpecification"], "Enabled": False}
        _call(dynamodb._update_ttl, TableName=name, TimeToLiveSpecification=wanted)
    if changed("PointInTimeRecoverySpecification"):
        wanted = new.get("PointInTimeRecoverySpecification") or {
            "PointInTimeRecoveryEnabled": False
        }
        _call(
            dynamodb._update_continuous_backups,
            TableName=name,
            PointInTimeRecoverySpecification=wanted,
        )


def _mended_secret(row: _Row) -> _Row:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        _, attributes = row["create"](logical_id, properties, stack_name)
        return attributes["Arn"], {"Id": attributes["Arn"]}

    def update(  # noqa: PLR0917 - ministack's signature
        physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> _Answer:
        _, attributes = row["update"](_secret_name(physical_id), old, new, stack, logical_id)
        return attributes["Arn"], {"Id": attributes["Arn"]}

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        row["delete"](_secret_name(physical_id), properties)

    return {**row, "create": create, "update": update, "delete": delete}


def _secret_name(arn: str) -> str:
    from ministack.services import secretsmanager  # noqa: PLC0415 - loaded when first used

    found = (name for name, s in secretsmanager._secrets.items() if s["ARN"] == arn)
    return next(found, arn)


def _secret_string(properties: Mapping[str, Any]) -> str:
    """The declared secret, or one generated as GetRandomPassword does, with all of its options."""
    from ministack.services import secretsmanager  # noqa: PLC0415 - loaded when first used

    wanted = properties.get("GenerateSecretString")
    if wanted is None:
        return str(properties.get("SecretString", ""))
    template, key = wanted.get("SecretStringTemplate"), wanted.get("GenerateStringKey")
    if (template is None) != (key is None):
        raise ResourceError(
            "Invalid request provided: SecretStringTemplate and GenerateStringKey go together"
        )
    options = {k: v for k, v in wanted.items() if not k.endswith(("Template", "StringKey"))}
    made = _call(secretsmanager._get_random_password, **options)["RandomPassword"]
    return str(made) if template is None else json.dumps({**json.loads(template), key: made})


def _mended_log_group(row: _Row) -> _Row:
    from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - 45 modules

    def named(properties: Mapping[str, Any], name: str) -> dict[str, Any]:
        return {"LogGroupName": name, **properties}

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        _draw_name()
        generated = provisioners._physical_name(stack_name, logical_id, max_len=_LOG_GROUP_NAME)
        made: _Answer = row["create"](logical_id, named(properties, generated), stack_name)
        return made

    def update(  # noqa: PLR0917 - ministack's signature
        physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> _Answer:
        keeps = "LogGroupName" not in old
        generated = provisioners._physical_name(stack, logical_id, max_len=_LOG_GROUP_NAME)
        after = named(new, physical_id if keeps else generated)
        made: _Answer = row["update"](
            physical_id, named(old, physical_id), after, stack, logical_id
        )
        return made

    return {**row, "create": create, "update": update}


def _mended_route(row: _Row) -> _Row:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        _, attributes = row["create"](logical_id, properties, stack_name)
        return attributes["RouteId"], attributes

    def update(  # noqa: PLR0917 - ministack's signature
        physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> _Answer:
        whole = f"{old['ApiId']}/{physical_id}"
        _, attributes = row["update"](whole, old, new, stack, logical_id)
        return attributes["RouteId"], attributes

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        row["delete"](f"{properties['ApiId']}/{physical_id}", properties)

    return {**row, "create": create, "update": update, "delete": delete}


def _mended_api(row: _Row) -> _Row:
    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        made: _Answer = row["create"](logical_id, properties, stack_name)
        return _reachable(made, properties)

    def update(  # noqa: PLR0917 - ministack's signature
        physical_id: str, old: Any, new: Any, stack: str, logical_id: str
    ) -> _Answer:
        made: _Answer = row["update"](physical_id, old, new, stack, logical_id)
        return _reachable(made, new)

    return {**row, "create": create, "update": update}


def _reachable(made: _Answer, properties: Mapping[str, Any]) -> _Answer:
    from ministack.services import apigateway  # noqa: PLC0415 - loaded when first used
    from ministack.services.cloudformation import custom_resource  # noqa: PLC0415 - 45 modules

    api_id, attributes = made
    if properties.get("ProtocolType", "HTTP") != "HTTP":
        return made
    url = f"{custom_resource._gateway_url()}/_aws/execute-api/{api_id}/$default"
    apigateway._apis[api_id]["apiEndpoint"] = url
    return api_id, {**attributes, "ApiEndpoint": url}


_MAPPING_DEFAULTS: Mapping[str, Any] = {
    "BatchSize": 10,
    "MaximumBatchingWindowInSeconds": 0,
    "FunctionResponseTypes": [],
    "FilterCriteria": None,
    "ScalingConfig": None,
}
"""What a mapping of a queue has where the template says nothing."""


def _mended_mapping(row: _Row) -> _Row:
    from ministack.services import lambda_svc  # noqa: PLC0415 - loaded when first used

    def check(properties: Mapping[str, Any]) -> None:
        function, source = properties.get("FunctionName", ""), properties.get("EventSourceArn", "")
        found = mappings.problem(str(function), str(source))
        if found is not None:
            raise ResourceError(f"Invalid request provided: {found}")

    def create(logical_id: str, properties: dict[str, Any], stack_name: str) -> _Answer:
        check(properties)
        made: _Answer = row["create"](logical_id, properties, stack_name)
        return made

    def update(physical_id: str, old: Any, new: Any, stack_name: str) -> _Answer:
        check(new)
        gone = {k: v for k, v in _MAPPING_DEFAULTS.items() if k in old and k not in new}
        made: _Answer = row["update"](physical_id, old, {**gone, **new}, stack_name)
        esm = lambda_svc._esms[made[0]]
        _, esm["Qualifier"] = lambda_svc._resolve_name_and_qualifier(new["FunctionName"])
        return made

    return {**row, "create": create, "update": update}


def _call(operation: Callable[[dict[str, Any]], Any], **parameters: Any) -> dict[str, Any]:
    """The answer of one of ministack's operations, its refusal as a resource's."""
    status, _, body = operation(parameters)
    document: dict[str, Any] = json.loads(body or b"{}")
    if status >= 400:
        raise ResourceError(str(document.get("message") or document.get("Message") or document))
    return document
