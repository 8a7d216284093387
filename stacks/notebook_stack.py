"""The stack of a stage's notebook instances: what they share, and each of them.

A notebook bills while it runs and its volume always: `idle_stop` ends the former.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.assets import AssetShelf
from stacks.components.arns import Arns
from stacks.components.blueprint import Blueprint, data
from stacks.components.isolated_network import add_isolated_network
from stacks.components.notebook import KEY, NotebookProps, add_notebook
from stacks.hosting_stack import served_by
from stacks.notebooks import SCRIPTS
from stacks.project.names import notebooks_stack_name
from stacks.project.notebook_spec import NotebookSpec
from stacks.project.spec import ModelSpec, StageSpec
from tidegate.pointer import LivePointer

_PENDING_DAYS = 30
"""How long a key that is deleted can be called back (KMS, ScheduleKeyDeletion: 7 to 30)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebooksProps:
    """The notebooks of a stage, and the models that they may name."""

    project: str
    stage: StageSpec
    notebooks: Mapping[str, NotebookSpec]
    models: Mapping[str, ModelSpec]
    pointers: Mapping[str, LivePointer]
    shelf: AssetShelf


class NotebookStack(Stack):
    """Notebook instances, their network and their key."""

    def __init__(self, scope: Construct, *, props: NotebooksProps) -> None:
        stage = props.stage
        super().__init__(
            scope,
            notebooks_stack_name(props.project, stage.name),
            env=Environment(account=stage.account, region=stage.region),
            description=f"Notebooks of {props.project}, stage {stage.name}",
        )
        notebooks_blueprint(
            props, {name: self._files(props, spec) for name, spec in props.notebooks.items()}
        ).build(self)

    def _files(self, props: NotebooksProps, spec: NotebookSpec) -> dict[str, str]:
        """The URIs of what a notebook gets at its start, by name."""
        given = {"starter.ipynb": SCRIPTS.starter}
        if spec.idle_seconds is not None:
            given[SCRIPTS.idle_stop.name] = SCRIPTS.idle_stop
        if spec.sample is not None:
            given["sample.json"] = spec.sample
        published = {n: props.shelf.publish_file(self, file) for n, file in given.items()}
        return {name: f"s3://{bucket}/{key}" for name, (bucket, key) in published.items()}


def notebooks_blueprint(props: NotebooksProps, files: Mapping[str, Mapping[str, str]]) -> Blueprint:
    """What the stack holds; `files` are each notebook's."""
    blueprint, every = Blueprint(), props.notebooks.values()
    if any(spec.volume_key is None for spec in every):
        _add_key(blueprint, props.stage)
    there: tuple[str, ...] = ()
    if any(spec.isolated for spec in every):
        there = add_isolated_network(blueprint, who="Notebooks", region=props.stage.region)
    named: dict[str, str] = {}
    for spec in every:
        notebook = NotebookProps(
            project=props.project,
            arns=Arns(stage=props.stage),
            spec=spec,
            endpoints={name: _endpoints(props, name) for name in spec.models},
            files=files[spec.name],
        )
        add_notebook(blueprint, notebook, after=there if spec.isolated else ())
        named[spec.name] = notebook.name
    blueprint.tell("Notebooks", json.dumps(named, sort_keys=True))
    return blueprint


def _endpoints(props: NotebooksProps, model: str) -> list[str]:
    served = served_by(props.project, props.stage, props.models[model], props.pointers.get(model))
    return sorted(set(served.values()))


def _add_key(blueprint: Blueprint, stage: StageSpec) -> None:
    """A key of the stage's notebooks; IAM says who uses it (KMS guide, "Key policies")."""
    owner: Any = {"Fn::Sub": f"arn:{stage.partition}:iam::${{AWS::AccountId}}:root"}
    statement = {
        "Sid": "Administration",
        "Effect": "Allow",
        "Principal": {"AWS": owner},
        "Action": "kms:*",
        "Resource": "*",
    }
    blueprint.add(
        KEY,
        "AWS::KMS::Key",
        {
            "Description": f"Volumes of notebooks, stage {stage.name}",
            "EnableKeyRotation": True,
            "PendingWindowInDays": _PENDING_DAYS,
            "KeyPolicy": {"Version": "2012-10-17", "Statement": [statement]},
        },
        kept=data(stage.data_on_destroy),
    )
