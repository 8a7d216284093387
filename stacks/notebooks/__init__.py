"""Files that a notebook instance gets when it starts: what stops it, and a notebook to begin with.

`on_start.sh` and `idle_timer.sh` are templates: components/notebook.py fills in what is in @...@.
"""

from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Scripts:
    """Where each file is."""

    on_start: Path = _HERE / "on_start.sh"
    idle_timer: Path = _HERE / "idle_timer.sh"
    idle_stop: Path = _HERE / "idle_stop.py"
    starter: Path = _HERE / "starter.ipynb"


SCRIPTS = Scripts()
