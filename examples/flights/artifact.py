"""Lays a trained version out as SageMaker's scikit-learn container takes it, in the same bytes.

The layout is the container's contract: `model.joblib` (and `model.json` about it) at the top, the
code that serves under `code/`. It trains nothing and serves nothing.
"""

import gzip
import io
import json
import shutil
import tarfile
from collections.abc import Mapping
from pathlib import Path

import joblib
import sklearn

from examples.flights.training import Trained

HERE = Path(__file__).parent
ABOUT = "model.json"


def write_artifact(
    folder: Path, *, version: str, trained: Trained, served: Mapping[str, str]
) -> None:
    """The folder holds this version's artifact and nothing else.

    Args:
        folder: made anew; one that holds anything but an artifact is refused.
        version: for `model.json`, so that a person who finds the folder can tell.
        trained: what the recipe made.
        served: file name under `code/` -> file under `versions/`.
    """
    clear(folder)
    code = folder / "code"
    code.mkdir(parents=True)
    shutil.copyfile(HERE / "serving" / "inference.py", code / "inference.py")
    for name, source in served.items():
        shutil.copyfile(HERE / "versions" / source, code / name)
    model = {"estimator": trained.estimator, "tables": dict(trained.tables)}
    joblib.dump(model, folder / "model.joblib", compress=3)
    about = {"version": version, "scikit_learn": sklearn.__version__}
    (folder / ABOUT).write_text(json.dumps(about, sort_keys=True) + "\n")


def clear(folder: Path) -> None:
    """The folder is gone, if it was an artifact or empty; a folder with other things is refused."""
    if not folder.exists():
        return
    if any(folder.iterdir()) and not (folder / ABOUT).is_file():
        raise SystemExit(f"{folder} holds something other than an artifact: name an empty folder")
    shutil.rmtree(folder)


def pack(folder: Path) -> bytes:
    """The folder as a model.tar.gz: sorted, and without time, owner or name of this machine."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size = path.stat().st_size
            entry.mode = 0o644
            with path.open("rb") as file:
                tar.addfile(entry, file)
    return gzip.compress(raw.getvalue(), compresslevel=6, mtime=0)
