"""Puts queues into the running cloud: its clock, its metrics, its redrives, and its functions.

ministack looks for messages when one is sent, and else once a second of the wall's clock: the loop
here wakes it when a message becomes visible by the cloud's.
"""

from emulator.cloudwatch.plugin import installed
from emulator.cloudwatch.store import MetricKey, dimensions_of
from emulator.periodic import keep_doing
from emulator.queues.metrics import NAMESPACE, Publish, QueueMetrics
from emulator.queues.redrive import MoveTasks
from emulator.runtime import Runtime

LOOK_SECONDS = 1.0
"""The cloud's seconds between two looks, within the bounds of a pause in the wall's."""
_PAUSES = (0.05, 1.0)


def install(runtime: Runtime) -> None:
    """Queues keep the cloud's time and the policies of IAM from the start to the end."""
    from emulator.seams import mappings, queue_deliveries, queues  # noqa: PLC0415 - ministack

    now = runtime.clock.now
    tasks = MoveTasks(queues=queues.Redriven(), now=now)
    queues.attach(now, tasks)
    queue_deliveries.attach(now)
    mappings.attach(runtime.keeper)
    metrics = QueueMetrics(publish=_publisher(runtime))

    async def look() -> None:
        tasks.step()
        mappings.wake_for_visible_messages()
        metrics.look(now(), queues.depths)

    keep_doing(runtime, look, every_cloud_seconds=LOOK_SECONDS, pause_bounds=_PAUSES)


def _publisher(runtime: Runtime) -> Publish:
    cloudwatch = installed(runtime)

    def publish(queue: str, name: str, value: float, unit: str) -> None:
        key = MetricKey(
            account=queue.split(":")[4],
            region=queue.split(":")[3],
            namespace=NAMESPACE,
            name=name,
            dimensions=dimensions_of({"QueueName": queue.split(":")[5]}),
        )
        cloudwatch.add(key, {value: 1.0}, unit=unit)

    return publish
