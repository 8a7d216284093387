"""InvokeEndpoint on real processes: answers, the split, and each error."""

import asyncio
import json
import math
import os
import random
import signal
from dataclasses import replace
from typing import Any

import pytest

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse

ENTRY_POINT = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
}
VARIANT = "x-Amzn-Invoked-Production-Variant"


def message(response: InvokeResponse) -> str:
    """The sentence of an error."""
    return str(json.loads(response.body)["Message"])


def test_an_answer_names_its_variant_and_carries_the_containers_body(serving: Any) -> None:
    """A request is answered by the container, with the variant in a header."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        return await serving.invoke({"text": "hi"})

    response = serving.run(story())
    assert (
        response.status,
        response.headers[VARIANT],
        response.headers["Content-Type"],
    ) == (200, "blue", "application/json")
    assert json.loads(response.body)["data"] == {"text": "hi"}


def test_custom_attributes_that_the_container_sets_are_returned(serving: Any) -> None:
    """The container's X-Amzn-SageMaker-Custom-Attributes header reaches the client."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        return await serving.invoke({"attributes": "version=7"})

    attributes = serving.run(story()).headers["X-Amzn-SageMaker-Custom-Attributes"]
    assert attributes == "version=7"


def test_only_documented_headers_reach_the_container(serving: Any) -> None:
    """Authorization and unknown headers are stripped; the documented ones are passed on."""
    source = """
        from sagemaker_containers.beta.framework import worker
        def model_fn(model_dir): return None
        def transform_fn(model, body, content_type, accept):
            return worker.Response(f"{content_type}|{accept}", mimetype="text/plain")
    """

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy(source=source)))
        return await serving.invoke(accept="text/x", authorization="secret")

    assert serving.run(story()).body == b"application/json|text/x"


def test_weight_zero_gets_no_request(serving: Any) -> None:
    """A variant of weight 0 serves none of 200 requests."""

    async def story() -> set[str]:
        blue, green = await asyncio.gather(serving.healthy("blue"), serving.healthy("green"))
        serving.publish(("blue", 1, blue), ("green", 0, green))
        responses = [await serving.invoke() for _ in range(200)]
        return {response.headers[VARIANT] for response in responses}

    assert serving.run(story()) == {"blue"}


def test_ten_thousand_real_requests_split_90_to_10(serving: Any) -> None:
    """With weights 9 and 1 the processes' own answers are inside the binomial 99.9 % bounds."""
    seeded = random.Random(2026)  # noqa: S311 - a repeatable draw is wanted

    async def story() -> int:
        source = """
            import os
            def model_fn(model_dir): return os.environ["VERSION"]
            def transform_fn(model, body, content_type, accept): return model, "text/plain"
        """
        blue, green = await asyncio.gather(
            *(
                serving.healthy(name, source=source, environment={**ENTRY_POINT, "VERSION": name})
                for name in ("blue", "green")
            )
        )
        serving.publish(("blue", 9, blue), ("green", 1, green))
        invoker = replace(serving.invoker, random_unit=seeded.random)
        request = InvokeRequest(
            tenant=Tenant("123456789012", "eu-west-1"), endpoint="reviews", headers={}, body=b"1"
        )
        answers = [await invoker.invoke(request) for _ in range(10_000)]
        assert {answer.status for answer in answers} == {200}
        return sum(answer.body == b"green" for answer in answers)

    half_width = 3.2905 * math.sqrt(10_000 * 0.1 * 0.9)  # normal approximation of the 99.9 % bounds
    assert abs(serving.run(story()) - 1000) <= half_width


def test_target_variant_overrides_the_weights(serving: Any) -> None:
    """A variant that is named serves, even with weight 0."""

    async def story() -> InvokeResponse:
        blue, green = await asyncio.gather(serving.healthy("blue"), serving.healthy("green"))
        serving.publish(("blue", 1, blue), ("green", 0, green))
        return await serving.invoke(x_amzn_sagemaker_target_variant="green")

    assert serving.run(story()).headers[VARIANT] == "green"


def test_an_unknown_endpoint_is_a_validation_error(serving: Any) -> None:
    """The sentence names endpoint and account, as AWS's does."""
    response = serving.run(serving.invoke())
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, "ValidationError")
    assert message(response) == "Endpoint reviews of account 123456789012 not found."


@pytest.mark.parametrize("status", ["Creating", "Failed", "Deleting", "OutOfService"])
def test_an_endpoint_that_does_not_serve_is_not_found(serving: Any, status: str) -> None:
    """Until it is in service the runtime does not know an endpoint."""
    serving.publish(status=status)
    response = serving.run(serving.invoke())
    assert message(response) == "Endpoint reviews of account 123456789012 not found."


def test_an_unknown_variant_is_a_validation_error(serving: Any) -> None:
    """TargetVariant must name a variant of the endpoint."""
    serving.publish()
    response = serving.run(serving.invoke(x_amzn_sagemaker_target_variant="red"))
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (400, "ValidationError")
    assert "red" in message(response)


def test_all_weights_zero_is_refused(serving: Any) -> None:
    """With no weight at all nothing is drawn."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 0, await serving.healthy()))
        return await serving.invoke()

    assert serving.run(story()).status == 400


def test_an_oversize_body_is_refused_by_its_length(serving: Any) -> None:
    """One byte over 6 MB is refused with 413, before any endpoint is looked up."""
    response = serving.run(serving.invoke("x" * (6_291_456 - 1)))
    assert response.status == 413
    assert json.loads(response.body)["message"] == "HTTP content length exceeded 6291456 bytes."


def test_a_body_of_exactly_the_limit_is_served(serving: Any) -> None:
    """6,291,456 bytes reach the container."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        padding = 6_291_456 - len(json.dumps({"text": ""}))
        return await serving.invoke({"text": "x" * padding})

    assert serving.run(story()).status == 200


def test_too_long_an_inference_id_is_a_validation_error(serving: Any) -> None:
    """The service model's maximum is checked by the service, since SDKs do not."""
    response = serving.run(serving.invoke(x_amzn_sagemaker_inference_id="i" * 65))
    assert "'inferenceId'" in message(response)


def test_a_header_that_is_not_ascii_is_a_validation_error(serving: Any) -> None:
    """Custom attributes are ASCII by the service model."""
    response = serving.run(serving.invoke(x_amzn_sagemaker_custom_attributes="Ünïcode"))
    assert "'customAttributes'" in message(response)


def test_what_is_not_emulated_is_refused(serving: Any) -> None:
    """A header that would be ignored is refused by name."""
    response = serving.run(serving.invoke(x_amzn_sagemaker_inference_component="c"))
    assert "does not emulate x-amzn-sagemaker-inference-component" in message(response)


def test_target_model_needs_a_multi_model_endpoint(serving: Any) -> None:
    """TargetModel is refused with AWS's sentence."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        response: InvokeResponse = await serving.invoke(x_amzn_sagemaker_target_model="a.tar.gz")
        return response

    assert "is not a multi-model endpoint" in message(serving.run(story()))
    assert serving.metrics.records == []


def test_an_exception_in_the_users_code_is_a_model_error_500(serving: Any) -> None:
    """The container's page is quoted, and the traceback is in its log."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        response = await serving.invoke({"raise": "the slice crashed"})
        await serving.until(lambda: "the slice crashed" in serving.log_text())
        return response

    response = serving.run(story())
    document = json.loads(response.body)
    assert (response.status, response.headers["x-amzn-ErrorType"]) == (424, "ModelError")
    assert document["OriginalStatusCode"] == 500
    assert document["Message"].startswith(
        'Received server error (500) from primary with message "<!DOCTYPE HTML PUBLIC'
    )
    assert document["Message"].endswith(
        "See https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1"
        "#logEventViewer:group=/aws/sagemaker/Endpoints/reviews "
        "in account 123456789012 for more information."
    )
    assert document["LogStreamArn"].endswith(":log-group:/aws/sagemaker/Endpoints/reviews")


def test_a_4xx_of_the_container_is_a_client_error(serving: Any) -> None:
    """A 415 that the container answers is quoted as a client error."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        return await serving.invoke({"status": 415})

    said = message(serving.run(story()))
    assert said.startswith('Received client error (415) from primary with message "{')


def test_a_long_error_body_is_not_quoted(serving: Any) -> None:
    """Beyond a limit the body is said not to have been loaded."""

    async def story() -> InvokeResponse:
        serving.publish(("blue", 1, await serving.healthy()))
        return await serving.invoke({"status": 500, "text": "x" * 5000})

    assert message(serving.run(story())).startswith(
        "Received server error (500) from primary and could not load the entire response body. See"
    )


def test_a_slow_container_times_out(serving: Any) -> None:
    """After SageMaker's limit the client is told, and the process still serves."""

    async def story() -> tuple[InvokeResponse, InvokeResponse]:
        serving.publish(("blue", 1, await serving.healthy()))
        return await serving.invoke({"seconds": 1.4}), await serving.invoke()

    slow, after = serving.run(story())
    assert message(slow).startswith(
        'Received server error (0) from primary with message "Your invocation timed out while '
        "waiting for a response from container primary."
    )
    assert after.status == 200


def test_a_process_that_dies_at_work_is_a_model_error_and_is_replaced(serving: Any) -> None:
    """The request that killed it fails; a little later a new process answers."""

    async def story() -> tuple[InvokeResponse, int, int]:
        fleet = await serving.healthy()
        serving.publish(("blue", 1, fleet))
        before = fleet.instance_pids[0]
        failed = await serving.invoke({"exit": True})
        await serving.until(lambda: fleet.instance_count == 1)
        after = json.loads((await serving.invoke()).body)["pid"]
        return failed, before, after

    failed, before, after = serving.run(story())
    assert failed.status == 424
    assert "Amazon SageMaker could not get a response from the reviews endpoint." in message(failed)
    assert before != after


def test_a_killed_process_of_two_costs_no_later_request(serving: Any) -> None:
    """With another instance alive, requests after kill -9 are answered by it."""

    async def story() -> list[int]:
        fleet = await serving.healthy(instances=2)
        serving.publish(("blue", 1, fleet))
        os.kill(fleet.instance_pids[0], signal.SIGKILL)
        await serving.until(lambda: fleet.instance_count == 1)
        return [(await serving.invoke()).status for _ in range(20)]

    assert set(serving.run(story())) == {200}


def test_concurrent_requests_do_not_wait_for_each_other(serving: Any) -> None:
    """Twenty requests of 0.2 s each take less than the 4 s that they take in a row."""

    async def story() -> float:
        serving.publish(("blue", 1, await serving.healthy()))
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(serving.invoke({"seconds": 0.2}) for _ in range(20)))
        return asyncio.get_running_loop().time() - started

    assert serving.run(story()) < 4.0


def test_each_answered_request_is_recorded_once(serving: Any) -> None:
    """Status and latency reach the metrics; a refused request does not."""

    async def story() -> None:
        serving.publish(("blue", 1, await serving.healthy()))
        await serving.invoke({"seconds": 0.05})
        await serving.invoke({"status": 400})
        await serving.invoke({"exit": True})
        await serving.invoke(x_amzn_sagemaker_target_variant="red")

    serving.run(story())
    records = serving.metrics.records
    assert [(r.status, r.model_error) for r in records] == [(200, False), (400, True), (500, True)]
    assert records[0].model_latency_microseconds >= 50_000
    assert records[0].overhead_latency_microseconds > 0
    assert records[2].model_latency_microseconds is None


def test_a_request_that_meets_a_closed_fleet_reads_the_view_again(serving: Any) -> None:
    """A swap of views between look-up and dispatch loses no request."""

    async def story() -> InvokeResponse:
        old, new = await asyncio.gather(serving.healthy(), serving.healthy())
        await old.close(drain_seconds=1)
        serving.publish(("blue", 1, old))
        found = serving.views.find

        def find_then_swap(tenant: Tenant, name: str) -> Any:
            view = found(tenant, name)
            serving.publish(("blue", 1, new))
            return view

        serving.views.find = find_then_swap
        return await serving.invoke()

    assert serving.run(story()).status == 200
