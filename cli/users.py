"""Concurrent users of a model: requests through the front door, the truth as late outcomes.

Users are threads that ask, wait a little and ask again. What became known of an answer is recorded
through the front door some time later, as it would be by the system that learns the truth.
"""

import heapq
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from urllib3.exceptions import HTTPError

from cli.frontdoor import Reply


class Door(Protocol):
    """Where users ask and truths are told: `cli.frontdoor.FrontDoor`."""

    def predict(
        self,
        model: str,
        body: bytes,
        *,
        content_type: str = ...,
        user: str = ...,
        slot_token: str = ...,
        target_model: str = ...,
    ) -> Reply:
        """Ask a model; HTTPError when no answer came."""
        ...

    def answer(self, model: str, prediction_id: str) -> Reply:
        """What became of a request that is answered later; status 202 while it waits."""
        ...

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction; the HTTP status of the answer."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, and how to tell a wrong answer to it; None where the truth stays unknown.

    An answer of which `is_wrong` raises ValueError cannot be read, and so is wrong.
    """

    body: bytes
    is_wrong: Callable[[bytes], bool] | None = None
    target_model: str = ""
    """Of several models behind one endpoint: the one that is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much traffic: users, their pause between two requests, and how late the truth comes.

    Seconds are of the wall's clock.
    """

    model: str
    users: int = 10
    pause_seconds: float = 0.15
    truth_delay_seconds: tuple[float, float] = (0.5, 2.5)
    seed: int = 1


@dataclass(slots=True, kw_only=True)
class Ledger:
    """What the users saw. `unanswered` requests got no HTTP answer at all."""

    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    outcomes: Counter[int] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def saw(self, reply: Reply | None) -> None:
        """Count one request."""
        with self.lock:
            if reply is None:
                self.unanswered += 1
                return
            counter = self.answered if reply.status == 200 else self.failed
            counter[reply.version if reply.version is not None else "unknown"] += 1

    def recorded(self, status: int) -> None:
        """Count one outcome by the HTTP status that it was answered with."""
        with self.lock:
            self.outcomes[status] += 1

    @property
    def requests(self) -> int:
        """Every request that was sent and came to an end."""
        return sum(self.answered.values()) + sum(self.failed.values()) + self.unanswered


class Users:
    """A crowd that keeps asking from `start` to `stop`."""

    def __init__(self, door: Door, questions: Sequence[Question], load: Load) -> None:
        self.ledger = Ledger()
        self._door = door
        self._questions = questions
        self._load = load
        self._over = threading.Event()
        self._due: list[tuple[float, int, str, bool]] = []
        self._due_changed = threading.Condition()
        self._learnt = 0
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Every user asks from now on."""
        jobs = [(self._ask_forever, (number,)) for number in range(self._load.users)]
        self._threads = [
            threading.Thread(target=job, args=arguments, daemon=True) for job, arguments in jobs
        ]
        self._threads += [threading.Thread(target=self._tell_truth, daemon=True) for _ in range(4)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Nobody asks any more; requests under way were ended."""
        self._over.set()
        with self._due_changed:
            self._due_changed.notify_all()
        for thread in self._threads:
            thread.join(timeout=10)

    def _ask_forever(self, number: int) -> None:
        chance = random.Random(self._load.seed * 1_000 + number)  # noqa: S311 - traffic, not secrets
        self._over.wait(chance.random() * self._load.pause_seconds)
        while not self._over.is_set():
            question = chance.choice(self._questions)
            reply = self._ask(question, user=f"user-{number}-{chance.randrange(200)}")
            self.ledger.saw(reply)
            if reply is not None and reply.status == 200:
                delay = chance.uniform(*self._load.truth_delay_seconds)
                self._learn_later(reply, question, delay)
            self._over.wait(chance.uniform(0.5, 1.5) * self._load.pause_seconds)

    def _ask(self, question: Question, *, user: str) -> Reply | None:
        try:
            return self._door.predict(
                self._load.model, question.body, user=user, target_model=question.target_model
            )
        except HTTPError:
            return None

    def _learn_later(self, reply: Reply, question: Question, delay: float) -> None:
        if question.is_wrong is None or reply.prediction_id is None:
            return
        try:
            wrong = question.is_wrong(reply.body)
        except ValueError:
            wrong = True
        with self._due_changed:
            self._learnt += 1
            item = (time.monotonic() + delay, self._learnt, reply.prediction_id, wrong)
            heapq.heappush(self._due, item)
            self._due_changed.notify()

    def _tell_truth(self) -> None:
        while True:
            with self._due_changed:
                while not self._over.is_set() and not self._ripe():
                    self._due_changed.wait(timeout=0.1)
                if self._over.is_set():
                    return
                _, _, prediction_id, wrong = heapq.heappop(self._due)
            try:
                self.ledger.recorded(self._door.record_outcome(prediction_id, wrong=wrong))
            except HTTPError:
                self.ledger.recorded(0)

    def _ripe(self) -> bool:
        return bool(self._due) and self._due[0][0] <= time.monotonic()
