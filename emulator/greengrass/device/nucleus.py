"""The nucleus of a device: it brings what runs to what was deployed, or back where that fails.

One step at a time (`step`), so that one thread may work for many devices. A component that ends
with an error is started again; after MOST_STARTS it is BROKEN, and the deployment that brought it
has failed: with the policy ROLLBACK what ran before runs again. A deployment is tried once.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulator.greengrass.device.link import Link, LinkError
from emulator.greengrass.device.packages import Package, PackageError, install
from emulator.greengrass.device.runners import Runner, Running

CORE_VERSION = "2.17.0"
MOST_STARTS = 3
"""Starts of a component that ends with an error, after which the nucleus calls it BROKEN."""

SETTLED_SECONDS = 15.0
"""How long, by the cloud's clock, components run before their deployment has succeeded."""

SUCCEEDED, FAILED, IN_PROGRESS = "SUCCEEDED", "FAILED", "IN_PROGRESS"


@dataclass(kw_only=True, slots=True)
class Installed:
    """A component on the device."""

    package: Package
    running: Running | None = None
    state: str = "NEW"
    details: str = ""
    starts: int = 0
    since: float = 0.0
    source: str = ""

    def told(self) -> dict[str, Any]:
        """The component as status messages have it."""
        told = {
            "componentName": self.package.name,
            "componentVersion": self.package.version,
            "lifecycleState": self.state,
            "isRoot": True,
            "lastInstallationSource": self.source,
        }
        return {**told, "lifecycleStateDetails": self.details} if self.details else told


@dataclass(kw_only=True, slots=True)
class Nucleus:
    """A device that is on. `overrides` is configuration that only this device has, by component."""

    link: Link
    folder: Path
    runner: Runner
    now: Callable[[], float]
    overrides: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    components: dict[str, Installed] = field(default_factory=dict)
    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    _before: dict[str, Package] = field(default_factory=dict)
    _current: str = ""
    _policies: Mapping[str, Any] = field(default_factory=dict)
    _met: bool = False

    def step(self) -> None:
        """What ended is started again, what was deployed is applied, and the cloud knows it.

        LinkError where the cloud can't be reached: what runs goes on.
        """
        self._watch()
        if not self._met:
            self.link.presence(connected=True)
            self._met = True
        deployments = self.link.sync(self._status())
        wanted = [d for d in deployments if d["deploymentId"] not in self.executions]
        for deployment in wanted:
            self._apply(deployment)
        if wanted:
            self.link.sync(self._status())

    def switch_off(self) -> None:
        """Nothing runs, and nobody was told: IoT finds out by itself."""
        for one in self.components.values():
            if one.running is not None:
                one.running.stop()
                one.running = None
        if self._met:
            self._met = False
            self.link.presence(connected=False)

    def switch_on(self) -> None:
        """What was installed runs again."""
        for one in self.components.values():
            if one.running is None and one.state != "BROKEN":
                self._start(one)

    def _apply(self, deployment: Mapping[str, Any]) -> None:
        id_, now = deployment["deploymentId"], self.now()
        self._before = {name: one.package for name, one in self.components.items()}
        self._current, self._policies = id_, deployment["policies"]
        self.executions[id_] = {
            "coreDeviceExecutionStatus": IN_PROGRESS,
            "created": deployment["created"],
            "modified": now,
        }
        try:
            for name, told in deployment["components"].items():
                if told["recipe"] is not None:
                    self._bring(self._package(name, told), source=id_)
        except (PackageError, LinkError) as error:
            self._fail(str(error))

    def _bring(self, package: Package, *, source: str) -> None:
        there = self.components.get(package.name)
        if there is not None and there.package.version == package.version and there.running:
            return
        install(package, self.link.object)
        if there is not None and there.running is not None:
            there.running.stop()
        made = Installed(package=package, source=source)
        self.components[package.name] = made
        self._start(made)

    def _start(self, one: Installed) -> None:
        one.starts += 1
        one.since = self.now()
        one.running = self.runner.start(one.package)
        one.state = "RUNNING"

    def _watch(self) -> None:
        for one in list(self.components.values()):
            code = None if one.running is None else one.running.exit_code()
            if code is not None:
                self._ended(one, code)
        settled = all(
            one.state == "RUNNING" and self.now() - one.since >= SETTLED_SECONDS
            for one in self.components.values()
        )
        if settled and self._is_in_progress():
            self._end(SUCCEEDED, "")

    def _ended(self, one: Installed, code: int) -> None:
        one.running = None
        one.details = f"the Run script exited with code {code}"
        if one.starts < MOST_STARTS:
            one.state = "ERRORED"
            self._start(one)
            return
        one.state = "BROKEN"
        if self._is_in_progress():
            # The cloud learns that it broke before anything else runs in its place.
            self.link.sync(self._status())
            self._fail(f"{one.package.name} {one.package.version} is BROKEN: {one.details}")

    def _fail(self, reason: str) -> None:
        self._end(FAILED, reason)
        if self._policies.get("failureHandlingPolicy", "ROLLBACK") != "ROLLBACK":
            return
        for name in list(self.components):
            before = self._before.get(name)
            if before is None:
                self._remove(name)
            elif self.components[name].package.version != before.version:
                self._bring(before, source=self._current)

    def _remove(self, name: str) -> None:
        one = self.components.pop(name)
        if one.running is not None:
            one.running.stop()

    def _end(self, status: str, reason: str) -> None:
        execution = self.executions[self._current]
        execution |= {"coreDeviceExecutionStatus": status, "modified": self.now(), "reason": reason}

    def _is_in_progress(self) -> bool:
        execution = self.executions.get(self._current, {})
        return bool(execution.get("coreDeviceExecutionStatus") == IN_PROGRESS)

    def _package(self, name: str, told: Mapping[str, Any]) -> Package:
        recipe: Mapping[str, Any] = told["recipe"]
        default = recipe.get("ComponentConfiguration", {}).get("DefaultConfiguration", {})
        return Package(
            name=name,
            version=told["version"],
            recipe=recipe,
            artifacts=self.folder / "artifacts" / name / told["version"],
            work=self.folder / "work" / name,
            configuration={**default, **self.overrides.get(name, {})},
            thing=self.link.thing,
        )

    def _status(self) -> dict[str, Any]:
        components: Sequence[dict[str, Any]] = [one.told() for one in self.components.values()]
        return {
            "coreVersion": CORE_VERSION,
            "platform": "linux",
            "architecture": "amd64",
            "components": components,
            "executions": self.executions,
        }
