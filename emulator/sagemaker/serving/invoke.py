"""InvokeEndpoint: from an authenticated request to a variant's answer.

Everything between reading the view and choosing an instance happens without awaiting, so weights,
fleets and status always come from one view. What is not known of AWS's behaviour is said where it
is decided.
"""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol, cast

from emulator.sagemaker.ports import (
    EndpointView,
    EndpointViews,
    FleetUnhealthyError,
    InvocationMetrics,
    InvocationRecord,
    TargetMissingError,
    VariantView,
)
from emulator.sagemaker.serving import errors
from emulator.sagemaker.serving.copies import Copies
from emulator.sagemaker.serving.draw import draw_variant
from emulator.sagemaker.serving.errors import INVOKED_VARIANT_HEADER, Where
from emulator.sagemaker.serving.fleet import InvocationTimeoutError, ModelFleet
from emulator.sagemaker.serving.interface import (
    ArtifactError,
    FleetClosedError,
    InvokeRequest,
    InvokeResponse,
)
from emulator.sagemaker.serving.on_demand import ConcurrencyExceededError, ServerlessFleet
from emulator.sagemaker.serving.wire import Answer, BrokenAnswerError, render

MAX_BODY_BYTES = 6_291_456
"""InvokeEndpoint's limit (service model, BodyBlob)."""
MAX_SERVERLESS_BYTES = 4_194_304
"""What a serverless variant takes (developer guide, Serverless Inference; as remembered)."""
SERVING_STATUSES = frozenset({"InService", "Updating", "SystemUpdating", "RollingBack"})
"""In all others SageMaker's runtime does not know the endpoint (assumed for Deleting, Failed)."""

CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
INFERENCE_ID = "x-amzn-sagemaker-inference-id"
TARGET_MODEL = "x-amzn-sagemaker-target-model"
TARGET_VARIANT = "x-amzn-sagemaker-target-variant"
_FORWARDED = {
    "content-type": "Content-Type",
    "accept": "Accept",
    CUSTOM_ATTRIBUTES: "X-Amzn-SageMaker-Custom-Attributes",
    INFERENCE_ID: "X-Amzn-SageMaker-Inference-Id",
    TARGET_MODEL: "X-Amzn-SageMaker-Target-Model",
}
_NOT_EMULATED = (
    "x-amzn-sagemaker-target-container-hostname",
    "x-amzn-sagemaker-inference-component",
    "x-amzn-sagemaker-enable-explanations",
    "x-amzn-sagemaker-session-id",
    "x-amzn-sagemaker-prefix-aware-id",
)
_LIMITS = (
    ("customAttributes", CUSTOM_ATTRIBUTES, 1024),
    ("inferenceId", INFERENCE_ID, 64),
    ("targetModel", TARGET_MODEL, 1024),
    ("contentType", "content-type", 1024),
    ("accept", "accept", 1024),
)
_VIEW_CHANGES = 3
"""A request that meets a fleet closed under it reads the view again, this often."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One answered invocation, as data capture sees it."""

    view: EndpointView
    variant: VariantView
    request: InvokeRequest
    answer: Answer


class Capture(Protocol):
    """Takes a copy of invocations; must return at once."""

    def offer(self, invocation: Invocation) -> None:
        """The invocation is captured if the endpoint's configuration wants it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """One request on its way."""

    where: Where
    request: InvokeRequest
    started: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Served:
    """What came of sending it to a container."""

    response: InvokeResponse
    answer: Answer | None
    model_seconds: float | None
    setup_seconds: float | None = None
    utilization: Mapping[str, float] = field(default_factory=dict)
    reached: bool = True
    """Whether it was sent to a container at all, or refused before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoker:
    """The data plane's front: answers InvokeEndpoint."""

    views: EndpointViews
    metrics: InvocationMetrics
    capture: Capture
    random_unit: Callable[[], float] = random.random
    copies: Copies = field(default_factory=Copies)

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """The response to one call, errors included; it never raises for what a client did."""
        where = Where(tenant=request.tenant, endpoint=request.endpoint)
        refused = _refusal(request)
        if refused is not None:
            return refused
        call = _Call(where=where, request=request, started=time.perf_counter())
        for _ in range(_VIEW_CHANGES):
            try:
                return await self._invoke_view(call)
            except FleetClosedError:
                continue  # the view was replaced, and its fleet closed, after it was read
        return errors.not_found(where)

    async def _invoke_view(self, call: _Call) -> InvokeResponse:
        view = self.views.find(call.request.tenant, call.request.endpoint)
        if view is None or view.status not in SERVING_STATUSES:
            return errors.not_found(call.where)
        if view.asynchronous is not None:
            return errors.validation_error(
                f"Endpoint {view.name} is an asynchronous endpoint: use InvokeEndpointAsync."
            )
        variant = self._choose(call.where, view, call.request.headers)
        if isinstance(variant, InvokeResponse):
            return variant
        served = await self._ask(call, view, variant)
        self._copy(call.request, view)
        return served.response

    async def _ask(self, call: _Call, view: EndpointView, variant: VariantView) -> _Served:
        """Send it to a variant, count it and let it be captured."""
        served = await _serve(call, variant)
        if served.reached:
            self._record(call, view, variant, served)
        if served.answer is not None and served.answer.status < 300:
            self.capture.offer(
                Invocation(view=view, variant=variant, request=call.request, answer=served.answer)
            )
        return served

    def _copy(self, request: InvokeRequest, view: EndpointView) -> None:
        """Shadows get the request by the share of their weight; the caller waits for none.

        It is sent when the answer is there: SageMaker has instances of its own for shadows, but
        here they would take the processor from the variant that the caller waits for.
        """
        total = sum(variant.weight for variant in view.variants)
        for shadow in view.shadows:
            if self.random_unit() * total < shadow.weight:
                where = Where(tenant=request.tenant, endpoint=request.endpoint)
                call = _Call(where=where, request=request, started=time.perf_counter())
                self.copies.send(partial(self._ask, call, view, shadow))

    def _choose(
        self, where: Where, view: EndpointView, headers: Mapping[str, str]
    ) -> VariantView | InvokeResponse:
        wanted = headers.get(TARGET_VARIANT)
        if wanted is None:
            drawn = draw_variant(view.variants, self.random_unit())
            return errors.no_weight(where) if drawn is None else drawn
        named = [variant for variant in view.variants if variant.name == wanted]
        if not named:
            return errors.unknown_variant(where, wanted)
        # While an update shifts traffic two fleets bear one name and share it by weight. Otherwise
        # a named variant serves whatever its weight: TargetVariant overrides the distribution.
        drawn = draw_variant(named, self.random_unit())
        return named[0] if drawn is None else drawn

    def _record(
        self, call: _Call, view: EndpointView, variant: VariantView, served: _Served
    ) -> None:
        """Count it; a container that gave no answer counts as a 500 (assumed of CloudWatch)."""
        model_seconds = 0.0 if served.model_seconds is None else served.model_seconds
        overhead_seconds = time.perf_counter() - call.started - model_seconds
        status = 500 if served.answer is None else served.answer.status
        record = InvocationRecord(
            endpoint=view.name,
            variant=variant.name,
            config=variant.config,
            status=status,
            model_error=status >= 300,
            model_latency_microseconds=(
                None if served.model_seconds is None else served.model_seconds * 1e6
            ),
            overhead_latency_microseconds=overhead_seconds * 1e6,
            setup_microseconds=(
                None if served.setup_seconds is None else served.setup_seconds * 1e6
            ),
            utilization=served.utilization,
        )
        self.metrics.record(call.request.tenant, record)


async def _serve(call: _Call, variant: VariantView) -> _Served:
    misled = _misled(call, variant)
    if misled is not None:
        return _refused(misled)
    if isinstance(variant.fleet, ServerlessFleet):
        return await _serve_on_demand(call, variant, variant.fleet)
    # Every other fleet of a view comes from ModelFleets.
    return await _asked(call, variant, cast("ModelFleet", variant.fleet))


def _misled(call: _Call, variant: VariantView) -> InvokeResponse | None:
    """The answer to a request that names a model where there is one, or none where there are many.

    That an empty name counts as none is assumed.
    """
    fleet = cast("ModelFleet | ServerlessFleet", variant.fleet)
    several = fleet.spec.model.targets is not None
    target = call.request.headers.get(TARGET_MODEL)
    if several and not target:
        return errors.no_target_model(call.request.request_id)
    return errors.not_multi_model(call.where) if target is not None and not several else None


async def _serve_on_demand(call: _Call, variant: VariantView, fleet: ServerlessFleet) -> _Served:
    """By an environment of its own; a request beyond the concurrency is refused and not counted.

    That such a one is in no metric of invocations is assumed: no container had it.
    """
    if len(call.request.body) > MAX_SERVERLESS_BYTES:
        return _refused(errors.too_large(MAX_SERVERLESS_BYTES))
    try:
        environment = await fleet.lease()
    except ConcurrencyExceededError:
        return _refused(errors.throttled(call.where))
    except FleetUnhealthyError:
        response = errors.no_response(call.where, variant.name)
        return _Served(response=response, answer=None, model_seconds=None)
    used = {"ServerlessConcurrentExecutionsUtilization": fleet.utilization}
    if fleet.provisioned_utilization is not None:
        used["ServerlessProvisionedConcurrencyUtilization"] = fleet.provisioned_utilization
    setup = environment.setup_seconds
    try:
        served = await _asked(call, variant, environment.fleet)
    finally:
        fleet.give_back(environment)
    return replace(served, setup_seconds=setup, utilization=used)


def _refused(response: InvokeResponse) -> _Served:
    return _Served(response=response, answer=None, model_seconds=None, reached=False)


async def _asked(call: _Call, variant: VariantView, fleet: ModelFleet) -> _Served:
    sent = time.perf_counter()
    answer: Answer | None = None
    try:
        answer = await fleet.invoke(_forwarded(call.request))
        response = _response(call.where, variant.name, answer)
    except InvocationTimeoutError:
        response = errors.timed_out(call.where, variant.name)
    except BrokenAnswerError as error:
        response = _broken(call.where, variant.name, error.status)
    except ConnectionError:
        response = errors.no_response(call.where, variant.name)
    except TargetMissingError as error:
        return _refused(errors.target_missing(bucket=error.bucket, key=error.key))
    except ArtifactError as error:  # how AWS tells of a target that is no archive is not known
        return _refused(errors.validation_error(str(error)))
    seconds = None if answer is None else time.perf_counter() - sent
    return _Served(response=response, answer=answer, model_seconds=seconds)


def _refusal(request: InvokeRequest) -> InvokeResponse | None:
    """The answer to a request that no endpoint would take."""
    if len(request.body) > MAX_BODY_BYTES:
        return errors.too_large(MAX_BODY_BYTES)
    for member, header, limit in _LIMITS:
        value = request.headers.get(header, "")
        if len(value) > limit:
            return errors.too_long(member, value, limit)
        if not value.isascii():
            return errors.not_ascii(member, value)
    unknown = [header for header in _NOT_EMULATED if header in request.headers]
    return errors.not_emulated(unknown) if unknown else None


def _forwarded(request: InvokeRequest) -> bytes:
    """What the container gets: the body and the documented headers, all others are stripped."""
    headers = {
        sent: request.headers[name] for name, sent in _FORWARDED.items() if name in request.headers
    }
    return render("POST", "/invocations", headers, request.body)


def _response(where: Where, variant: str, answer: Answer) -> InvokeResponse:
    if not 200 <= answer.status < 300:
        return errors.container_error(where, variant, status=answer.status, body=answer.body)
    headers = {INVOKED_VARIANT_HEADER: variant}
    if "content-type" in answer.headers:
        headers["Content-Type"] = answer.headers["content-type"]
    if CUSTOM_ATTRIBUTES in answer.headers:
        headers[_FORWARDED[CUSTOM_ATTRIBUTES]] = answer.headers[CUSTOM_ATTRIBUTES]
    return InvokeResponse(status=200, headers=headers, body=answer.body)


def _broken(where: Where, variant: str, status: int | None) -> InvokeResponse:
    """An answer that broke off: AWS quotes the status if it came that far."""
    if status is None:
        return errors.no_response(where, variant)
    return errors.container_error(where, variant, status=status, body=None)
