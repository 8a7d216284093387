"""Calls of boto3 in Python code, held against botocore's models as far as the text says.

A client is an expression that the text makes one: `boto3.client("s3")`, a name or attribute that
was assigned one or annotated with boto3-stubs' type of one (`SageMakerClient`), or a call of a
function that returns one. What is computed is left to the run.
"""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from botocore import xform_name

from gate import lifecycle
from gate.finding import Fault, Finding, Place, Severity
from gate.requests import Reading, faults_of, service_model
from gate.sdk import botocore_name

RULE = "boto3-call"
CLOSED_RULE = "closed-client"
SOURCE = "botocore's service models: required, types, limits, patterns, values"
_HOLE = object()
"""What stands for a value that is computed."""

_OF_EVERY_CLIENT = frozenset(
    {"get_paginator", "get_waiter", "can_paginate", "close", "generate_presigned_url"}
    | {"generate_presigned_post", "upload_file", "upload_fileobj", "download_file"}
    | {"download_fileobj", "copy", "meta", "exceptions", "waiter_names"}
)


def calls_faults(paths: Sequence[Path]) -> Iterator[Finding]:
    """Every call in these files and folders that AWS would refuse."""
    trees = {file: _tree(file) for path in paths for file in _files(path)}
    makers = _makers(tree for tree in trees.values() if tree is not None)
    for file, tree in trees.items():
        if tree is None:
            continue
        calls = _Calls(tree, makers)
        for call, wrong, allowed in calls.faults():
            place = Place(file=str(file), line=call.lineno)
            fault = Fault(place=place, wrong=wrong, got=ast.unparse(call)[:120], allowed=allowed)
            yield Finding(
                tool="tidegate", rule=RULE, severity=Severity.ERROR, fault=fault, source=SOURCE
            )
        for call, service in calls.closed():
            yield _closed(Place(file=str(file), line=call.lineno), call, service)


def _closed(place: Place, call: ast.Call, service: lifecycle.Service) -> Finding:
    """A client that a new account has no use for; an old account may have it, so it is told."""
    ended = service.standing is lifecycle.Standing.ENDED
    fault = Fault(
        place=place,
        wrong=f"{service.name}: {service.told}",
        got=ast.unparse(call)[:120],
        advice=f"take {service.instead}",
    )
    return Finding(
        tool="tidegate",
        rule=CLOSED_RULE,
        severity=Severity.ERROR if ended else Severity.NOTE,
        fault=fault,
        source=service.source,
    )


def _files(path: Path) -> Iterator[Path]:
    yield from sorted(path.rglob("*.py")) if path.is_dir() else [path]


def _tree(file: Path) -> ast.Module | None:
    try:
        return ast.parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, SyntaxError, UnicodeDecodeError):
        # Whoever runs it is told; what is no Python has no calls.
        return None


def _annotated(annotation: ast.expr | None) -> str | None:
    """The service whose client an annotation names."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        name = annotation.value.rpartition(".")[2]
    elif isinstance(annotation, ast.Name):
        name = annotation.id
    elif isinstance(annotation, ast.Attribute):
        name = annotation.attr
    else:
        return None
    return _of_stub(name) if name.endswith("Client") else None


@cache
def _of_stub(name: str) -> str | None:
    """The service of a type of boto3-stubs, such as SageMakerClient."""
    service = botocore_name(name.removesuffix("Client").lower())
    return service if service_model(service) is not None else None


def _makers(trees: Iterator[ast.Module]) -> Mapping[str, str]:
    """Functions that return a client, by name."""
    found = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                service = _annotated(node.returns)
                if service is not None:
                    found[node.name] = service
    return found


class _Calls:
    """The calls of clients in one module."""

    def __init__(self, tree: ast.Module, makers: Mapping[str, str]) -> None:
        self._tree = tree
        self._makers = makers
        self._names: dict[str, str | None] = {}
        for node in ast.walk(tree):
            self._learn(node)

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.arg):
            self._remember(node.arg, _annotated(node.annotation))
        elif isinstance(node, ast.AnnAssign):
            value = self._made(node.value) if node.value is not None else None
            annotated = _annotated(node.annotation)
            self._remember(_name(node.target), value if annotated is None else annotated)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                self._remember(_name(target), self._made(node.value))

    def _remember(self, name: str, service: str | None) -> None:
        """A name that is two services' in one module is nobody's."""
        if name and service is not None:
            known = self._names.get(name, service)
            self._names[name] = service if known == service else None

    def _made(self, value: ast.expr | None) -> str | None:
        """The service whose client an expression makes."""
        if not isinstance(value, ast.Call):
            return None
        made = value.func.attr if isinstance(value.func, ast.Attribute) else ""
        first = value.args[0] if value.args else None
        if made == "client" and isinstance(first, ast.Constant) and isinstance(first.value, str):
            return first.value if service_model(first.value) is not None else None
        return self._makers.get(_name(value.func).rpartition(".")[2])

    def _service(self, value: ast.expr) -> str | None:
        return self._made(value) if isinstance(value, ast.Call) else self._names.get(_name(value))

    def closed(self) -> Iterator[tuple[ast.Call, lifecycle.Service]]:
        """Each client of a service that is not open to new accounts, where it is made."""
        for node in ast.walk(self._tree):
            made = self._made(node) if isinstance(node, ast.Call) else None
            service = None if made is None else lifecycle.closed_client(made)
            if isinstance(node, ast.Call) and service is not None:
                yield node, service

    def faults(self) -> Iterator[tuple[ast.Call, str, str]]:
        """Each bad call: the call, what is wrong, what is allowed."""
        for node in ast.walk(self._tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                service = self._service(node.func.value)
                if service is not None:
                    for wrong, allowed in _call_faults(service, node.func.attr, node):
                        yield node, wrong, allowed


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


@cache
def _operations(service: str) -> Mapping[str, str]:
    model = service_model(service)
    return {} if model is None else {xform_name(name): name for name in model.operation_names}


def _call_faults(service: str, method: str, call: ast.Call) -> Iterator[tuple[str, str]]:
    if method in _OF_EVERY_CLIENT:
        return
    operation = _operations(service).get(method)
    if operation is None:
        yield f"{service} has no operation {method}", "an operation of the service"
        return
    model = service_model(service)
    shape = None if model is None else model.operation_model(operation).input_shape
    open_ended = any(keyword.arg is None for keyword in call.keywords)
    given = {keyword.arg: _value(keyword.value) for keyword in call.keywords if keyword.arg}
    if shape is None:
        return
    for bad in faults_of(
        shape, given, operation, Reading(filled=lambda _shape, value: value is _HOLE)
    ):
        if not (open_ended and bad.where == operation and bad.wrong.endswith("is missing")):
            yield str(bad), bad.allowed


def _value(node: ast.expr) -> Any:
    """A value as far as it is written out."""
    if isinstance(node, ast.Constant):
        return _HOLE if node.value is None else node.value
    if isinstance(node, ast.List | ast.Tuple):
        starred = any(isinstance(item, ast.Starred) for item in node.elts)
        return _HOLE if starred else [_value(item) for item in node.elts]
    if isinstance(node, ast.Dict):
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        if not all(isinstance(key, str) for key in keys):
            return _HOLE
        return dict(zip(keys, map(_value, node.values), strict=True))
    return _HOLE
