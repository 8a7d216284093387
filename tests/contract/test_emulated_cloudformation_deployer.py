"""Our deployer takes a cloud assembly to the embedded cloud and back."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from emulator.deployer import (
    AssemblyError,
    NotLoopbackError,
    StackChange,
    StackEvent,
    StackFailedError,
    deploy,
    destroy,
)
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks

VERSION = "/cdk-bootstrap/hnb659fds/version"
BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
WORKER = "def handle(event, context):\n    return 'packed'\n"


def _write(path: Path, document: dict[str, Any]) -> None:
    path.write_text(json.dumps(document), encoding="utf-8")


def _file(path: str, key: str, packaging: str = "file") -> dict[str, Any]:
    destination = {"bucketName": BUCKET, "objectKey": key}
    return {
        "source": {"path": path, "packaging": packaging},
        "destinations": {"here": destination},
    }


def _stack(
    directory: Path, name: str, template: dict[str, Any], *, after: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Write the files of one stack; return its artifacts."""
    _write(directory / f"{name}.template.json", template)
    files = {
        "template": _file(f"{name}.template.json", f"{name}.json"),
        "code": _file("code", "code.zip", "zip"),
    }
    _write(directory / f"{name}.assets.json", {"version": "1", "files": files, "dockerImages": {}})
    return {
        f"{name}.assets": {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        },
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": f"{name}.template.json",
                "bootstrapStackVersionSsmParameter": VERSION,
                "tags": {"owner": "test"},
            },
            "dependencies": [f"{name}.assets", *after],
        },
    }


def _parameter(name: str, value: Any) -> dict[str, Any]:
    return {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": name, "Value": value},
    }


def _assembly(directory: Path, value: str = "1") -> Path:
    """A base stack, and one that imports from it: listed in the wrong order."""
    directory.mkdir(exist_ok=True)
    (directory / "code").mkdir(exist_ok=True)
    (directory / "code" / "index.py").write_text(WORKER, encoding="utf-8")
    base = {
        "Resources": {"P": _parameter("/base", value)},
        "Outputs": {"Name": {"Value": {"Ref": "P"}, "Export": {"Name": "base-name"}}},
    }
    top = {"Resources": {"P": _parameter("/top", {"Fn::ImportValue": "base-name"})}}
    artifacts = {
        **_stack(directory, "Top", top, after=("Base",)),
        **_stack(directory, "Base", base),
    }
    _write(directory / "manifest.json", {"version": "1", "artifacts": artifacts})
    return directory


@pytest.fixture(scope="module")
def one_cloud() -> Iterator[EmbeddedCloud]:
    """A cloud for all tests of this file."""
    with EmbeddedCloud.start() as started:
        yield started


@pytest.fixture
def cloud(one_cloud: EmbeddedCloud) -> Iterator[EmbeddedCloud]:
    """A cloud without a stack of these tests and without assets."""
    yield one_cloud
    for name in ("Top", "Base"):
        remove_stacks(one_cloud, name)
    buckets = one_cloud.session().resource("s3").buckets
    for bucket in buckets.all():
        bucket.objects.delete()


def test_stacks_come_in_dependency_order_with_their_assets(
    cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    """Assets are in the bootstrap bucket and each stack follows those it depends on."""
    result = deploy(cloud.session(), _assembly(tmp_path))
    assert [(s.name, s.change) for s in result.stacks] == [
        ("Base", StackChange.CREATED),
        ("Top", StackChange.CREATED),
    ]
    assert result.outputs("Base") == {"Name": "/base"}
    bucket = f"cdk-hnb659fds-assets-{cloud.account}-{cloud.region}"
    listed = cloud.session().client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert {o["Key"] for o in listed} == {"Base.json", "Top.json", "code.zip"}


def test_what_is_unchanged_is_left_alone(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """A second deployment sends no asset and updates only what changed."""
    deploy(cloud.session(), _assembly(tmp_path))
    again = deploy(cloud.session(), _assembly(tmp_path))
    assert {s.change for s in again.stacks} == {StackChange.UNCHANGED}
    assert again.assets_sent == 0
    changed = deploy(cloud.session(), _assembly(tmp_path, value="2"))
    assert [s.change for s in changed.stacks] == [StackChange.UPDATED, StackChange.UNCHANGED]


def test_a_named_stack_brings_what_it_depends_on(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """Selecting one stack deploys its dependencies and nothing else."""
    only = deploy(cloud.session(), _assembly(tmp_path), stacks=["Base"])
    assert [s.name for s in only.stacks] == ["Base"]
    both = deploy(cloud.session(), _assembly(tmp_path), stacks=["Top"])
    assert [s.name for s in both.stacks] == ["Base", "Top"]


def test_an_unknown_stack_is_refused(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """A name that fits no stack is an error that lists those there are."""
    with pytest.raises(AssemblyError, match="got Nope: allowed are Base, Top"):
        deploy(cloud.session(), _assembly(tmp_path), stacks=["Nope"])


def test_progress_is_told_event_by_event(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """The callback gets each stack event once, in order."""
    told: list[StackEvent] = []
    deploy(cloud.session(), _assembly(tmp_path), stacks=["Base"], on_event=told.append)
    assert [(e.logical_id, e.status) for e in told if e.stack_name == "Base"] == [
        ("Base", "CREATE_IN_PROGRESS"),
        ("P", "CREATE_IN_PROGRESS"),
        ("P", "CREATE_COMPLETE"),
        ("Base", "CREATE_COMPLETE"),
    ]


def test_a_failure_names_the_resource_and_its_reason(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """A failed stack raises with the failing resource, and can be deployed again."""
    directory = _assembly(tmp_path)
    broken = {"Resources": {"Bad": {"Type": "AWS::CodeGuruProfiler::ProfilingGroup"}}}
    _write(directory / "Base.template.json", broken)
    with pytest.raises(StackFailedError) as failed:
        deploy(cloud.session(), directory)
    (failure,) = failed.value.failures
    assert (failed.value.stack_name, failed.value.status) == ("Base", "ROLLBACK_COMPLETE")
    assert failure.logical_id == "Bad"
    assert "required key [ProfilingGroupName] not found" in failure.reason
    assert len(deploy(cloud.session(), _assembly(tmp_path)).stacks) == 2


def test_destroy_goes_backwards_and_counts_what_there_was(
    cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    """Stacks go before those they depend on; a second time there is nothing to do."""
    directory = _assembly(tmp_path)
    deploy(cloud.session(), directory)
    assert destroy(cloud.session(), directory) == ("Top", "Base")
    assert destroy(cloud.session(), directory) == ()


def test_a_template_too_long_to_send_goes_by_the_bucket(
    cloud: EmbeddedCloud, tmp_path: Path
) -> None:
    """A template beyond 51,200 bytes is deployed from its asset."""
    directory = _assembly(tmp_path)
    resources = {f"P{n}": _parameter(f"/long/{n}", "x" * 400) for n in range(150)}
    _write(directory / "Base.template.json", {"Resources": resources})
    result = deploy(cloud.session(), directory, stacks=["Base"])
    assert result.stacks[0].change is StackChange.CREATED


def test_another_account_than_the_cloud_is_refused(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """A stack for a concrete other environment is not deployed."""
    directory = _assembly(tmp_path)
    manifest = json.loads((directory / "manifest.json").read_text())
    manifest["artifacts"]["Base"]["environment"] = "aws://123456789012/eu-west-1"
    _write(directory / "manifest.json", manifest)
    with pytest.raises(AssemblyError, match="stack Base is for account 123456789012 in eu-west-1"):
        deploy(cloud.session(), directory)


def test_an_endpoint_elsewhere_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    """A session that points at AWS gets no request out of the deployer."""
    session = boto3.Session(
        aws_access_key_id="none", aws_secret_access_key="none", region_name="us-east-1"
    )
    with pytest.raises(NotLoopbackError, match="embedded clouds only"):
        deploy(session, _assembly(tmp_path))
