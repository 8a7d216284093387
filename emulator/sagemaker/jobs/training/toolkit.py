"""What SageMaker's training toolkit makes of a job's configuration: variables and arguments. Pure.

Source: aws/sagemaker-training-toolkit, `environment.py` (`Environment.to_env_vars`, `to_cmd_args`)
and `mapping.py`; the failure text is `errors.py`'s of the same repository.
"""

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HOST = "algo-1"
PROGRAM, SUBMIT = "sagemaker_program", "sagemaker_submit_directory"
_OF_THE_TOOLKIT = "sagemaker_"


class NoProgramError(ValueError):
    """Neither hyperparameters nor variables name a program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The configuration of one job, as its files in /opt/ml/input/config say it."""

    base: Path
    """Where /opt/ml is."""
    hyperparameters: Mapping[str, str]
    channels: Mapping[str, Mapping[str, Any]]
    resources: Mapping[str, Any]
    environment: Mapping[str, str]

    @property
    def user_hyperparameters(self) -> Json:
        """Values as JSON where they are JSON, without the toolkit's own."""
        return {k: v for k, v in self._parsed().items() if not k.startswith(_OF_THE_TOOLKIT)}

    @property
    def program(self) -> str:
        """The entry point, a path below the submitted code."""
        found = self._parsed().get(PROGRAM, self.environment.get("SAGEMAKER_PROGRAM"))
        if not found:
            raise NoProgramError(
                "no program: set the hyperparameter sagemaker_program (or SAGEMAKER_PROGRAM)"
            )
        return str(found)

    @property
    def submitted(self) -> str | None:
        """Where the code is: an S3 URI, a folder below /opt/ml, None for /opt/ml/code."""
        found = self._parsed().get(SUBMIT, self.environment.get("SAGEMAKER_SUBMIT_DIRECTORY"))
        return None if found is None else str(found)

    def _parsed(self) -> Json:
        return {name: _parsed(text) for name, text in self.hyperparameters.items()}


def arguments(setup: Setup) -> list[str]:
    """`--name value` for each hyperparameter of the user, sorted by name."""
    given = setup.user_hyperparameters
    pairs = (
        (f"--{name}" if len(name) > 1 else f"-{name}", _argument(given[name]))
        for name in sorted(given)
    )
    return [text for pair in pairs for text in pair]


def variables(setup: Setup, code: Path) -> dict[str, str]:
    """The `SM_*` variables; paths are places below the job's own folder."""
    base, given = setup.base, setup.user_hyperparameters
    toolkit = {k: v for k, v in setup._parsed().items() if k.startswith(_OF_THE_TOOLKIT)}  # noqa: SLF001 - its own module
    values: Json = {
        "hosts": [HOST],
        "network_interface_name": "eth0",
        "hps": given,
        "user_entry_point": setup.program,
        "framework_params": toolkit,
        "resource_config": dict(setup.resources),
        "input_data_config": {name: dict(each) for name, each in setup.channels.items()},
        "output_data_dir": str(base / "output" / "data"),
        "channels": sorted(setup.channels),
        "current_host": HOST,
        "current_instance_type": setup.resources["current_instance_type"],
        "current_instance_group": setup.resources["current_group_name"],
        "module_name": setup.program.removesuffix(".py"),
        "log_level": 20,
        "framework_module": "",
        "input_dir": str(base / "input"),
        "input_config_dir": str(base / "input" / "config"),
        "output_dir": str(base / "output"),
        "num_cpus": os.cpu_count() or 1,
        "num_gpus": 0,
        "num_neurons": 0,
        "model_dir": str(base / "model"),
        "module_dir": setup.submitted or str(code),
        "user_args": arguments(setup),
        "output_intermediate_dir": str(base / "output" / "intermediate"),
    }
    values |= {f"channel_{name}": str(base / "input" / "data" / name) for name in setup.channels}
    values |= {f"hp_{name}": value for name, value in given.items()}
    return {f"SM_{name.upper()}": _variable(value) for name, value in values.items()}


def failure(setup: Setup, *, exit_code: int, last_lines: Sequence[str]) -> str:
    """What the toolkit writes to /opt/ml/output/failure when the program failed."""
    words = shlex.join(["python", setup.program, *arguments(setup)])
    message = "\n".join(_error_lines(last_lines))
    return (
        f"ExecuteUserScriptError:\nExitCode {exit_code}\n"
        f'ErrorMessage "{message}"\nCommand "{words}"'
    )


def _error_lines(last_lines: Sequence[str]) -> Sequence[str]:
    """From the last traceback on; the last line alone where there is none."""
    starts = [n for n, line in enumerate(last_lines) if line.startswith("Traceback ")]
    return last_lines[starts[-1] :] if starts else last_lines[-1:]


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _argument(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}={value[name]}" for name in sorted(value))
    return "" if value is None else str(value)


def _variable(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
