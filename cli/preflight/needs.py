"""What a synthesized stage needs of its account, read from its templates."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gate.read import read
from gate.rules.deployments import ENDPOINT, config_of
from gate.template import Assembly, Template, below, items, mappings, text_of

_CONNECTION = re.compile(r"arn:aws[a-z-]*:(?:codeconnections|codestar-connections):[^\"\s]+")
_PACKAGE = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package/[^\"\s]+")
_ALGORITHM = re.compile(r"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:algorithm/[A-Za-z0-9-]+")
_TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]+")
_CERTIFICATE = re.compile(r"arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate/[a-z0-9-]+")
_OWN_IMAGE = re.compile(r"^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+/([^:@]+)[:@](.+)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A hosted zone that records are written to, and names that certificates prove in it."""

    id: str
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything that must be there before the stage is deployed.

    `instances` are those that run while a release replaces all of them, by type.
    """

    assembly: Assembly
    account: str | None
    bootstrap_version: int
    instances: Mapping[str, int]
    functions: int
    zones: tuple[Zone, ...]
    certificates: tuple[str, ...]
    connections: tuple[str, ...]
    pending_connections: tuple[str, ...]
    topics: tuple[str, ...]
    packages: tuple[str, ...]
    algorithms: tuple[str, ...]
    images: tuple[str, ...]


def needs_of(folder: Path, *, regions: tuple[str, ...]) -> Needs:
    """The needs of a cloud assembly."""
    assembly = read([folder], regions=regions)
    templates = assembly.templates
    made = [r.id for r in assembly.of("AWS::CodeConnections::Connection")]
    return Needs(
        assembly=assembly,
        account=next((t.account for t in templates if t.account is not None), None),
        bootstrap_version=_bootstrap(folder),
        instances=_instances(assembly),
        functions=sum(1 for _ in assembly.of("AWS::Lambda::Function")),
        zones=tuple(_zones(assembly)),
        certificates=_named(_CERTIFICATE, templates),
        connections=_named(_CONNECTION, templates),
        pending_connections=tuple(made),
        topics=_named(_TOPIC, templates),
        packages=_named(_PACKAGE, templates),
        algorithms=_named(_ALGORITHM, templates),
        images=tuple(sorted(set(_images(assembly)))),
    )


def _bootstrap(folder: Path) -> int:
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    versions = [
        below(artifact, "properties", "requiresBootstrapStackVersion")
        for artifact in manifest["artifacts"].values()
    ]
    return max((version for version in versions if isinstance(version, int)), default=0)


def _instances(assembly: Assembly) -> Mapping[str, int]:
    """Most instances at once: where SageMaker releases, the new fleet stands beside the old."""
    counts: Counter[str] = Counter()
    for endpoint in assembly.of(ENDPOINT):
        config = config_of(endpoint)
        fleets = 2 if endpoint.at("DeploymentConfig", "BlueGreenUpdatePolicy") is not None else 1
        for name in ("ProductionVariants", "ShadowProductionVariants"):
            for variant in mappings(None if config is None else config.at(name)):
                count = variant.get("InitialInstanceCount")
                if isinstance(count, int):
                    most = max(count, _scaled(endpoint.template, variant))
                    counts[str(variant["InstanceType"])] += fleets * most
    return dict(sorted(counts.items()))


def _scaled(template: Template, variant: Mapping[str, Any]) -> int:
    """What autoscaling may raise a variant to; 0 where it has none."""
    most = [
        target.at("MaxCapacity")
        for target in template.of("AWS::ApplicationAutoScaling::ScalableTarget")
        if (text_of(target.at("ResourceId")) or "").endswith(f"/variant/{variant['VariantName']}")
    ]
    return max((count for count in most if isinstance(count, int)), default=0)


def _zones(assembly: Assembly) -> Iterator[Zone]:
    names: dict[str, set[str]] = {}
    for record in assembly.of("AWS::Route53::RecordSet"):
        zone = record.at("HostedZoneId")
        if isinstance(zone, str):
            names.setdefault(zone, set())
    for certificate in assembly.of("AWS::CertificateManager::Certificate"):
        for option in mappings(certificate.at("DomainValidationOptions")):
            if isinstance(option.get("HostedZoneId"), str):
                names.setdefault(option["HostedZoneId"], set()).add(str(option["DomainName"]))
    for zone, proved in sorted(names.items()):
        yield Zone(id=zone, names=tuple(sorted(proved)))


def _named(pattern: re.Pattern[str], templates: tuple[Template, ...]) -> tuple[str, ...]:
    found = {match for template in templates for match in pattern.findall(template.text)}
    return tuple(sorted(found))


def _images(assembly: Assembly) -> Iterator[str]:
    for model in assembly.of("AWS::SageMaker::Model"):
        containers = [model.at("PrimaryContainer"), *items(model.at("Containers"))]
        for container in mappings(containers):
            text = text_of(container.get("Image"))
            if text is not None and _OWN_IMAGE.match(text):
                yield text
    for launch in assembly.of("AWS::EC2::LaunchTemplate"):
        filled = items(launch.at("LaunchTemplateData", "UserData", "Fn::Base64", "Fn::Sub"))
        words = str(filled[0]).split() if filled else []
        yield from (word for word in words if _OWN_IMAGE.match(word))


def image_parts(image: str) -> tuple[str, str, str, str] | None:
    """Account, region, repository, and tag or digest of an image in ECR; None for another one."""
    match = _OWN_IMAGE.match(image)
    if match is None:
        return None
    account, region, repository, version = match.groups()
    return account, region, repository, version
