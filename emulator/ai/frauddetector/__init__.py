"""Amazon Fraud Detector: rules evaluated for real, events kept, models by naive Bayes.

Detectors, event types and what belongs to them are those of the service's own operations and those
that stacks declare (`AWS::FraudDetector::*`). External models are SageMaker endpoints, and are
invoked.
"""

from emulator.ai.frame import AiService
from emulator.ai.frauddetector.operations import FraudDetector, also_asked, resource
from emulator.ai.site import Site


def service(site: Site) -> AiService:
    """The service, which keeps everything until the cloud stops."""
    return AiService(
        name="frauddetector",
        operations=FraudDetector.of(site).operations(),
        resource=resource,
        also_asked=also_asked,
    )
