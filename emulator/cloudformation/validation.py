"""Checks resource properties against their public schema, in CloudFormation's own words.

`format` keywords are not checked: most of them name other AWS resources, which only a service
can resolve.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import jsonschema  # type: ignore[import-untyped]

from emulator.cloudformation.patterns import matches
from emulator.cloudformation.registry import ResourceError
from emulator.cloudformation.schemas import ResourceSchema

_JSON_NAMES = {
    "string": "String",
    "integer": "Integer",
    "number": "Number",
    "boolean": "Boolean",
    "array": "JSONArray",
    "object": "JSONObject",
    "null": "Null",
}


class InvalidPropertiesError(ResourceError):
    """Properties do not satisfy the schema of their type; all faults are named at once."""


def checked_properties(
    schema: ResourceSchema, logical_id: str, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the properties in the schema's types, once they satisfy it.

    Raises:
        InvalidPropertiesError: they do not.
    """
    coerced: dict[str, Any] = _coerced(properties, schema.document, schema)
    faults = sorted({*_read_only_faults(schema, coerced), *_schema_faults(schema, coerced)})
    if faults:
        raise InvalidPropertiesError(
            f"Properties validation failed for resource {logical_id} with message:\n"
            f"[{', '.join(faults)}]"
        )
    return coerced


def without_system_tags(schema: ResourceSchema, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties without the `aws:` tags that the stack engine adds of itself.

    No caller may set such a tag, so no service takes one from its API. Where only those were set,
    no tags are left, not an empty list of them, which some types refuse.
    """
    name = schema.tag_property
    if name is None or name not in properties:
        return dict(properties)
    own = _callers_tags(properties[name])
    rest = {k: v for k, v in properties.items() if k != name}
    return rest if properties[name] and not own else {**rest, name: own}


def _callers_tags(tags: Any) -> Any:
    if isinstance(tags, dict):
        return {k: v for k, v in tags.items() if not k.startswith("aws:")}
    if isinstance(tags, list):
        return [t for t in tags if not str(t.get("Key", "")).startswith("aws:")]
    return tags


def _read_only_faults(schema: ResourceSchema, properties: Mapping[str, Any]) -> Iterator[str]:
    settable = {*schema.create_only, *schema.document.get("required", ())}
    for name in schema.read_only:
        if name in properties and name not in settable:
            yield f"#: Encountered unsupported property {name}"


def _schema_faults(schema: ResourceSchema, properties: Mapping[str, Any]) -> Iterator[str]:
    for error in _validator_class()(schema.document).iter_errors(properties):
        yield from _worded(error)


@lru_cache(maxsize=1)
def _validator_class() -> Any:
    """Draft 7, where patterns may use the Unicode classes that the schemas are written with."""
    keywords = {
        "pattern": _pattern_errors,
        "patternProperties": _pattern_property_errors,
        "additionalProperties": _additional_property_errors,
    }
    return jsonschema.validators.extend(jsonschema.Draft7Validator, keywords)


_Errors = Iterator[jsonschema.ValidationError]


def _pattern_errors(_validator: Any, pattern: str, instance: Any, _schema: Any) -> _Errors:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


def _pattern_property_errors(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _schema: Any
) -> _Errors:
    if not isinstance(instance, dict):
        return
    for pattern, member in patterns.items():
        for name, value in instance.items():
            if matches(pattern, name):
                yield from validator.descend(value, member, path=name, schema_path=pattern)


def _additional_property_errors(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> _Errors:
    if not isinstance(instance, dict):
        return
    extraneous = _extraneous(schema, instance)
    if isinstance(allowed, dict):
        for name in extraneous:
            yield from validator.descend(instance[name], allowed, path=name)
    elif extraneous and not allowed:
        yield jsonschema.ValidationError(f"extraneous properties: {sorted(extraneous)}")


def _worded(error: jsonschema.ValidationError) -> Iterator[str]:
    """Phrase one schema error as CloudFormation's resource validation does."""
    path = "#" + "".join(f"/{part}" for part in error.absolute_path)
    allowed: Any = error.validator_value
    match error.validator:
        case "required":
            for name in allowed:
                if name not in error.instance:
                    yield f"{path}: required key [{name}] not found"
        case "additionalProperties":
            for name in sorted(_extraneous(error.schema, error.instance)):
                yield f"{path}: extraneous key [{name}] is not permitted"
        case "enum":
            yield f"{path}: {error.instance} is not a valid enum value"
        case "type":
            wanted = allowed if isinstance(allowed, str) else " or ".join(allowed)
            expected = _JSON_NAMES.get(wanted, wanted)
            yield f"{path}: expected type: {expected}, found: {_json_name(error.instance)}"
        case _:
            yield f"{path}: failed validation constraint for keyword [{error.validator}]"


def _extraneous(schema: Mapping[str, Any], instance: Mapping[str, Any]) -> set[str]:
    patterns = tuple(schema.get("patternProperties", ()))
    return {
        name
        for name in instance
        if name not in schema.get("properties", {}) and not any(matches(p, name) for p in patterns)
    }


def _json_name(value: Any) -> str:
    kinds = ((bool, "boolean"), (str, "string"), (int, "integer"), (float, "number"))
    kinds_of_collections = ((list, "array"), (dict, "object"))
    for kind, name in (*kinds, *kinds_of_collections):
        if isinstance(value, kind):
            return _JSON_NAMES[name]
    return _JSON_NAMES["null"]


def _coerced(value: Any, node: Mapping[str, Any], schema: ResourceSchema) -> Any:
    """Turn the strings, numbers and booleans of a template into the schema's, where they fit.

    CloudFormation does the same: parameters and `Fn::Sub` only make strings.
    """
    node = schema.resolve(node)
    if isinstance(value, Mapping):
        members = node.get("properties", {})
        return {k: _coerced(v, members.get(k, {}), schema) for k, v in value.items()}
    if isinstance(value, list):
        items = node.get("items", {})
        return [_coerced(item, items if isinstance(items, dict) else {}, schema) for item in value]
    return _coerced_scalar(value, node.get("type"))


def _coerced_scalar(value: Any, kind: Any) -> Any:
    if kind == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if kind == "string" and isinstance(value, int | float):
        return str(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    if kind in ("integer", "number") and isinstance(value, str):
        return _number(value, kind)
    return value


def _number(text: str, kind: str) -> Any:
    """Read a number, leaving what is none for the validator to name."""
    try:
        return int(text) if kind == "integer" else float(text)
    except ValueError:
        return text
