"""Whatever operators, deploys, crashes and traffic do in any order, the live version is safe."""

from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.reaper import KilledError
from tests.release_world import END, ReleaseWorld
from tests.samples import ENDPOINT, MODEL, RELEASE
from tidegate.decide import Next
from tidegate.errors import ReleaseRefusedError
from tidegate.loop import operate
from tidegate.loop.task import TaskOutput
from tidegate.release import Phase

SHARES = {0, 10, 50, 100}


class Operators(RuleBasedStateMachine):
    """Executions of several epochs take their tasks in any order, and any of them may die."""

    @initialize()
    def start(self) -> None:
        """A release was prepared by its first execution."""
        self.world = ReleaseWorld.deployed()
        self.pending: dict[int, TaskOutput] = {1: self.world.prepare()}

    def over(self) -> bool:
        """Whether the release has ended."""
        return self.world.record().phase.terminal

    @rule(data=st.data(), kill=st.one_of(st.none(), st.integers(1, 8)), after=st.booleans())
    def take_a_task(self, data: Any, kill: int | None, after: bool) -> None:  # noqa: FBT001
        """One execution does its next task, or dies in it and does it again later."""
        alive = [epoch for epoch, output in self.pending.items() if output.next not in END]
        if not alive:
            return
        epoch = data.draw(st.sampled_from(alive))
        output = self.pending[epoch]
        reaper = self.world.reaper
        reaper.after, reaper.at_call = after, None if kill is None else reaper.calls + kill
        self.world.advance(output.wait_seconds)
        with suppress(KilledError):
            self.pending[epoch] = self.world.perform(output.next, epoch=epoch)
        reaper.at_call = None

    @rule(seconds=st.integers(1, 300))
    def wait(self, seconds: int) -> None:
        """Time passes, and traffic with it."""
        self.world.advance(seconds)

    @rule(errors=st.sampled_from([0.0, 0.05, 0.5]))
    def candidate_fails(self, errors: float) -> None:
        """The candidate gets worse or better."""
        self.world.traffic.error_shares = {"green": errors}

    @rule(verb=st.sampled_from(["pause", "promote"]))
    def order(self, verb: str) -> None:
        """An operator says something to a release, or is told that it is over."""
        speak = operate.pause if verb == "pause" else operate.promote
        try:
            speak(store=self.world.store, release_id=RELEASE, intervention=self.world.operator())
        except ReleaseRefusedError:
            assert self.over()

    @precondition(lambda self: len(self.pending) < 4)
    @rule(verb=st.sampled_from(["abort", "resume"]))
    def take_over(self, verb: str) -> None:
        """An operator starts a new epoch; the older executions live on."""
        try:
            epoch = self.world.abort() if verb == "abort" else self.world.resume()
        except ReleaseRefusedError:
            assert self.over()
            return
        self.pending[epoch] = self.world.prepare(epoch=epoch)

    @rule()
    def move_weights(self) -> None:
        """Somebody changes the weights by hand while the release is open."""
        if not self.over():
            self.world.endpoints.change(ENDPOINT, weights={"blue": 40, "green": 60})

    @rule()
    def deploy_underneath(self) -> None:
        """Something deploys another configuration while the release is open."""
        if not self.over():
            self.world.endpoints.change(ENDPOINT, config_name="deployed-underneath")

    @invariant()
    def only_shares_of_the_plan_are_asked_for(self) -> None:
        """No task ever asks for anything else."""
        assert all(wish["green"] in SHARES for wish in self.world.endpoints.wishes)
        assert all(sum(wish.values()) == 100 for wish in self.world.endpoints.wishes)

    @invariant()
    def what_is_live_is_what_serves_once_the_release_is_over(self) -> None:
        """Pointer, split, lock and endpoint agree, and what was deployed underneath never wins."""
        record = self.world.record()
        if not record.phase.terminal:
            assert self.world.store.lock_holder(MODEL) == RELEASE
            return
        pointer, split = self.world.store.pointer(MODEL), self.world.store.split(MODEL)
        assert pointer is not None
        assert split is not None
        live = "green" if record.phase is Phase.PROMOTED else "blue"
        assert self.world.shares()[live] == 100 == split.shares[live]
        assert pointer.slot.value == live
        assert self.world.store.lock_holder(MODEL) is None

    @invariant()
    def looks_are_whole(self) -> None:
        """Each interval is closed once."""
        looks = self.world.looks.looks(RELEASE)
        after = [look.after for look in looks[1:]]
        assert after == [look.through for look in looks[:-1]]

    def teardown(self) -> None:
        """In the end one abort, or the release's own end, leaves the model free."""
        if not hasattr(self, "world"):
            return
        self.world.reaper.at_call = None
        if not self.over():
            assert self.world.run(epoch=self.world.abort()) is Next.REPORT
        self.what_is_live_is_what_serves_once_the_release_is_over()


TestOperators = Operators.TestCase
TestOperators.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
