"""Which builds run now: a bounded number at once, the others wait in the order of their start."""

import threading
from collections.abc import Callable

from emulator.codebuild.state import Build, BuildStatus

Run = Callable[[Build], None]


class BuildQueue:
    """Runs each build on a thread of its own, at most `places` at once.

    A project's `concurrentBuildLimit` is kept too. `leave` is called instead of `run` for a build
    that left the queue before its turn.
    """

    def __init__(self, run: Run, leave: Run, *, places: int) -> None:
        self._run = run
        self._leave = leave
        self._places = places
        self._lock = threading.Lock()
        self._waiting: list[Build] = []
        self._running: list[Build] = []
        self._closed = False

    def submit(self, build: Build) -> None:
        """The build runs now or when its turn comes."""
        with self._lock:
            self._waiting.append(build)
        self._start_next()

    def drop(self, build: Build, why: BuildStatus) -> bool:
        """Whether the build was still waiting; it has then ended with that status."""
        with self._lock:
            if build not in self._waiting:
                return False
            self._waiting.remove(build)
        build.end_requested = why
        self._leave(build)
        return True

    def close(self) -> list[Build]:
        """No further build starts; those that run."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            return list(self._running)

    def _start_next(self) -> None:
        with self._lock:
            while (build := self._next()) is not None:
                self._waiting.remove(build)
                self._running.append(build)
                thread = threading.Thread(
                    target=self._carry_out, args=(build,), daemon=True, name=f"build-{build.id}"
                )
                thread.start()

    def _next(self) -> Build | None:
        if self._closed or len(self._running) >= self._places:
            return None
        return next((build for build in self._waiting if self._has_room(build)), None)

    def _has_room(self, build: Build) -> bool:
        limit = build.project.request.get("concurrentBuildLimit")
        same = sum(1 for other in self._running if other.project.arn == build.project.arn)
        return limit is None or same < int(limit)

    def _carry_out(self, build: Build) -> None:
        try:
            self._run(build)
        finally:
            with self._lock:
                self._running.remove(build)
            self._start_next()
