"""Copies of requests to shadow variants, on real processes: nobody waits, nothing of them hurts."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import VariantView
from emulator.sagemaker.serving.copies import Copies
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse
from emulator.sagemaker.serving.invoke import Invoker

VARIANT = "x-Amzn-Invoked-Production-Variant"


def _shadowed(serving: Any, fleet: Any, *, weight: float = 1.0) -> Invoker:
    """Green gets copies of what blue is asked, by this weight beside blue's 1."""
    view = serving.views.endpoints["reviews"]
    shadow = VariantView(name="green", weight=weight, fleet=fleet, config="config-1")
    serving.views.endpoints["reviews"] = replace(view, shadows=(shadow,))
    return Invoker(views=serving.views, metrics=serving.metrics, capture=serving.capture)


async def _ask(invoker: Invoker, data: Any = None, **headers: str) -> InvokeResponse:
    return await invoker.invoke(
        InvokeRequest(
            tenant=Tenant("123456789012", "eu-west-1"),
            endpoint="reviews",
            headers={"content-type": "application/json", **headers},
            body=json.dumps({} if data is None else data).encode(),
        )
    )


async def _both(serving: Any, **green: Any) -> Any:
    blue, shadow = await asyncio.gather(serving.healthy("blue"), serving.healthy("green", **green))
    serving.publish(("blue", 1, blue))
    return shadow


def test_every_request_is_copied_and_only_the_live_answer_is_given(serving: Any) -> None:
    """Both variants count and are captured with the request's id; the caller sees one of them."""

    async def story() -> list[InvokeResponse]:
        invoker = _shadowed(serving, await _both(serving))
        answers = [
            await _ask(invoker, **{"x-amzn-sagemaker-inference-id": str(n)}) for n in range(20)
        ]
        await invoker.copies.settle()
        return answers

    answers = serving.run(story())
    assert {answer.headers[VARIANT] for answer in answers} == {"blue"}
    assert Counter(r.variant for r in serving.metrics.records) == {"blue": 20, "green": 20}
    captured = [
        (one.variant.name, one.request.headers["x-amzn-sagemaker-inference-id"])
        for one in serving.capture.invocations
    ]
    assert sorted(captured) == sorted((v, str(n)) for v in ("blue", "green") for n in range(20))


def test_a_shadow_gets_copies_by_the_share_of_its_weight(serving: Any) -> None:
    """A fourth of the production variant's weight is a fourth of the requests, as drawn."""

    async def story() -> None:
        draws = iter([n / 100 for n in range(100)] * 2)
        invoker = replace(
            _shadowed(serving, await _both(serving), weight=0.25),
            random_unit=lambda: next(draws),
        )
        for _ in range(100):
            await _ask(invoker)
        await invoker.copies.settle()

    serving.run(story())
    seen = Counter(record.variant for record in serving.metrics.records)
    # Each request takes a draw for its variant and one for the copy: 0.01, 0.03 ... 0.23, twice.
    assert seen == {"blue": 100, "green": 24}


def test_a_shadow_that_fails_dies_or_is_slow_touches_no_caller(
    serving: Any, tmp_path: Path
) -> None:
    """Errors and deaths of the shadow are in its metrics, and callers never wait for it."""
    source = """
        import os, time, json
        def model_fn(model_dir): return None
        def input_fn(body, content_type): return json.loads(body)
        def predict_fn(data, model):
            if data.get("die"): os.kill(os.getpid(), 9)
            while data.get("until") and not os.path.exists(data["until"]): time.sleep(0.01)
            raise ValueError("no")
        def output_fn(prediction, accept): return "never"
    """

    answered = tmp_path / "answered"

    async def story() -> list[int]:
        invoker = _shadowed(serving, await _both(serving, source=source))
        # The first copy ends when every caller has an answer: who waited for it would have none.
        asked = [{"until": str(answered)}, {"fail": 1}, {"die": 1}, {"fail": 2}]
        answers = [await _ask(invoker, data) for data in asked]
        answered.touch()
        await invoker.copies.settle()
        return [answer.status for answer in answers]

    assert serving.run(story()) == [200] * 4
    green = [record for record in serving.metrics.records if record.variant == "green"]
    assert len(green) == 4
    assert all(record.status >= 500 for record in green)
    assert {one.variant.name for one in serving.capture.invocations} == {"blue"}


def test_nobody_can_ask_a_shadow_by_its_name(serving: Any) -> None:
    """TargetVariant names production variants only."""

    async def story() -> InvokeResponse:
        invoker = _shadowed(serving, await _both(serving))
        return await _ask(invoker, **{"x-amzn-sagemaker-target-variant": "green"})

    assert serving.run(story()).status == 400


def test_copies_beyond_the_largest_crowd_are_dropped() -> None:
    """A shadow that cannot keep up never holds more than so many requests."""

    async def story() -> tuple[int, int]:
        gate, done = asyncio.Event(), []

        async def work() -> None:
            await gate.wait()
            done.append(1)

        copies = Copies(largest_crowd=2)
        for _ in range(5):
            copies.send(work)
        gate.set()
        await copies.settle()
        return len(done), copies.dropped

    assert asyncio.run(story()) == (2, 3)


def test_closing_ends_copies_under_way() -> None:
    """Nothing runs afterwards, whatever a shadow was doing."""

    async def story() -> int:
        copies = Copies()
        copies.send(lambda: asyncio.sleep(60))
        await copies.close()
        return len(asyncio.all_tasks())

    assert asyncio.run(story()) == 1
