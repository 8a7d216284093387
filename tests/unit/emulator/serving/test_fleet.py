"""Fleets: becoming healthy or saying why not, resizing, draining, leaving nothing behind."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from emulator import processes
from emulator.sagemaker.ports import FleetSpec, FleetUnhealthyError, ModelSpec
from emulator.sagemaker.serving.interface import UnknownImageError

ENTRY_POINT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
PING_FAILED = (
    "The primary container for production variant blue did not pass the ping health check. "
    "Please check CloudWatch logs for this endpoint."
)


def test_the_environment_is_the_models_and_nothing_of_ours(
    serving: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container sees its own variables, none of the server's."""
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "x")
    source = """
        import json, os
        def model_fn(model_dir): return dict(os.environ)
        def input_fn(body, content_type): return None
        def predict_fn(data, model): return model
        def output_fn(prediction, accept): return json.dumps(prediction), accept
    """

    async def story() -> dict[str, str]:
        environment = {**ENTRY_POINT, "VERSION": "7"}
        serving.publish(("blue", 1, await serving.healthy(source=source, environment=environment)))
        return dict(json.loads((await serving.invoke()).body))

    seen = serving.run(story())
    model_dir = seen.pop("SM_MODEL_DIR")
    assert Path(model_dir).name == "model"
    assert sorted(seen) == [
        "AWS_DEFAULT_REGION",
        "AWS_REGION",
        "HOME",
        "LANG",
        "PATH",
        "SAGEMAKER_BIND_TO_PORT",
        "SAGEMAKER_PROGRAM",
        "SAGEMAKER_SUBMIT_DIRECTORY",
        "VERSION",
    ]


def test_what_a_container_prints_is_logged_by_instance(serving: Any) -> None:
    """Lines go to the endpoint's group, one stream an instance."""

    async def story() -> None:
        await serving.healthy(instances=2)
        await serving.until(lambda: serving.log_text().count("loaded from") == 2)

    serving.run(story())
    assert {lines.group for lines in serving.logs} == {"/aws/sagemaker/Endpoints/reviews"}
    streams = {lines.stream for lines in serving.logs}
    assert len(streams) == 2
    assert all(stream.startswith("blue/i-") for stream in streams)


@pytest.mark.parametrize("missing", sorted(ENTRY_POINT))
def test_without_its_entry_point_code_is_ignored(serving: Any, missing: str) -> None:
    """An artifact with code/ but without the variables is never healthy; the log says why."""
    environment = {name: value for name, value in ENTRY_POINT.items() if name != missing}

    async def story() -> None:
        fleet = await serving.fleet(environment=environment)
        with pytest.raises(FleetUnhealthyError, match="did not pass the ping health check"):
            await fleet.wait_healthy()

    serving.run(story())
    assert f"{missing} is not set, so code/ is ignored" in serving.log_text()


def test_code_without_model_fn_fails_with_the_toolkits_sentence(serving: Any) -> None:
    """There is no default model_fn for scikit-learn."""

    async def story() -> str:
        fleet = await serving.fleet(source="def predict_fn(data, model): return data")
        with pytest.raises(FleetUnhealthyError) as failure:
            await fleet.wait_healthy()
        return str(failure.value)

    assert serving.run(story()) == PING_FAILED
    assert "Please provide a model_fn implementation." in serving.log_text()


def test_a_container_that_never_answers_fails_at_the_startup_timeout(serving: Any) -> None:
    """The whole timeout is granted to a model that loads, and no more."""

    async def story() -> float:
        source = "import time\ndef model_fn(model_dir): time.sleep(120)"
        fleet = await serving.fleet(source=source, startup_seconds=45)
        started = asyncio.get_running_loop().time()
        with pytest.raises(FleetUnhealthyError):
            await fleet.wait_healthy()
        return float(asyncio.get_running_loop().time() - started)

    expected_seconds = 45 / 30  # the plane's clock runs 30 times faster
    assert serving.run(story()) == pytest.approx(expected_seconds, abs=0.7)


def test_a_container_that_dies_at_start_is_given_up(serving: Any) -> None:
    """Three deaths in a row before the first ping fail the fleet."""

    async def story() -> str:
        fleet = await serving.fleet(source="import os\nos._exit(3)")
        with pytest.raises(FleetUnhealthyError) as failure:
            await fleet.wait_healthy()
        return str(failure.value)

    assert serving.run(story()) == PING_FAILED


def test_a_broken_archive_fails_with_awss_sentence(serving: Any, tmp_path: Path) -> None:
    """The reason names the URL."""
    broken = tmp_path / "model.tar.gz"
    broken.write_bytes(b"not a tar")
    model = ModelSpec(
        name="m",
        image="x/sagemaker-scikit-learn:1",
        model_data_path=broken,
        model_data_url="s3://bucket/key.tar.gz",
    )

    async def story() -> str:
        fleet = await serving.fleets.create(
            FleetSpec(endpoint="e", variant="blue", config="c", model=model, instance_count=1)
        )
        serving.opened.append(fleet)
        with pytest.raises(FleetUnhealthyError) as failure:
            await fleet.wait_healthy()
        return str(failure.value)

    assert serving.run(story()).startswith(
        'Failed to extract model data archive for container "primary" from URL '
        '"s3://bucket/key.tar.gz". Please ensure that the object located at the URL is a valid '
        "tar.gz archive."
    )


def test_an_unknown_image_is_refused(serving: Any) -> None:
    """The refusal names what can be run and what was asked for."""
    model = ModelSpec(
        name="m", image="1.dkr.ecr.us-east-1.amazonaws.com/mxnet-inference:1.9.0-cpu-py38"
    )
    spec = FleetSpec(endpoint="e", variant="blue", config="c", model=model, instance_count=1)
    with pytest.raises(UnknownImageError, match=r"runs pytorch, scikit-learn, .*got 1\.dkr"):
        serving.run(serving.fleets.create(spec))


def test_a_framework_that_is_not_installed_is_told_with_what_installs_it(serving: Any) -> None:
    """The endpoint's reason names the package, the target that installs it, and where it goes."""

    async def story() -> None:
        image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/tensorflow-inference:2.20.0-cpu"
        model = ModelSpec(name="m", image=image)
        spec = FleetSpec(endpoint="e", variant="blue", config="c", model=model, instance_count=1)
        fleet = await serving.fleets.create(spec)
        with pytest.raises(FleetUnhealthyError, match=r"\(tensorflow-cpu\): run 'make frameworks'"):
            await fleet.wait_healthy()

    serving.run(story())


def test_requests_are_spread_over_the_instances(serving: Any) -> None:
    """Idle instances take turns."""

    async def story() -> list[int]:
        serving.publish(("blue", 1, await serving.healthy(instances=2)))
        answers = [await serving.invoke() for _ in range(10)]
        pids = [json.loads(answer.body)["pid"] for answer in answers]
        return sorted(pids.count(pid) for pid in set(pids))

    assert serving.run(story()) == [5, 5]


def test_a_busy_instance_is_passed_over(serving: Any) -> None:
    """A request goes to the instance with the fewest under way."""

    async def story() -> set[int]:
        serving.publish(("blue", 1, await serving.healthy(instances=2)))
        slow = asyncio.create_task(serving.invoke({"seconds": 0.6}))
        await asyncio.sleep(0)
        quick = [json.loads((await serving.invoke()).body)["pid"] for _ in range(6)]
        return set(quick) & {json.loads((await slow).body)["pid"]}

    assert serving.run(story()) == set()


def test_resizing_up_and_down_loses_no_request(serving: Any) -> None:
    """While a fleet grows to three and shrinks to one, every request is answered."""

    async def story() -> tuple[set[int], list[int]]:
        fleet = await serving.healthy()
        serving.publish(("blue", 1, fleet))
        statuses, sizes = [], []
        done = asyncio.Event()

        async def client() -> None:
            while not done.is_set():
                statuses.append((await serving.invoke({"seconds": 0.01})).status)

        clients = [asyncio.create_task(client()) for _ in range(4)]
        for size in (3, 1, 2):
            await fleet.resize(size)
            sizes.append(fleet.instance_count)
        done.set()
        await asyncio.gather(*clients)
        assert len(statuses) >= len(clients)
        return set(statuses), sizes

    assert serving.run(story()) == ({200}, [3, 1, 2])


def test_closing_finishes_what_is_under_way_and_ends_every_process(serving: Any) -> None:
    """Requests that were sent before the drain are answered; no process is left."""

    async def story() -> tuple[set[int], tuple[int, ...]]:
        fleet = await serving.healthy(instances=2)
        serving.publish(("blue", 1, fleet))
        pids = fleet.instance_pids
        under_way = [asyncio.create_task(serving.invoke({"seconds": 0.3})) for _ in range(8)]
        await asyncio.sleep(0)
        await fleet.close(drain_seconds=5)
        await fleet.close(drain_seconds=5)
        return {(await task).status for task in under_way}, pids

    statuses, pids = serving.run(story())
    assert statuses == {200}
    assert not any(processes.is_running(pid) for pid in pids)


def test_a_drain_does_not_wait_longer_than_told(serving: Any) -> None:
    """A request that outlasts the drain is broken off with a model error."""

    async def story() -> int:
        fleet = await serving.healthy()
        serving.publish(("blue", 1, fleet))
        under_way = asyncio.create_task(serving.invoke({"seconds": 1.0}))
        await asyncio.sleep(0)
        await fleet.close(drain_seconds=0.1)
        return int((await under_way).status)

    assert serving.run(story()) == 424


def test_an_instances_files_are_deleted_with_it(serving: Any) -> None:
    """Nothing unpacked stays on disk."""

    def exists() -> bool:
        return Path(serving.log_text().partition("home ")[2].split()[0]).exists()

    async def story() -> tuple[bool, bool]:
        fleet = await serving.healthy(
            source="""
            import os
            def model_fn(model_dir): print("home", os.environ["HOME"])
        """
        )
        await serving.until(lambda: "home " in serving.log_text())
        before = exists()
        await fleet.close(drain_seconds=0)
        return before, exists()

    assert serving.run(story()) == (True, False)
