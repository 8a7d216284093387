"""Seam: what instances are launched from, in ministack's stores."""

import uuid

from emulator.seams import instances, tenancy

ACCOUNT, REGION = "000000000000", "us-east-1"


def test_versions_of_launch_templates_are_found() -> None:
    """By id or name; the default, the latest, and one by its number."""
    from ministack.services import ec2  # noqa: PLC0415 - a service is loaded when first used

    id_, name = f"lt-{uuid.uuid4().hex[:17]}", uuid.uuid4().hex
    with tenancy.acting_for(ACCOUNT, REGION):
        ec2._launch_templates[id_] = {
            "LaunchTemplateId": id_,
            "LaunchTemplateName": name,
            "DefaultVersionNumber": 1,
            "LatestVersionNumber": 2,
            "Versions": [
                {"VersionNumber": 1, "LaunchTemplateData": {"InstanceType": "a"}},
                {"VersionNumber": 2, "LaunchTemplateData": {"InstanceType": "b"}},
            ],
        }
        kinds = {}
        for version in ("$Default", "$Latest", "1", "2"):
            found = instances.launch_data({"LaunchTemplateId": id_, "Version": version})
            assert found is not None
            kinds[version] = (found.version, found.data["InstanceType"])
        assert kinds == {
            "$Default": ("1", "a"),
            "$Latest": ("2", "b"),
            "1": ("1", "a"),
            "2": ("2", "b"),
        }
        named = instances.launch_data({"LaunchTemplateName": name})
        assert named is not None
        assert named.template_id == id_
        assert instances.launch_data({"LaunchTemplateId": id_, "Version": "3"}) is None
        assert instances.launch_data({"LaunchTemplateId": "lt-none"}) is None


def test_the_role_of_a_profile_is_found() -> None:
    """By the profile's name; none of one that is not there."""
    from ministack.services import iam  # noqa: PLC0415 - a service is loaded when first used

    name = uuid.uuid4().hex
    with tenancy.acting_for(ACCOUNT, REGION):
        iam._roles[name] = {"Arn": f"arn:aws:iam::{ACCOUNT}:role/{name}"}
        iam._instance_profiles[name] = {"Arn": f"arn:{name}", "Roles": [name]}
        assert instances.role_in({"Name": name}) == f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert instances.role_in({"Arn": f"arn:{name}"}) == f"arn:aws:iam::{ACCOUNT}:role/{name}"
        assert instances.role_in({"Name": "none"}) is None


def test_public_images_have_made_up_ids_that_stay() -> None:
    """Of Amazon Linux and Deep Learning AMIs; other parameters are none."""
    from ministack.services import ssm  # noqa: PLC0415 - a service is loaded when first used

    instances.know_public_images()
    deep = "/aws/service/deeplearning/ami/x86_64/base/latest/ami-id"
    with tenancy.acting_for(ACCOUNT, REGION):
        found = ssm.resolve_parameter_value(deep)
        assert found == ssm.resolve_parameter_value(deep)
        assert str(found).startswith("ami-")
        assert ssm.resolve_parameter_value("/aws/service/other") is None
