"""Light devices: the component's own code in this process, without a process or a port each.

They install, verify and report as others do; what they leave out is the shell: scripts of a recipe
are not run, the file that serves the model is loaded instead. A model that does not load, or that
ends its process, ends a light component with an exit code.
"""

import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

from emulator.greengrass.device.packages import Package

PublishAs = Callable[[str, bytes], None]
"""Publishes a payload as a thing."""


@dataclass(kw_only=True, slots=True)
class LightComponent:
    """A component of a light device; without a model it has ended."""

    serving: ModuleType
    model: Any
    meter: Any
    reporter: Any

    def exit_code(self) -> int | None:
        """None while it runs."""
        return 1 if self.model is None else None

    def stop(self) -> None:
        """All that was counted is reported, as on SIGTERM."""
        if self.model is not None:
            self.reporter.report(ending=True)
        self.model = None

    def ask(self, body: bytes) -> int:
        """An application asks; the HTTP status."""
        if self.model is None:
            return 503
        status: int = self.serving.serve(self.model, self.meter, body)[0]
        return status

    def report(self) -> None:
        """Intervals that are over are reported."""
        if self.model is not None:
            self.reporter.report()


@dataclass(kw_only=True, slots=True)
class LightRunner:
    """Runs components in this process. Models of the same archive are loaded once."""

    now: Callable[[], float]
    publish: PublishAs
    _modules: dict[str, ModuleType] = field(default_factory=dict)
    _models: dict[str, Any] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def start(self, package: Package) -> LightComponent:
        """The component runs, or has ended with an error at once."""
        (script,) = package.artifacts.glob("*.py")
        (archive,) = package.artifacts.glob("*.tar.gz")
        with self._lock:
            serving = self._module(script)
            model = self._model(serving, archive)
        meter = serving.Meter(component_version=package.version, now=self.now)
        topic = _topic(package)
        reporter = serving.Reporter(meter, lambda payload: self.publish(topic, payload))
        return LightComponent(serving=serving, model=model, meter=meter, reporter=reporter)

    def _module(self, script: Path) -> ModuleType:
        if script.name not in self._modules:
            name = f"component_{script.stem}"
            spec = importlib.util.spec_from_file_location(name, script)
            if spec is None or spec.loader is None:
                raise ImportError(f"{script} is no module")
            module = importlib.util.module_from_spec(spec)
            # Dataclasses look their module up by its name.
            sys.modules[name] = module
            spec.loader.exec_module(module)
            self._modules[script.name] = module
        return self._modules[script.name]

    def _model(self, serving: ModuleType, archive: Path) -> Any:
        if archive.name not in self._models:
            try:
                self._models[archive.name] = serving.Model(archive)
            except Exception:  # noqa: BLE001 - whatever a model does when it is loaded
                self._models[archive.name] = None
        return self._models[archive.name]


def _topic(package: Package) -> str:
    run = str(package.script("Run")).split()
    return run[run.index("--topic") + 1]
