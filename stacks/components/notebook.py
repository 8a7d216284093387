"""A notebook instance: its role, what runs when it starts, and the instance.

Sources: SageMaker developer guide, "Notebook instance security", "Customize a notebook instance
using an LCC script"; the role's statements say theirs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stacks.components import isolated_network as isolated
from stacks.components.arns import Arns, allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, att, ref
from stacks.notebooks import SCRIPTS
from stacks.project.names import notebook_name
from stacks.project.notebook_spec import NotebookSpec

KEY = "VolumeKey"
LOG_GROUP = "/aws/sagemaker/NotebookInstances"
_PLATFORM = "notebook-al2023-v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookProps:
    """A notebook of a stage: the endpoints by model that it may ask, and its files by name.

    `files` are S3 URIs of what it gets at its start.
    """

    project: str
    arns: Arns
    spec: NotebookSpec
    endpoints: Mapping[str, Sequence[str]]
    files: Mapping[str, str]

    @property
    def id(self) -> str:
        """What its logical ids begin with."""
        return "".join(part.capitalize() for part in self.spec.name.split("-"))

    @property
    def role_id(self) -> str:
        """The logical id of its role."""
        return f"{self.id}NotebookRole"

    @property
    def name(self) -> str:
        """The instance's name."""
        spec = self.spec
        fixed = json.dumps(
            [
                str(spec.internet),
                None if spec.subnet is None else [spec.subnet.id, *spec.subnet.security_groups],
                spec.volume_key,
            ]
        )
        return notebook_name(self.project, self.arns.stage.name, spec.name, fixed)

    @property
    def arn(self) -> Any:
        """The instance's ARN, in small letters as SageMaker writes it."""
        return self.arns.of("sagemaker", f"notebook-instance/{self.name.lower()}")


def add_notebook(blueprint: Blueprint, props: NotebookProps, *, after: Sequence[str]) -> None:
    """The instance is there, and runs."""
    spec = props.spec
    role = blueprint.add(
        props.role_id,
        "AWS::IAM::Role",
        {
            "Description": f"Works in notebook {spec.name} of {props.project}",
            "AssumeRolePolicyDocument": trust("sagemaker.amazonaws.com"),
            "Policies": [policy("Notebook", _statements(props))],
        },
    )
    start = blueprint.add(
        f"{props.id}Start",
        "AWS::SageMaker::NotebookInstanceLifecycleConfig",
        {"OnStart": [{"Content": {"Fn::Base64": sub(_script(props))}}]},
    )
    id_ = blueprint.add(
        f"{props.id}Notebook",
        "AWS::SageMaker::NotebookInstance",
        {
            "NotebookInstanceName": props.name,
            "InstanceType": spec.instance_type,
            "VolumeSizeInGB": spec.volume_gb,
            "RoleArn": att(role),
            "KmsKeyId": ref(KEY) if spec.volume_key is None else spec.volume_key,
            "RootAccess": "Disabled",
            "PlatformIdentifier": _PLATFORM,
            "InstanceMetadataServiceConfiguration": {"MinimumInstanceMetadataServiceVersion": "2"},
            "LifecycleConfigName": att(start, "NotebookInstanceLifecycleConfigName"),
            "DefaultCodeRepository": spec.repository,
            **_placed(spec),
        },
        after=after,
    )
    reason = "its name ends in a digest of what AWS cannot change of it"
    blueprint.resources[id_]["Metadata"] = {
        "tidegate": {
            "acknowledged": [{"rule": "fixed-name-replaced", "reason": reason}],
            # Nothing of AWS's own properties says so, and the costs depend on it.
            "stops_when_idle": spec.idle_seconds is not None,
        }
    }


def _placed(spec: NotebookSpec) -> dict[str, Any]:
    if spec.subnet is not None:
        own = {"SubnetId": spec.subnet.id, "SecurityGroupIds": list(spec.subnet.security_groups)}
        return {**own, "DirectInternetAccess": "Disabled"}
    if spec.isolated:
        made = [att(isolated.GROUP, "GroupId")]
        here = {"SubnetId": ref(isolated.SUBNET), "SecurityGroupIds": made}
        return {**here, "DirectInternetAccess": "Disabled"}
    return {"DirectInternetAccess": "Enabled"}


def _statements(props: NotebookProps) -> list[dict[str, Any]]:
    """To stop itself, to get its files, to ask its models, to write its log."""
    arns, endpoints = props.arns, [e for each in props.endpoints.values() for e in each]
    files = sorted({uri.removeprefix("s3://") for uri in props.files.values()})
    statements = [
        allow(["s3:GetObject"], [arns.s3(path) for path in files]),
        allow(["logs:CreateLogGroup"], [arns.of("logs", f"log-group:{LOG_GROUP}")]),
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [
                arns.of("logs", f"log-group:{LOG_GROUP}"),
                arns.of("logs", f"log-group:{LOG_GROUP}:log-stream:{props.name}/*"),
            ],
        ),
    ]
    if props.spec.idle_seconds is not None:
        statements.append(allow(["sagemaker:StopNotebookInstance"], [props.arn]))
    if endpoints:
        asked = [arns.of("sagemaker", f"endpoint/{endpoint.lower()}") for endpoint in endpoints]
        statements.append(allow(["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"], asked))
    return statements


def _script(props: NotebookProps) -> str:
    """What runs at each start, for `Fn::Sub`: only `${AWS::...}` is filled in."""
    stage, spec = props.arns.stage, props.spec
    config = {
        "region": stage.region,
        "models": {model: list(every) for model, every in sorted(props.endpoints.items())},
    }
    fetches = [
        f'fetch {uri} "${"tools" if name == SCRIPTS.idle_stop.name else "home"}/{name}"'
        for name, uri in sorted(props.files.items())
    ]
    text = SCRIPTS.on_start.read_text(encoding="utf-8")
    timer = SCRIPTS.idle_timer.read_text(encoding="utf-8")
    stops = "" if spec.idle_seconds is None else timer.replace("@SECONDS@", str(spec.idle_seconds))
    for mark, value in {
        "${": "${!",
        "@FETCHES@": "\n".join(fetches),
        "@CONFIG@": json.dumps(config, indent=1),
        "@IDLE_STOP@": stops.replace("${", "${!"),
    }.items():
        text = text.replace(mark, value)
    return text.rstrip() + "\n"
