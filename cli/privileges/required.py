"""Rights that AWS needs and nothing on this machine misses, each with its source.

The stories of `make accept` hold this list to be exact: with one of these taken away a role's
stories still pass here, and with any other one they fail.
"""

from collections.abc import Mapping

from cli.privileges.rights import Right

_FUNCTION_LOG = (
    "Lambda developer guide, 'Sending Lambda function logs to CloudWatch Logs': permissions of "
    "the execution role; the embedded cloud writes logs itself"
)
_STREAM = (
    "Lambda developer guide, 'Processing DynamoDB streams': permissions of the execution role; "
    "the embedded cloud reads the stream itself"
)
_MACHINE_LOG = (
    "Step Functions developer guide, 'Logging using CloudWatch Logs': permissions of the "
    "machine's role; log delivery is not emulated"
)
_CHILD_RULE = (
    "Step Functions developer guide, 'Service integration policies', startExecution.sync: the "
    "managed rule that tells the parent of the child's end; the embedded cloud polls instead"
)
_CHILD_STOP = (
    "Step Functions developer guide, 'Service integration policies', startExecution.sync: a "
    "stopped parent stops its child; the embedded cloud leaves the child to end by itself"
)
_IMAGE = (
    "SageMaker developer guide, 'CreateModel API: Execution Role Permissions'; containers of the "
    "embedded cloud are processes of this machine, no image is pulled"
)
_HOSTING_LOG = (
    "SageMaker developer guide, 'CreateModel API: Execution Role Permissions'; the embedded cloud "
    "writes the containers' logs and metrics itself"
)

_TRANSFORM_RULE = (
    "Step Functions developer guide, 'Service integration policies', createTransformJob.sync: the "
    "managed rule that tells of the job's end, and its tags; the embedded cloud polls instead"
)
_TRANSFORM_STOP = (
    "Step Functions developer guide, 'Service integration policies', createTransformJob.sync: a "
    "stopped execution stops its job"
)
_MISSING_OBJECT = (
    "S3 API reference, HeadObject: without s3:ListBucket a missing object is told to be forbidden; "
    "the embedded cloud says that it is missing"
)
_TRANSFORM_LIST = (
    "SageMaker developer guide, 'CreateModel API: Execution Role Permissions': data of batch "
    "transform; objects that a manifest names are not listed here"
)
_TRANSFORM_ABORT = (
    "S3 user guide, 'Multipart upload API and permissions': a result that fails after its first "
    "part; the stories' results have one part"
)

_LABELLING = (
    "SageMaker developer guide, 'Create a SageMaker execution role for a Ground Truth labeling "
    "job': built-in task types (non-streaming); jobs of the embedded cloud write no logs, metrics "
    "or large objects"
)
_JOB_IMAGE = (
    "SageMaker developer guide, 'CreateTrainingJob API: Execution Role Permissions' and "
    "'CreateProcessingJob API: Execution Role Permissions'; jobs of the embedded cloud are "
    "processes of this machine, no image is pulled"
)
_JOB_LOG = (
    "SageMaker developer guide, 'CreateTrainingJob API: Execution Role Permissions' and "
    "'CreateProcessingJob API: Execution Role Permissions'; the embedded cloud writes logs and "
    "metrics of jobs itself"
)
_JOB_TAGS = (
    "SageMaker developer guide, 'Pipelines access management': steps tag the jobs that they "
    "create; the embedded cloud tags none"
)
_JOB_NETWORK = (
    "SageMaker developer guide, 'CreateTrainingJob API: Execution Role Permissions': network "
    "interfaces of jobs in a VPC; the embedded cloud has no networks"
)
_NETWORK = (
    *("ec2:CreateNetworkInterface", "ec2:CreateNetworkInterfacePermission"),
    *("ec2:DeleteNetworkInterface", "ec2:DeleteNetworkInterfacePermission"),
    *("ec2:DescribeNetworkInterfaces", "ec2:DescribeVpcs", "ec2:DescribeDhcpOptions"),
    *("ec2:DescribeSubnets", "ec2:DescribeSecurityGroups"),
)
_ARTIFACT_STORE = (
    "CodePipeline User Guide, 'CodePipeline service role policy', and CodeBuild User Guide, 'Allow "
    "CodeBuild to interact with other AWS services': whose the bucket is and where it is, before "
    "it is used; not looked at here"
)
_ARTIFACT_READ = (
    "CodePipeline User Guide, 'CodePipeline service role policy': artifacts are read back by the "
    "pipeline too; here builds alone read them"
)
_ARTIFACT_VERSION = (
    "CodeBuild User Guide, 'Allow CodeBuild to interact with other AWS services': an object that "
    "is named with its version; artifacts here are named without"
)
_ARTIFACT_KEY = (
    "CodePipeline User Guide, 'Configure server-side encryption for artifacts': objects under a "
    "key of one's own; keys are not asked for rights here"
)
_TWO_NAMES = (
    "Developer Tools console User Guide, 'Connections rename': connections of the former name are "
    "used under the former action"
)

_LATER_ANSWERS = (
    "SageMaker developer guide, 'Asynchronous inference: complete the prerequisites': permissions "
    "of the execution role; answers here are written in one part, and no bucket is listed"
)

_VECTOR_INDEX = (
    "Bedrock user guide, 'Permissions to access your vector store in Amazon S3 Vectors': the role "
    "of a knowledge base; the embedded cloud knows what the index is"
)

_INDEX_METRICS = (
    "Kendra developer guide, 'IAM access roles for Amazon Kendra', roles for indexes: metrics of "
    "the index; the embedded cloud writes none"
)

_LISTED_IMPORT = (
    "Personalize developer guide, 'Giving Amazon Personalize access to Amazon S3 resources': the "
    "role lists the bucket; the embedded cloud reads the one file that an import names"
)

_NOTEBOOK_LOG = (
    "SageMaker developer guide, 'CreateNotebookInstance API: Execution Role Permissions': logs of "
    "Jupyter and of lifecycle scripts; the embedded cloud keeps the former in a file and runs no "
    "scripts"
)

_INTERFACES = (
    "Lambda developer guide, 'Giving Lambda functions access to resources in an Amazon VPC': "
    "permissions of the execution role; functions of the embedded cloud need no network interface"
)
_INSTANCE_IMAGE = (
    "ECR user guide, 'Private repository policies' and 'Using Amazon ECR images': who pulls an "
    "image; containers of the embedded cloud are processes of this machine, no image is pulled"
)
_INSTANCE_LOG = (
    "Docker's documentation, 'Amazon CloudWatch Logs logging driver': the instance's role; the "
    "embedded cloud writes the containers' logs itself"
)
_SESSION = (
    "Systems Manager user guide, 'Create a custom IAM role for Session Manager'; nobody opens a "
    "session on what is no machine"
)

_LAUNCHED = (
    "EC2 Auto Scaling user guide, 'Control Amazon EC2 launch template usage in Auto Scaling "
    "groups', and Service Authorization Reference, 'Actions, resources, and condition keys for "
    "Amazon EC2': what RunInstances makes or names; the embedded cloud asks about the template and "
    "instances"
)
_LAUNCHED_KINDS = ("image", "network-interface", "security-group", "subnet", "volume")

_BUCKET_PLACE = (
    "Greengrass developer guide, 'Authorize core devices to interact with AWS services': where a "
    "bucket is, before artifacts are downloaded; devices of the embedded cloud do not ask"
)

_AGENT = (
    "CodeGuru Profiler user guide, 'Managed policies', AmazonCodeGuruProfilerAgentAccess: what the "
    "agent asks and posts; it is the same in every function, and a story proves both of the "
    "router's role"
)
_AGENTS_ACTIONS = frozenset(
    {"codeguru-profiler:ConfigureAgent", "codeguru-profiler:PostAgentProfile"}
)
_PROVEN_AGENT = "RouteRequestRole"

_IMAGE_PULLS = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetAuthorizationToken",
    "ecr:GetDownloadUrlForLayer",
)
_LOGGING = (
    "cloudwatch:PutMetricData",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)
_EVERY_FUNCTION = dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), _FUNCTION_LOG)
_EVERY_MACHINE = dict.fromkeys(
    (
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    ),
    _MACHINE_LOG,
)
_EVERY_STORE = {
    **dict.fromkeys(("s3:GetBucketAcl", "s3:GetBucketLocation"), _ARTIFACT_STORE),
    **dict.fromkeys(("kms:Decrypt", "kms:GenerateDataKey"), _ARTIFACT_KEY),
}
_EVERY_BUILD = {**_EVERY_STORE, "s3:GetObjectVersion": _ARTIFACT_VERSION}
_BATCH_FUNCTIONS = ("ValidateBatch", "PlanBatch", "CollectBatch", "CompareBatch", "ReportBatch")
_BY_RIGHT: Mapping[tuple[str, str, str], str] = {
    **{
        (role, "ec2:RunInstances", f"ec2 {kind}"): _LAUNCHED
        for role in ("ShiftTrafficRole", "SettleReleaseRole", "VerifyReleaseRole")
        for kind in _LAUNCHED_KINDS
    },
    **{
        (f"{function}Role", "s3:ListBucket", "BatchBucket"): _MISSING_OBJECT
        for function in _BATCH_FUNCTIONS
    },
    **{
        (role, "s3:ListBucket", "Files"): _MISSING_OBJECT
        for role in ("AnswerAiRequestRole", "DoAiWorkRole")
    },
    ("IndexRole", "s3vectors:GetIndex", "VectorIndex"): _VECTOR_INDEX,
    ("IndexRole", "cloudwatch:PutMetricData", "*"): _INDEX_METRICS,
    ("RouteRequestRole", "s3:ListBucket", "s3 bucket"): _MISSING_OBJECT,
    ("CollectAnswerRole", "s3:ListBucket", "s3 bucket"): _MISSING_OBJECT,
    ("ExecutionRole", "s3:ListBucket", "AnswerBucket"): _LATER_ANSWERS,
    ("ExecutionRole", "s3:AbortMultipartUpload", "AnswerBucket objects"): _LATER_ANSWERS,
    ("PipelineRole", "s3:GetObject", "Artifacts objects"): _ARTIFACT_READ,
    ("PipelineRole", "s3:GetObjectVersion", "Artifacts objects"): _ARTIFACT_READ,
}
_CONTAINERS = {
    **dict.fromkeys(_IMAGE_PULLS, _IMAGE),
    **dict.fromkeys(_LOGGING, _HOSTING_LOG),
}
"""Of whatever runs a model's containers."""

_BY_ROLE: Mapping[str, Mapping[str, str]] = {
    "AnnounceReleaseRole": dict.fromkeys(
        (
            "dynamodb:DescribeStream",
            "dynamodb:GetRecords",
            "dynamodb:GetShardIterator",
            "dynamodb:ListStreams",
        ),
        _STREAM,
    ),
    "PipelineRole": {**_EVERY_STORE, "codestar-connections:UseConnection": _TWO_NAMES},
    "PipelineRead": {"s3:ListBucket": _MISSING_OBJECT},
    "ChecksBuildRole": _EVERY_BUILD,
    "DeployBuildRole": _EVERY_BUILD,
    "EvidenceBuildRole": _EVERY_BUILD,
    "ReviewBuildRole": _EVERY_BUILD,
    "ReleaseMachineRole": {
        **dict.fromkeys(
            ("events:DescribeRule", "events:PutRule", "events:PutTargets"), _CHILD_RULE
        ),
        "states:StopExecution": _CHILD_STOP,
    },
    "BatchMachineRole": {
        **dict.fromkeys(
            (
                "events:DescribeRule",
                "events:PutRule",
                "events:PutTargets",
                "sagemaker:ListTags",
            ),
            _TRANSFORM_RULE,
        ),
        "sagemaker:StopTransformJob": _TRANSFORM_STOP,
    },
    "TrainingRole": {"sagemaker:AddTags": _JOB_TAGS},
    "JobRole": {
        **dict.fromkeys(_IMAGE_PULLS, _JOB_IMAGE),
        **dict.fromkeys(_LOGGING, _JOB_LOG),
        **dict.fromkeys(_NETWORK, _JOB_NETWORK),
    },
    "TransformRole": {
        **_CONTAINERS,
        "s3:ListBucket": _TRANSFORM_LIST,
        "s3:AbortMultipartUpload": _TRANSFORM_ABORT,
    },
    "ExecutionRole": _CONTAINERS,
    "ForecastRole": _CONTAINERS,
    "GroundTruthRole": {
        "s3:ListBucket": _MISSING_OBJECT,
        **dict.fromkeys(
            (
                "cloudwatch:PutMetricData",
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "s3:AbortMultipartUpload",
            ),
            _LABELLING,
        ),
    },
    "NotebookRole": dict.fromkeys(
        (
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        ),
        _NOTEBOOK_LOG,
    ),
    "DataRole": {"s3:ListBucket": _LISTED_IMPORT},
    "DeviceRole": {"s3:GetBucketLocation": _BUCKET_PLACE},
    "AskFleetRole": dict.fromkeys(
        (
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ),
        _INTERFACES,
    ),
    "InstanceRole": {
        **dict.fromkeys(_IMAGE_PULLS, _INSTANCE_IMAGE),
        **dict.fromkeys(("logs:CreateLogStream", "logs:PutLogEvents"), _INSTANCE_LOG),
        **dict.fromkeys(
            (
                "ssm:UpdateInstanceInformation",
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ),
            _SESSION,
        ),
    },
}


def source_of(right: Right) -> str | None:
    """Where AWS says that the right is needed; None for one that a story has to prove."""
    by_right = _BY_RIGHT.get((right.role, right.action, right.resource))
    if by_right is not None:
        return by_right
    by_role = _BY_ROLE.get(right.role, {})
    if right.action in by_role:
        return by_role[right.action]
    if right.action in _AGENTS_ACTIONS:
        return None if right.role == _PROVEN_AGENT else _AGENT
    if right.role.endswith("MachineRole"):
        return _EVERY_MACHINE.get(right.action)
    own_log = right.resource == f"{right.role.removesuffix('Role')}Log"
    # Builds write their logs under their role here too.
    of_function = own_log and not right.role.endswith("BuildRole")
    return _EVERY_FUNCTION.get(right.action) if of_function else None
