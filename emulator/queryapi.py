"""AWS's Query protocol by a service model: parameters in, XML out, both for any operation.

The model is botocore's, so nothing that it names is lost, and what it does not name is refused.
It is loaded by the first request (0.2 s), not when the server starts.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

_FIRST_INDEX = re.compile(r"(\d+)(?:\.|$)")

Refused = Callable[[str, str], Exception]
"""Makes the service's own error of a code and a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryApi:
    """One service's requests and answers; `service` is botocore's name of it."""

    service: str
    namespace: str
    refused: Refused

    def parsed(self, body: bytes) -> dict[str, Any]:
        """The request's members, typed by the model; the service's error if they break it."""
        parameters = dict(parse_qsl(body.decode(), keep_blank_values=True))
        operation = self._operation(parameters.pop("Action", ""))
        parameters.pop("Version", None)
        shape = operation.input_shape
        request: dict[str, Any] = {} if shape is None else self._read(shape, parameters, "")
        self.check(operation.name, request)
        return request

    def check(self, operation: str, request: Mapping[str, Any]) -> None:
        """The request has what the operation requires, in the right types, or it is refused."""
        from botocore.validate import ParamValidator  # noqa: PLC0415 - see above

        shape = self._operation(operation).input_shape
        report = ParamValidator().validate(dict(request), shape)
        if report.has_errors():
            raise self.refused("ValidationError", str(report.generate_report()))
        unknown = set(request) - set(shape.members)
        if unknown:
            listed = ", ".join(sorted(unknown))
            raise self.refused("ValidationError", f"{operation} has no members {listed}")

    def rendered(self, operation: str, result: Mapping[str, Any], request_id: str) -> bytes:
        """The answer's XML."""
        root = Element(f"{operation}Response", xmlns=self.namespace)
        inner = SubElement(root, f"{operation}Result")
        shape = self._operation(operation).output_shape
        if shape is not None:
            _write(inner, shape, result)
        metadata = SubElement(root, "ResponseMetadata")
        SubElement(metadata, "RequestId").text = request_id
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root)

    def rendered_error(self, code: str, message: str, *, sender: str = "Sender") -> bytes:
        """A refusal's XML."""
        root = Element("ErrorResponse", xmlns=self.namespace)
        error = SubElement(root, "Error")
        for name, value in (("Type", sender), ("Code", code), ("Message", message)):
            SubElement(error, name).text = value
        return tostring(root)

    def _operation(self, name: str) -> Any:
        model = _model(self.service)
        if name not in model.operation_names:
            raise self.refused("InvalidAction", f"Could not find operation {name or '(none)'}")
        return model.operation_model(name)

    def _read(self, shape: Any, parameters: Mapping[str, str], prefix: str) -> Any:
        if shape.type_name == "structure":
            members = {}
            for name, member in shape.members.items():
                at = f"{prefix}{name}"
                if any(key == at or key.startswith(f"{at}.") for key in parameters):
                    members[name] = self._read(member, parameters, f"{at}.")
            return members
        if shape.type_name == "list":
            at = f"{prefix}member."
            numbers = {
                int(found[1])
                for key in parameters
                if key.startswith(at) and (found := _FIRST_INDEX.match(key.removeprefix(at)))
            }
            return [
                self._read(shape.member, parameters, f"{at}{number}.") for number in sorted(numbers)
            ]
        return self._scalar(shape, parameters[prefix.removesuffix(".")], prefix)

    def _scalar(self, shape: Any, text: str, prefix: str) -> Any:
        match shape.type_name:
            case "integer" | "long":
                if not text.lstrip("-").isdigit():
                    at = prefix.removesuffix(".")
                    raise self.refused("ValidationError", f"{at} must be a number, got {text!r}")
                return int(text)
            case "boolean":
                return text == "true"
        return text


def operation_in(body: bytes) -> str:
    """The operation that a request names, "" if none."""
    return dict(parse_qsl(body.decode())).get("Action", "")


@lru_cache
def _model(service: str) -> Any:
    import botocore.session  # noqa: PLC0415 - see above

    return botocore.session.Session().get_service_model(service)


def _write(element: Element, shape: Any, value: Any) -> None:
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            if value.get(name) is not None:
                _write(SubElement(element, name), member, value[name])
    elif shape.type_name == "list":
        for entry in value:
            _write(SubElement(element, "member"), shape.member, entry)
    elif shape.type_name == "boolean":
        element.text = "true" if value else "false"
    else:
        element.text = str(value)
