"""User data and units of instances: what is interpreted, and what is only written down."""

import base64

import pytest

from emulator.ec2.cloudconfig import CloudConfig, UserDataError, parsed
from emulator.ec2.units import service_of

UNIT = """[Service]
ExecStartPre=-/usr/bin/docker rm --force model
ExecStartPre=/usr/bin/aws s3 cp s3://bucket/a%%20b.tar.gz /var/m.tar.gz --region r
ExecStartPre=/usr/bin/tar -xzf /var/m.tar.gz -C /opt/ml/model
ExecStart=/usr/bin/docker run --rm --name=model -p 8080:80 --env-file /etc/env -e B=2 \
-v /opt/ml/model:/opt/ml/model:ro --log-opt awslogs-group=logs registry/image:1 serve
"""
FILES = {"/etc/env": "# a comment\nA=x=1\n"}


def encoded(text: str) -> str:
    """The text as user data."""
    return base64.b64encode(text.encode()).decode()


def test_a_unit_says_what_is_served():
    """The image, its environment, the port of the instance, and where the artifact is from."""
    service = service_of(UNIT, FILES)

    assert service.container is not None
    assert service.container.image == "registry/image:1"
    assert service.container.environment == {"A": "x=1", "B": "2"}
    assert (service.container.port, service.container.log_group) == (8080, "logs")
    assert service.container.artifact == "s3://bucket/a%20b.tar.gz"
    assert service.not_run == ("-/usr/bin/docker rm --force model",)


def test_an_artifact_that_is_not_mounted_is_not_the_models():
    """Only what is unpacked where the container looks counts."""
    service = service_of(UNIT.replace("-v /opt/ml/model:", "-v /srv:"), FILES)

    assert service.container is not None
    assert service.container.artifact is None


def test_a_cloud_config_names_the_units_that_are_started():
    """Others, packages and further commands are told."""
    config = parsed(
        encoded(
            "#cloud-config\n"
            "packages: [docker]\n"
            "write_files:\n"
            "  - {path: /etc/systemd/system/a.service, content: one}\n"
            "  - {path: /etc/systemd/system/b.service, content: two}\n"
            "runcmd:\n"
            "  - [systemctl, daemon-reload]\n"
            "  - [systemctl, enable, --now, a.service]\n"
            "  - echo hello\n"
        )
    )

    assert config.started_units == ("one",)
    assert config.not_run == ("install docker", "echo hello")


def test_a_script_is_told_and_not_run():
    """Nothing of it is interpreted."""
    config = parsed(encoded("#!/bin/sh\nrm -rf /\n"))

    assert config.started_units == ()
    assert config.not_run == ("#!/bin/sh (a script)",)


def test_no_user_data_is_an_empty_configuration():
    """An instance may do nothing."""
    assert parsed("") == CloudConfig()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("not base64!", "not base64"),
        (encoded("#cloud-config\n" + "a" * 20_000), "over 16384 bytes"),
        (encoded("#cloud-config\na: [b"), "not YAML"),
        (encoded("#cloud-config\n- a"), "no mapping"),
    ],
)
def test_user_data_that_nothing_could_begin_with_is_refused(data: str, words: str):
    """With the reason."""
    with pytest.raises(UserDataError, match=words):
        parsed(data)
