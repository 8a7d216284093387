"""Multi-model endpoints: models are loaded when they are asked for, and unloaded for others."""

import asyncio
import json
import os
import signal
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from emulator.sagemaker.ports import FleetUnhealthyError, TargetMissingError
from emulator.sagemaker.serving.containers import Container
from emulator.sagemaker.serving.interface import ArtifactError
from emulator.sagemaker.serving.targets import TARGET_MODEL, MultiModel, name_of
from emulator.sagemaker.serving.wire import Answer, render

Asked = tuple[str, str, Mapping[str, str], bytes]


@dataclass
class Shelf:
    """The models of a prefix, each an archive of one file; keeps what was fetched."""

    folder: Path
    fetched: list[str] = field(default_factory=list)
    open_: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.open_.set()

    def put(self, name: str) -> str:
        """An object of that name is there."""
        (self.folder / "name").write_text(name)
        with tarfile.open(self.folder / name, "w:gz") as archive:
            archive.add(self.folder / "name", "name")
        return name

    def url(self, relative: str) -> str:
        """Where it comes from."""
        return f"s3://bucket/many/{relative}"

    async def fetch(self, relative: str) -> Path:
        """The archive, once the shelf is open."""
        self.fetched.append(relative)
        await self.open_.wait()
        if not (self.folder / relative).exists():
            raise TargetMissingError(bucket="bucket", key=f"many/{relative}")
        return self.folder / relative


@dataclass
class Many:
    """A container that keeps the contract, with room for some models; it keeps what it is asked."""

    home: Path
    room: int = 2
    refusal: int | None = None
    asked: list[Asked] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    open_: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False

    def __post_init__(self) -> None:
        self.open_.set()

    async def exchange(self, request: bytes) -> Answer:
        """As the contract says; an invocation waits until the container is open."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        method, path, _ = first.split(" ")
        pairs = (line.partition(": ") for line in lines)
        headers = {name.lower(): value for name, _, value in pairs}
        self.asked.append((method, path, headers, body))
        if path.endswith("/invoke"):
            await self.open_.wait()
            return Answer(status=200, headers={}, body=path.split("/")[2].encode())
        if method == "DELETE":
            self.loaded.remove(path.split("/")[2])
            return Answer(status=200, headers={}, body=b"")
        return self._load(json.loads(body))

    def _load(self, document: Mapping[str, str]) -> Answer:
        name = document["model_name"]
        assert (self.home / "models" / name / "model" / "name").is_file()
        if self.refusal is not None or len(self.loaded) >= self.room:
            status = 507 if self.refusal is None else self.refusal
            return Answer(status=status, headers={}, body=b"refused")
        self.loaded.append(name)
        return Answer(status=200, headers={}, body=b"")

    async def end(self) -> None:
        """It is gone."""
        self.over = True


@dataclass
class Scene:
    """A container of several models over a shelf of them."""

    shelf: Shelf
    container: Many

    def __post_init__(self) -> None:
        self.many = MultiModel(cast("Container", self.container), self.shelf)

    async def ask(self, target: str) -> Answer:
        """The answer to a request for a model."""
        headers = {"Content-Type": "text/csv", TARGET_MODEL: target}
        return await self.many.exchange(render("POST", "/invocations", headers, b"1,2"))

    def loads(self) -> list[str]:
        """The models that the container was told to load, in order."""
        asked = self.container.asked
        return [json.loads(body)["model_name"] for _, path, _, body in asked if path == "/models"]


@pytest.fixture
def play(tmp_path: Path) -> Callable[[Callable[[Scene], Any]], Any]:
    """Plays a story in a scene whose shelf has a.tar.gz, b.tar.gz and c.tar.gz."""

    def run(story: Callable[[Scene], Any]) -> Any:
        async def whole() -> Any:
            (tmp_path / "shelf").mkdir()
            scene = Scene(Shelf(tmp_path / "shelf"), Many(tmp_path / "home"))
            for name in "abc":
                scene.shelf.put(f"{name}.tar.gz")
            return await story(scene)

        return asyncio.run(whole())

    return run


def test_a_request_goes_to_the_model_that_it_names(play: Any) -> None:
    """Loaded first, from its own folder; headers and body reach it as they came."""

    async def story(scene: Scene) -> None:
        answer = await scene.ask("a.tar.gz")
        name = name_of("a.tar.gz")
        assert answer.body.decode() == name
        load, invoke = scene.container.asked
        assert load[:2] == ("POST", "/models")
        document = {"model_name": name, "url": f"/opt/ml/models/{name}/model"}
        assert json.loads(load[3]) == document
        assert invoke[:2] == ("POST", f"/models/{name}/invoke")
        assert (invoke[2]["content-type"], invoke[3]) == ("text/csv", b"1,2")
        for asked in (load, invoke):
            assert asked[2][TARGET_MODEL.lower()] == "a.tar.gz"

    play(story)


def test_a_loaded_model_is_neither_fetched_nor_loaded_again(play: Any) -> None:
    """A changed object of the same name is not noticed."""

    async def story(scene: Scene) -> None:
        for _ in range(3):
            await scene.ask("a.tar.gz")
        assert scene.shelf.fetched == ["a.tar.gz"]
        assert len(scene.loads()) == 1

    play(story)


def test_first_requests_at_the_same_time_load_a_model_once(play: Any) -> None:
    """All are answered by it."""

    async def story(scene: Scene) -> None:
        scene.shelf.open_.clear()
        asked = [asyncio.create_task(scene.ask("a.tar.gz")) for _ in range(5)]
        await asyncio.sleep(0)
        scene.shelf.open_.set()
        answers = await asyncio.gather(*asked)
        assert {answer.status for answer in answers} == {200}
        assert (scene.shelf.fetched, len(scene.loads())) == (["a.tar.gz"], 1)

    play(story)


def test_a_request_that_gives_up_leaves_the_model_for_the_next(play: Any) -> None:
    """A load may take longer than an invocation; it is not begun again."""

    async def story(scene: Scene) -> None:
        scene.shelf.open_.clear()
        given_up = asyncio.create_task(scene.ask("a.tar.gz"))
        await asyncio.sleep(0)
        given_up.cancel()
        await asyncio.wait([given_up])
        scene.shelf.open_.set()
        assert (await scene.ask("a.tar.gz")).status == 200
        assert scene.shelf.fetched == ["a.tar.gz"]

    play(story)


def test_the_model_asked_for_the_longest_ago_makes_room(play: Any) -> None:
    """It is loaded again, from the instance's disk, when it is asked for again."""

    async def story(scene: Scene) -> None:
        for target in ("a.tar.gz", "b.tar.gz", "a.tar.gz", "c.tar.gz"):
            await scene.ask(target)
        assert scene.container.loaded == [name_of("a.tar.gz"), name_of("c.tar.gz")]
        assert (await scene.ask("b.tar.gz")).status == 200
        assert scene.container.loaded == [name_of("c.tar.gz"), name_of("b.tar.gz")]
        assert scene.shelf.fetched == ["a.tar.gz", "b.tar.gz", "c.tar.gz"]

    play(story)


def test_a_model_with_requests_under_way_is_not_unloaded(play: Any) -> None:
    """Where all have some, the caller gets what the container said."""

    async def story(scene: Scene) -> None:
        both = ("a.tar.gz", "b.tar.gz")
        for target in both:
            await scene.ask(target)
        scene.container.open_.clear()
        held = [asyncio.create_task(scene.ask(target)) for target in both]
        await asyncio.sleep(0)
        assert (await scene.ask("c.tar.gz")).status == 507
        scene.container.open_.set()
        assert [answer.status for answer in await asyncio.gather(*held)] == [200, 200]
        assert (await scene.ask("c.tar.gz")).status == 200

    play(story)


def test_a_model_that_is_not_there_is_looked_for_each_time(play: Any) -> None:
    """The container hears nothing of it; once the object is there, it is loaded."""

    async def story(scene: Scene) -> None:
        with pytest.raises(TargetMissingError) as failure:
            await scene.ask("new.tar.gz")
        assert (failure.value.bucket, failure.value.key) == ("bucket", "many/new.tar.gz")
        assert scene.container.asked == []
        scene.shelf.put("new.tar.gz")
        assert (await scene.ask("new.tar.gz")).status == 200

    play(story)


def test_a_model_that_the_container_cannot_load_is_answered_so(play: Any) -> None:
    """And fetched again at the next request: it may have been mended."""

    async def story(scene: Scene) -> None:
        scene.container.refusal = 500
        answer = await scene.ask("a.tar.gz")
        assert (answer.status, answer.body) == (500, b"refused")
        scene.container.refusal = None
        assert (await scene.ask("a.tar.gz")).status == 200
        assert scene.shelf.fetched == ["a.tar.gz"] * 2

    play(story)


def test_an_object_that_is_no_archive_is_named(play: Any) -> None:
    """Nothing of it is left on the instance."""

    async def story(scene: Scene) -> None:
        (scene.shelf.folder / "bad.tar.gz").write_bytes(b"no archive")
        with pytest.raises(ArtifactError, match=r"s3://bucket/many/bad\.tar\.gz"):
            await scene.ask("bad.tar.gz")
        assert not (scene.container.home / "models" / name_of("bad.tar.gz")).exists()

    play(story)


def test_loads_under_way_end_with_it(play: Any) -> None:
    """Nothing waits for a shelf that never opens; the caller hears of it as of a dead container."""

    async def story(scene: Scene) -> None:
        scene.shelf.open_.clear()
        asked = asyncio.create_task(scene.ask("a.tar.gz"))
        await asyncio.sleep(0)
        await scene.many.end()
        with pytest.raises(ConnectionError):
            await asked
        assert scene.container.over

    play(story)


PROGRAM = """
    import os

    def model_fn(model_dir):
        return open(os.path.join(model_dir, "name")).read()

    def predict_fn(data, model):
        return f"{model} in {os.getpid()}"

    def output_fn(prediction, accept):
        return prediction, "text/plain"
"""


def test_a_real_container_holds_several_models(serving: Any, tmp_path: Path) -> None:
    """One process answers for both; what names none, or a missing one, is in no metric."""

    async def story() -> None:
        shelf = Shelf(tmp_path)
        shelf.put("a.tar.gz")
        shelf.put("b.tar.gz")
        fleet = await serving.healthy("blue", source=PROGRAM, targets=shelf)
        serving.publish(("blue", 1.0, fleet))
        (pid,) = fleet.instance_pids
        for name in ("a.tar.gz", "b.tar.gz"):
            answer = await serving.invoke([1], x_amzn_sagemaker_target_model=name)
            assert answer.body.decode() == f"{name} in {pid}"
        unnamed = await serving.invoke([1])
        assert b"is missing a target model header." in unnamed.body
        missing = await serving.invoke([1], x_amzn_sagemaker_target_model="c.tar.gz")
        assert b"Failed to download model data(bucket: bucket, key: many/c.tar.gz)" in missing.body
        assert [record.status for record in serving.metrics.records] == [200, 200]
        assert len(serving.capture.invocations) == 2

    serving.run(story())


def test_a_container_that_died_is_replaced_by_one_that_loads_again(
    serving: Any, tmp_path: Path
) -> None:
    """The new one knows nothing of what was loaded before."""

    async def story() -> None:
        shelf = Shelf(tmp_path)
        shelf.put("a.tar.gz")
        fleet = await serving.healthy("blue", source=PROGRAM, targets=shelf)
        serving.publish(("blue", 1.0, fleet))
        await serving.invoke([1], x_amzn_sagemaker_target_model="a.tar.gz")
        (pid,) = fleet.instance_pids
        os.kill(pid, signal.SIGKILL)
        await serving.until(lambda: fleet.instance_count == 1 and fleet.instance_pids != (pid,))
        answer = await serving.invoke([1], x_amzn_sagemaker_target_model="a.tar.gz")
        assert answer.body.decode() == f"a.tar.gz in {fleet.instance_pids[0]}"
        assert shelf.fetched == ["a.tar.gz"] * 2

    serving.run(story())


def test_what_the_shared_program_requires_must_be_there(serving: Any, tmp_path: Path) -> None:
    """Its archive's requirements.txt counts as that of an artifact's code."""
    (tmp_path / "requirements.txt").write_text("a-package-that-nobody-has==1\n")
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "requirements.txt", "requirements.txt")

    async def story() -> None:
        fleet = await serving.fleet(
            "blue",
            targets=Shelf(tmp_path),
            model_data_path=None,
            code_path=tmp_path / "code.tar.gz",
        )
        await fleet.wait_healthy()

    with pytest.raises(FleetUnhealthyError, match="a-package-that-nobody-has==1"):
        serving.run(story())


def test_a_container_that_cannot_hold_several_models_is_not_started(
    serving: Any, tmp_path: Path
) -> None:
    """The reason names those that can."""
    image = "763104351884.dkr.ecr.eu-west-1.amazonaws.com/pytorch-inference:2.3-cpu-py311"
    with pytest.raises(FleetUnhealthyError, match="multi-model pytorch containers"):
        serving.run(serving.fleet("blue", targets=Shelf(tmp_path), image=image))
