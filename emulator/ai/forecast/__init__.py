"""Amazon Forecast: demand by quantile regression, in two services.

`forecast` imports, trains, tests and forecasts, `forecastquery` answers for one item.
"""

from emulator.ai.forecast.operations import Forecasting, also_asked, query_resource, resource
from emulator.ai.frame import AiService
from emulator.ai.site import Site

_WRONG_PATTERNS = frozenset({"roleArn", "predictorArn", "datasetGroupArn"})
"""The model wants an ARN of Forecast for roles, and a plain word for some ARNs of its own."""


def services(site: Site) -> tuple[AiService, AiService]:
    """Both services, which keep everything until the cloud stops."""
    forecasting = Forecasting.of(site)
    return (
        AiService(
            name="forecast",
            operations=forecasting.control(),
            validation_code="InvalidInputException",
            resource=resource,
            also_asked=also_asked,
            wrong_patterns=_WRONG_PATTERNS,
        ),
        AiService(
            name="forecastquery",
            signing_name="forecast",
            iam_prefix="forecast",
            operations=forecasting.queries(),
            validation_code="InvalidInputException",
            resource=query_resource,
        ),
    )
