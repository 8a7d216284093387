"""The test notification that each topic gets when an asynchronous endpoint is created.

Developer guide, "Create an asynchronous inference endpoint": SageMaker checks by it that the role
may publish. That the endpoint fails where it may not, and in what words, is assumed.
"""

import asyncio
from dataclasses import dataclass

from emulator.sagemaker.asynchronous import notices
from emulator.sagemaker.asynchronous.config import AsyncConfig
from emulator.sagemaker.asynchronous.processing import Stores
from emulator.sagemaker.builder import BuildFailedError
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.state import Endpoint, Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """Tells the topics of an endpoint that it is there."""

    stores: Stores

    async def send(self, tenant: Tenant, endpoint: Endpoint, variants: tuple[Variant, ...]) -> None:
        """Each topic has the message, by each model's role; BuildFailedError where one may not."""
        if endpoint.asynchronous is None:
            return
        config = AsyncConfig.of(endpoint.asynchronous)
        topics = [one for one in (config.success_topic, config.error_topic) if one is not None]
        for role in sorted({variant.model.role_arn for variant in variants}):
            for topic in dict.fromkeys(topics):
                await self._publish(role, tenant.region, topic)

    async def _publish(self, role: str, region: str, topic: str) -> None:
        try:
            await asyncio.to_thread(self.stores.publish, role, region, topic, notices.TEST)
        except Exception as error:
            raise BuildFailedError(
                f"Unable to publish a test notification to {topic}. Please ensure that the role "
                f'"{role}" has "sns:Publish" permissions: {error}'
            ) from error
