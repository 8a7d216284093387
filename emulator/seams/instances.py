"""What instances are launched from, as ministack keeps it: launch templates, profiles, images.

Seams: `ec2._launch_templates`, `iam._lookup_instance_profile`, `ssm._PUBLIC_AMI_PARAMETERS`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PUBLIC = ("/aws/service/deeplearning/ami/", "/aws/service/ami-amazon-linux-latest/")


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchData:
    """One version of a launch template."""

    template_id: str
    template_name: str
    version: str
    data: Mapping[str, Any]
    tags: Mapping[str, str] = field(default_factory=dict)
    """The template's own, of all its versions."""


def launch_data(spec: Mapping[str, Any]) -> LaunchData | None:
    """The version that a LaunchTemplateSpecification means now; None if there is none."""
    from ministack.services import ec2  # noqa: PLC0415 - a service is loaded when first used

    wanted = spec.get("LaunchTemplateId")
    named = spec.get("LaunchTemplateName")
    for template in ec2._launch_templates.values():
        if template["LaunchTemplateId"] == wanted or template["LaunchTemplateName"] == named:
            return _version(template, str(spec.get("Version", "$Default")))
    return None


def _version(template: Mapping[str, Any], version: str) -> LaunchData | None:
    moving = {"$Default": "DefaultVersionNumber", "$Latest": "LatestVersionNumber"}
    number = str(template[moving[version]]) if version in moving else version
    for known in template["Versions"]:
        if str(known["VersionNumber"]) == number:
            return LaunchData(
                template_id=template["LaunchTemplateId"],
                template_name=template["LaunchTemplateName"],
                version=number,
                data=known["LaunchTemplateData"],
                tags={tag["Key"]: tag["Value"] for tag in template.get("Tags", ())},
            )
    return None


def role_in(profile: Mapping[str, Any]) -> str | None:
    """The ARN of the role in an instance profile (Arn or Name); None if there is none."""
    from ministack.services import iam  # noqa: PLC0415 - a service is loaded when first used

    found = iam._lookup_instance_profile(
        name=str(profile.get("Name", "")), arn=str(profile.get("Arn", ""))
    )
    if found is None or not found.get("Roles"):
        return None
    role = iam._roles.get(found["Roles"][0])
    return None if role is None else str(role["Arn"])


class _PublicImages(dict[str, str]):
    """Public parameters of images: each has an id, which is made up and always the same."""

    def get(self, name: str, default: Any = None) -> Any:
        """The id of a public image by its parameter's name."""
        if name.startswith(_PUBLIC) and name not in self:
            return f"ami-{hashlib.sha256(name.encode()).hexdigest()[:17]}"
        return super().get(name, default)


def know_public_images() -> None:
    """`{{resolve:ssm:/aws/service/...}}` of public images gives made-up ids, as none is real."""
    from ministack.services import ssm  # noqa: PLC0415 - a service is loaded when first used

    if not isinstance(ssm._PUBLIC_AMI_PARAMETERS, _PublicImages):
        ssm._PUBLIC_AMI_PARAMETERS = _PublicImages(ssm._PUBLIC_AMI_PARAMETERS)
