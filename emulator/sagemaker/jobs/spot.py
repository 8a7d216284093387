"""The switch that takes spot capacity away from a training job: AWS does that by itself.

`PUT /_embedded/spot/JOB` is signed for the service `embedded-cloud`, which AWS does not have, and
needs `embedded-cloud:InterruptSpot`. The job is interrupted once: its program is asked to end, and
begins again with the checkpoints that it left.
"""

from emulator.ai.control import NAME
from emulator.ai.control import SPOT_PATH as PATH
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.jobs.operations import JobOperations
from emulator.sagemaker.names import Tenant
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)

ACTION = f"{NAME}:InterruptSpot"


def spot_service(training: JobOperations) -> Service:
    """The service that interrupts training jobs on spot capacity."""

    async def handle(request: Request) -> Response:
        tenant = Tenant(request.account, request.region)
        name = request.path.removeprefix(PATH)
        try:
            job = training.job(tenant, name)
        except SageMakerError as error:
            return error_response("ResourceNotFoundException", str(error), status=404)
        controls = training.controls.get(job.arn)
        if not job.request.get("EnableManagedSpotTraining", False):
            return error_response("ValidationException", f"{name} does not run on spot capacity")
        if controls is None or job.transitions[-1].status != "Training":
            said = f"{name} does not train now: {job.transitions[-1].status}"
            return error_response("ValidationException", said)
        controls.interrupt.set()
        return json_response({"TrainingJobName": job.name})

    return Service(
        name=f"{NAME}-spot",
        signing_name=NAME,
        claims=lambda method, path, _headers: method == "PUT" and path.startswith(PATH),
        permissions=lambda _request: [Permission(action=ACTION)],
        handle=handle,
        denied_status=403,
    )
