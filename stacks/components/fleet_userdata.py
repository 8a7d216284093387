"""What an instance of a fleet does when it starts: a cloud-config with one systemd unit.

Declarative: one unit that fetches the artifact and keeps the model's container running, by the
container contract of SageMaker's hosting (developer guide, "Use your own inference code with
hosting services"), so that what runs on an endpoint runs here. The container gets no credentials:
the metadata service answers the instance only (hop limit 1).
"""

from dataclasses import dataclass
from typing import Any

from stacks.components.arns import sub
from stacks.project.spec import Ec2Spec
from tidegate.version import Version

UNIT, VARIABLES = "/etc/systemd/system/model.service", "/etc/tidegate/model.env"
_ARCHIVE, _MODEL = "/var/lib/tidegate/model.tar.gz", "/opt/ml/model"


@dataclass(frozen=True, slots=True, kw_only=True)
class Serves:
    """What the instances of a slot serve, on what, at which port, and where the log goes."""

    version: Version
    hosting: Ec2Spec
    region: str
    port: int
    log_group: Any


def user_data(serves: Serves) -> dict[str, Any]:
    """The user data, whose artifact and log group CloudFormation fills in."""
    filled = {"Artifact": sub(serves.version.artifact_uri), "LogGroup": serves.log_group}
    return {"Fn::Base64": {"Fn::Sub": [_cloud_config(serves), filled]}}


def _cloud_config(serves: Serves) -> str:
    packages = [] if serves.hosting.image.docker else ["packages: [docker]"]
    lines = [
        "#cloud-config",
        *packages,
        "write_files:",
        *_file(VARIABLES, _literal(_variables(serves))),
        *_file(UNIT, _unit(serves)),
        "runcmd:",
        "  - [systemctl, daemon-reload]",
        "  - [systemctl, enable, --now, docker]",
        "  - [systemctl, enable, --now, model.service]",
    ]
    return "\n".join(lines) + "\n"


def _file(path: str, text: str) -> list[str]:
    indented = [f"      {line}".rstrip() for line in text.splitlines()]
    return [f"  - path: {path}", "    permissions: '0600'", "    content: |2", *indented]


def _literal(text: str) -> str:
    """The text as Fn::Sub leaves it alone."""
    return text.replace("${", "${!")


def _variables(serves: Serves) -> str:
    """What SageMaker's hosting would set, too."""
    region = {"AWS_REGION": serves.region, "AWS_DEFAULT_REGION": serves.region}
    every = {**region, **serves.version.environment}
    return "\n".join(f"{name}={value}" for name, value in sorted(every.items()))


def _unit(serves: Serves) -> str:
    image, region = serves.version.image, serves.region
    registry = image.partition("/")[0]
    login = (
        f"/usr/bin/aws ecr get-login-password --region {region} | "
        f"/usr/bin/docker login --username AWS --password-stdin {registry}"
    )
    fetch = f"/usr/bin/aws s3 cp ${{Artifact}} {_ARCHIVE} --region {region} --only-show-errors"
    gpus = " --gpus=all" if serves.hosting.image.gpu else ""
    run = (
        f"/usr/bin/docker run --rm --name=model{gpus} --publish={serves.port}:8080 "
        f"--env-file={VARIABLES} --volume={_MODEL}:{_MODEL}:ro --log-driver=awslogs "
        f"--log-opt=awslogs-region={region} --log-opt=awslogs-group=${{LogGroup}} {image} serve"
    )
    return "\n".join(
        (
            "[Unit]",
            "Description=Serves the model by SageMaker's container contract",
            "Requires=docker.service",
            "After=docker.service network-online.target",
            "",
            "[Service]",
            "ExecStartPre=-/usr/bin/docker rm --force model",
            f"ExecStartPre=/usr/bin/mkdir -p {_MODEL} {_ARCHIVE.rpartition('/')[0]}",
            f"ExecStartPre={fetch}",
            f"ExecStartPre=/usr/bin/tar -xzf {_ARCHIVE} -C {_MODEL}",
            f"ExecStartPre=/bin/sh -c '{login}'",
            f"ExecStartPre=/usr/bin/docker pull --quiet {image}",
            f"ExecStart={run}",
            "ExecStop=/usr/bin/docker stop model",
            "TimeoutStartSec=infinity",
            "Restart=always",
            "RestartSec=5",
            "",
            "[Install]",
            "WantedBy=multi-user.target",
        )
    )
