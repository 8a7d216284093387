"""A world with two models behind one endpoint, and callers who each ask one of them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.frontdoor import FrontDoor, Reply, door_of
from tests.e2e.world import INFERENCE, PROJECT, V1, World, behaviour_json

ALONE = "    artifact: ARTIFACT\n"
EVEN, ODD = "even", "odd"
SEVERAL = "    code: PROGRAM\n    target_models: { even: ARTIFACT, odd: STEADY }\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByNumber:
    """The front door: the number in a question says which of the models is asked."""

    door: FrontDoor
    names: tuple[str, ...]

    def predict(self, model: str, body: bytes, **options: Any) -> Reply:
        """Ask the model of even numbers, or that of odd ones."""
        name = self.names[json.loads(body)["draw"] % len(self.names)]
        return self.door.predict(model, body, **{**options, "target_model": name})

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)


@dataclass(slots=True, kw_only=True)
class SeveralWorld(World):
    """A deploy brings another model for even numbers; that for odd ones stays as it is."""

    names: tuple[str, ...] = (EVEN, ODD)

    def front_door(self) -> FrontDoor:
        """A client that names the model itself."""
        return door_of(self.deployed.target, url=self.deployed.api_url)

    def door(self) -> ByNumber:
        """A client that knows which model a question is for."""
        return ByNumber(door=self.front_door(), names=self.names)


def several_models(world: World) -> SeveralWorld:
    """The world, whose model is two behind one endpoint."""
    program, steady = world.folder / "program", world.folder / "steady"
    program.mkdir()
    (program / "inference.py").write_text(INFERENCE)
    steady.mkdir()
    (steady / "behaviour.json").write_text(json.dumps(behaviour_json(V1)))
    return SeveralWorld(
        cloud=world.cloud,
        folder=world.folder,
        model=world.model,
        project_text=with_models(PROJECT, program=program, steady=steady),
    )


def with_models(text: str, *, program: Path, steady: Path) -> str:
    """The project file with two models in the place of one."""
    assert ALONE in text
    section = SEVERAL.replace("PROGRAM", str(program)).replace("STEADY", str(steady))
    return text.replace(ALONE, section)
