"""Projects whose models built-in algorithms make: deployed, trained, asked by the product."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from cli.main import app
from cli.options import PLACES, On, Place
from cli.project import read_project
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from examples.algorithms.__main__ import lay_out

EXAMPLES = Path(__file__).parents[2] / "examples" / "algorithms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project of one model, of the project's own name."""

    where: Place
    folder: Path
    model: str

    def command(self, *words: str, code: int = 0) -> Any:
        """What `tidegate` prints as JSON."""
        return json.loads(self._printed(words, code))

    def release(self) -> Any:
        """How a release ended of what is in the idle slot: the last document that is printed."""
        words = ("release", "start", self.model, "--watch")
        return json.loads(self._printed(words, 0).splitlines()[-1])

    def _printed(self, words: tuple[str, ...], code: int) -> str:
        def place(_file: Path, _stage: str | None, _on: On) -> Place:
            return self.where

        token = PLACES.set(place)
        try:
            done = CliRunner().invoke(app, [*words, "--json"])
        finally:
            PLACES.reset(token)
        assert done.exit_code == code, done.output
        return done.stdout

    def deploy(self) -> None:
        """As `tidegate deploy` does."""
        self.where.deploy(assembly=self.folder / "cdk.out")

    def train(self, *, code: int = 0) -> Any:
        """A run over the example's data, once it is over."""
        data = str(self.folder / "build" / "algorithms" / self.model / "data")
        words = ("train", "run", self.model, "--data", data, "--watch")
        return self.command(*words, code=code)

    def requests(self) -> list[bytes]:
        """The lines of the test's requests."""
        file = self.folder / "build" / "algorithms" / self.model / "data" / "test" / "requests"
        return (file / "flights.csv").read_bytes().splitlines()

    @contextmanager
    def users(self, lines: list[bytes], *, count: int = 4) -> Iterator[dict[int, int]]:
        """A crowd asks while the block runs; how many answers had which status."""
        over, counted, lock = threading.Event(), dict[int, int](), threading.Lock()

        def ask(start: int) -> None:
            door, number = self.where.front_door(), start
            while not over.is_set():
                line = lines[number % len(lines)]
                status = door.predict(self.model, line, content_type="text/csv").status
                number += count
                with lock:
                    counted[status] = counted.get(status, 0) + 1

        crowd = [threading.Thread(target=ask, args=(number,)) for number in range(count)]
        for one in crowd:
            one.start()
        try:
            yield counted
        finally:
            over.set()
            for one in crowd:
                one.join()


def project_of(
    cloud: EmbeddedCloud, folder: Path, name: str, changes: Mapping[str, str] | None = None
) -> Project:
    """The example of that name, its code and data laid out, its file changed."""
    lay_out(folder / "build" / "algorithms")
    text = (EXAMPLES / f"{name}.yaml").read_text().replace("../../build", "build")
    # An hour of the cloud's clock: two busy cores may take their time to start a container.
    wanted = {
        "eu-west-1": "us-east-1",
        "ml.m5.large }": "ml.m5.large, start_timeout: 60m }",
        **({} if changes is None else changes),
    }
    for before, after in wanted.items():
        assert before in text, before
        text = text.replace(before, after, 1)
    (folder / "tidegate.yaml").write_text(text)
    project = read_project(folder / "tidegate.yaml")
    place = Place(project=project, stage="dev", target=embedded_target(cloud))
    return Project(where=place, folder=folder, model=name)
