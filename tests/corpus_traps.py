"""The corpus: templates, each with one trap that AWS springs at deploy, and who finds it."""

from dataclasses import dataclass
from pathlib import Path

from gate.read import read
from gate.template import Assembly

CORPUS = Path(__file__).parent / "corpus"
BEFORE = "before.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A trap: what it is called, the rule that finds it, and where its templates are."""

    name: str
    rule: str
    why: str
    region: str
    files: tuple[Path, ...]
    before: tuple[Path, ...] = ()

    def assembly(self) -> Assembly:
        """The templates of the trap."""
        made = read(self.files, regions=(self.region,))
        # What was deployed and what is to be are one stack.
        earlier = read(self.before).templates
        renamed = tuple(
            type(old)(stack=new.stack, file=old.file, body=old.body)
            for old, new in zip(earlier, made.templates, strict=False)
        )
        return Assembly(templates=made.templates, regions=made.regions, before=renamed)


def traps() -> list[Trap]:
    """Every trap of the corpus, by name."""
    return [_trap(path) for path in sorted(CORPUS.iterdir())]


def _trap(path: Path) -> Trap:
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    said = {
        key: value
        for file in files
        for key, _, value in (line[2:].partition(": ") for line in _head(file))
    }
    why = next(line[2:] for file in files for line in _head(file) if ": " not in line[:10])
    return Trap(
        name=path.stem,
        rule=said["rule"],
        why=why,
        region=said.get("region", "eu-west-1"),
        files=tuple(file for file in files if file.name != BEFORE),
        before=tuple(file for file in files if file.name == BEFORE),
    )


def _head(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("# ")]
