"""How components run: as processes, by the scripts of their recipes.

Another way of running them is another `Runner`: many light devices in one process have their own.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from emulator.greengrass.device.packages import Package, PackageError

_INSTALL_SECONDS = 120
"""Greengrass's own time limit of an Install script."""

_STOP_SECONDS = 15


class Running(Protocol):
    """A component that was started."""

    def exit_code(self) -> int | None:
        """None while it runs."""
        ...

    def stop(self) -> None:
        """It does not run any more."""
        ...


class Runner(Protocol):
    """Runs components."""

    def start(self, package: Package) -> Running:
        """The component runs; PackageError where it can't even be started."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """A component as a process, the leader of a group of its own."""

    child: subprocess.Popen[bytes]

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.child.poll()

    def stop(self) -> None:
        """The process got SIGTERM, and SIGKILL where that was not enough."""
        if self.child.poll() is None:
            os.killpg(self.child.pid, signal.SIGTERM)
            try:
                self.child.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRunner:
    """Runs scripts with a shell; `environment` is what every component has, `python3` this one."""

    environment: Mapping[str, str]

    def start(self, package: Package) -> Process:
        """The Install script was run, the Run script runs."""
        install = package.script("Install")
        if install is not None:
            self._install(package, install)
        run = package.script("Run")
        if run is None:
            raise PackageError(f"component {package.name} has no Run script")
        log = (package.work / "component.log").open("ab")
        child = subprocess.Popen(  # noqa: S602 - a recipe's script is a shell's
            f"exec {run}",
            shell=True,
            cwd=package.work,
            env=self._environment(package),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        return Process(child=child)

    def _install(self, package: Package, script: str) -> None:
        done = subprocess.run(  # noqa: S602
            script,
            shell=True,
            cwd=package.work,
            env=self._environment(package),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_INSTALL_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip()[-500:]
            raise PackageError(f"Install of {package.name} exited with {done.returncode}: {said}")

    def _environment(self, package: Package) -> dict[str, str]:
        python = Path(sys.executable).parent
        own = {
            "PATH": f"{python}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "HOME": str(package.work),
            "AWS_IOT_THING_NAME": package.thing,
        }
        return {**own, **self.environment}
