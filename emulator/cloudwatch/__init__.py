"""CloudWatch of the embedded cloud: metrics with exact dimensions, and alarms that evaluate.

ministack keeps the alarms' records, tags, composite rules and dashboards; datapoints, statistics,
metric math and the evaluation of metric alarms are ours. All times are those of the cloud's clock.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """CloudWatch answers from our datapoints and its alarms are evaluated while the cloud runs."""
    from emulator.cloudwatch.plugin import install_metrics  # noqa: PLC0415 - imports ministack

    install_metrics(runtime)
