"""A definition that processes, trains, evaluates and registers, over the programs of a `Shop`."""

import json
import uuid
from typing import Any

from tests.emulated_hosting import IMAGE
from tests.emulated_jobs import Shop, channel, processing_input, processing_output
from tests.polling import until

EVALUATE = """
import json, pathlib, tarfile
root = pathlib.Path("@ROOT@")
with tarfile.open(root / "model" / "model.tar.gz") as archive:
    model = json.load(archive.extractfile("model.json"))
report = {"metrics": {"rows": {"value": len(model["rows"])}}}
(root / "evaluation" / "evaluation.json").write_text(json.dumps(report))
"""
OVER = {"Succeeded", "Failed", "Stopped"}


def get(path: str) -> dict[str, str]:
    """A reference."""
    return {"Get": path}


def step(name: str, kind: str, arguments: Any, **more: Any) -> dict[str, Any]:
    """One step."""
    return {"Name": name, "Type": kind, "Arguments": arguments, **more}


class Line:
    """A pipeline over the programs of a shop, with a role of its own."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.sagemaker = shop.sagemaker
        self.name = f"line-{shop.mark}"
        self.group = f"group-{shop.mark}"
        code = EVALUATE.replace('"@ROOT@"', "__file__.rpartition('/code/')[0]")
        shop.put("code/evaluate.py", code)
        self.sagemaker.create_model_package_group(ModelPackageGroupName=self.group)
        shop.allow(*shop.usual(), *self.rights())

    def rights(self) -> list[dict[str, Any]]:
        """What the role needs for its steps."""
        verbs = ("CreateProcessingJob", "DescribeProcessingJob", "StopProcessingJob")
        more = ("CreateTrainingJob", "DescribeTrainingJob", "StopTrainingJob")
        packages = ("CreateModelPackage", "DescribeModelPackage")
        actions = [f"sagemaker:{verb}" for verb in (*verbs, *more, *packages)]
        return [
            {"Action": actions, "Resource": "*"},
            {"Action": "iam:PassRole", "Resource": self.shop.role},
        ]

    def definition(self, **more: Any) -> dict[str, Any]:
        """Process -> train -> evaluate -> condition -> register or fail."""
        return {
            "Version": "2020-12-01",
            "Parameters": [
                {"Name": "Least", "Type": "Integer", "DefaultValue": 3},
                {"Name": "Behaviour", "Type": "String", "DefaultValue": "plain"},
            ],
            "Steps": self.steps(),
            **more,
        }

    def steps(self) -> list[dict[str, Any]]:
        """The five steps, in another order than they run in."""
        return [self._decide(), self._evaluate(), self._train(), self._process()]

    def _process(self) -> dict[str, Any]:
        request = self.shop.processing()
        del request["ProcessingJobName"]
        place = {
            "Std:Join": {
                "On": "/",
                "Values": [self.shop.uri("runs"), get("Execution.PipelineExecutionId"), "out"],
            }
        }
        request["ProcessingOutputConfig"]["Outputs"] = [processing_output("out", "")]
        request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = place
        return step("Process", "Processing", request)

    def _train(self) -> dict[str, Any]:
        request = self.shop.training()
        del request["TrainingJobName"]
        request["HyperParameters"]["behaviour"] = get("Parameters.Behaviour")
        data = channel("train", "")
        data["DataSource"]["S3DataSource"]["S3Uri"] = get(
            "Steps.Process.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"
        )
        request["InputDataConfig"] = [data]
        return step("Train", "Training", request)

    def _evaluate(self) -> dict[str, Any]:
        request = self.shop.processing()
        name = request.pop("ProcessingJobName")
        request["AppSpecification"] = {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/evaluate.py"],
        }
        model = processing_input("model", "")
        model["S3Input"]["S3Uri"] = get("Steps.Train.ModelArtifacts.S3ModelArtifacts")
        code = processing_input("code", self.shop.uri("code/evaluate.py"))
        request["ProcessingInputs"] = [code, model]
        output = processing_output("evaluation", self.shop.uri(f"evaluated/{name}"))
        request["ProcessingOutputConfig"] = {"Outputs": [output]}
        file = {
            "PropertyFileName": "Report",
            "OutputName": "evaluation",
            "FilePath": "evaluation.json",
        }
        return step("Evaluate", "Processing", request, PropertyFiles=[file])

    def _decide(self) -> dict[str, Any]:
        measured = {
            "Std:JsonGet": {
                "PropertyFile": get("Steps.Evaluate.PropertyFiles.Report"),
                "Path": "metrics.rows.value",
            }
        }
        condition = {
            "Type": "GreaterThanOrEqualTo",
            "LeftValue": measured,
            "RightValue": get("Parameters.Least"),
        }
        message = {"Std:Join": {"On": " ", "Values": ["only", measured, "rows"]}}
        arguments = {
            "Conditions": [condition],
            "IfSteps": [self._register()],
            "ElseSteps": [step("Refuse", "Fail", {"ErrorMessage": message})],
        }
        return step("Decide", "Condition", arguments)

    def _register(self) -> dict[str, Any]:
        container = {
            "Image": IMAGE,
            "ModelDataUrl": get("Steps.Train.ModelArtifacts.S3ModelArtifacts"),
        }
        arguments = {
            "ModelPackageGroupName": self.group,
            "ModelApprovalStatus": "PendingManualApproval",
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
        }
        return step("Register", "RegisterModel", arguments)

    def create(self, definition: Any = None, **more: Any) -> str:
        """The pipeline exists; its ARN."""
        wanted = self.definition() if definition is None else definition
        answer = self.sagemaker.create_pipeline(
            **{
                "PipelineName": self.name,
                "PipelineDefinition": json.dumps(wanted),
                "RoleArn": self.shop.role,
                "ClientRequestToken": uuid.uuid4().hex,
                **more,
            }
        )
        return str(answer["PipelineArn"])

    def start(self, **parameters: str) -> str:
        """The ARN of an execution."""
        listed = [{"Name": name, "Value": value} for name, value in parameters.items()]
        answer = self.sagemaker.start_pipeline_execution(
            PipelineName=self.name, PipelineParameters=listed
        )
        return str(answer["PipelineExecutionArn"])

    def ended(self, arn: str) -> dict[str, Any]:
        """The description of the execution once it is over."""

        def found() -> dict[str, Any] | None:
            told: dict[str, Any] = self.sagemaker.describe_pipeline_execution(
                PipelineExecutionArn=arn
            )
            return told if told["PipelineExecutionStatus"] in OVER else None

        return until(found, seconds=90, what=f"execution {arn} ended")

    def steps_of(self, arn: str) -> dict[str, dict[str, Any]]:
        """What the execution says of its steps, by name."""
        listed = self.sagemaker.list_pipeline_execution_steps(PipelineExecutionArn=arn)
        return {each["StepName"]: each for each in listed["PipelineExecutionSteps"]}
