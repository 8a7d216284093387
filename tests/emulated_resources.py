"""A template with every resource type that the product uses, and a few that are only recorded."""

from typing import Any

ACCOUNT, REGION = "000000000000", "us-east-1"


def _allow(*actions: str, resource: Any = "*") -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _assumed_by(*services: str) -> dict[str, Any]:
    names = [f"{service}.amazonaws.com" for service in services]
    statement = {"Effect": "Allow", "Principal": {"Service": names}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _arn(logical_id: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def _ref(logical_id: str) -> dict[str, Any]:
    return {"Ref": logical_id}


CODE = "def handle(event, context):\n    return {'statusCode': 200}\n"
PASS = '{"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": "${Word}", "End": true}}}'

IDENTITY = {
    "Role": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": _assumed_by(
                "lambda", "states", "events", "sagemaker", "apigateway"
            ),
            "Policies": [{"PolicyName": "inline", "PolicyDocument": _allow("logs:PutLogEvents")}],
        },
    },
    "Policy": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "named",
            "PolicyDocument": _allow("dynamodb:GetItem", resource=_arn("Table")),
            "Roles": [_ref("Role")],
        },
    },
    "ManagedPolicy": {
        "Type": "AWS::IAM::ManagedPolicy",
        "Properties": {"PolicyDocument": _allow("s3:GetObject"), "Roles": [_ref("Role")]},
    },
}
STORAGE = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                        "Action": "kms:*",
                        "Resource": "*",
                    }
                ],
            },
        },
    },
    "KeyAlias": {
        "Type": "AWS::KMS::Alias",
        "Properties": {"AliasName": "alias/everything", "TargetKeyId": _ref("Key")},
    },
    "Table": {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            "BillingMode": "PAY_PER_REQUEST",
            "TimeToLiveSpecification": {"AttributeName": "expires", "Enabled": True},
            "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True},
            "SSESpecification": {
                "SSEEnabled": True,
                "SSEType": "KMS",
                "KMSMasterKeyId": _arn("Key"),
            },
            "StreamSpecification": {"StreamViewType": "NEW_IMAGE"},
        },
    },
    "Bucket": {
        "Type": "AWS::S3::Bucket",
        "Properties": {
            "VersioningConfiguration": {"Status": "Enabled"},
            "BucketEncryption": {
                "ServerSideEncryptionConfiguration": [
                    {
                        "ServerSideEncryptionByDefault": {
                            "SSEAlgorithm": "aws:kms",
                            "KMSMasterKeyID": _arn("Key"),
                        }
                    }
                ]
            },
            "PublicAccessBlockConfiguration": {
                "BlockPublicAcls": True,
                "BlockPublicPolicy": True,
                "IgnorePublicAcls": True,
                "RestrictPublicBuckets": True,
            },
            "LifecycleConfiguration": {
                "Rules": [{"Id": "old", "Status": "Enabled", "ExpirationInDays": 30}]
            },
        },
    },
    "BucketPolicy": {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": _ref("Bucket"),
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Effect": "Deny",
                        "Principal": {"AWS": "*"},
                        "Action": "s3:*",
                        "Resource": [_arn("Bucket"), {"Fn::Sub": "${Bucket.Arn}/*"}],
                        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                    }
                ],
            },
        },
    },
    "Parameter": {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Type": "String", "Name": "/everything/live", "Value": "blue"},
    },
    "Secret": {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {
            "KmsKeyId": _arn("Key"),
            "GenerateSecretString": {"PasswordLength": 40, "ExcludePunctuation": True},
        },
    },
}
COMPUTE = {
    "LogGroup": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "/aws/lambda/everything", "RetentionInDays": 14},
    },
    "Function": {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": "everything",
            "Runtime": "python3.13",
            "Handler": "index.handle",
            "Role": _arn("Role"),
            "Code": {"ZipFile": CODE},
            "MemorySize": 256,
            "Architectures": ["arm64"],
            "TracingConfig": {"Mode": "Active"},
            "LoggingConfig": {"LogGroup": _ref("LogGroup"), "LogFormat": "JSON"},
        },
    },
    "Permission": {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": _arn("Function"),
            "Principal": "logs.amazonaws.com",
            "SourceArn": _arn("LogGroup"),
        },
    },
    "Version": {
        "Type": "AWS::Lambda::Version",
        "Properties": {"FunctionName": _ref("Function")},
    },
    "Alias": {
        "Type": "AWS::Lambda::Alias",
        "Properties": {
            "FunctionName": _ref("Function"),
            "FunctionVersion": {"Fn::GetAtt": ["Version", "Version"]},
            "Name": "live",
        },
    },
    "SubscriptionFilter": {
        "Type": "AWS::Logs::SubscriptionFilter",
        "DependsOn": "Permission",
        "Properties": {
            "LogGroupName": _ref("LogGroup"),
            "FilterPattern": '{ $.kind = "request" }',
            "DestinationArn": _arn("Function"),
        },
    },
    "MachineLogs": {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": "/aws/vendedlogs/states/everything"},
    },
    "Machine": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": _arn("Role"),
            "DefinitionString": PASS,
            "DefinitionSubstitutions": {"Word": "hello"},
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": True,
                "Destinations": [{"CloudWatchLogsLogGroup": {"LogGroupArn": _arn("MachineLogs")}}],
            },
            "TracingConfiguration": {"Enabled": True},
        },
    },
    "MachineFromBucket": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "RoleArn": _arn("Role"),
            "DefinitionS3Location": {"Bucket": "definitions", "Key": "pass.json"},
            "DefinitionSubstitutions": {"Word": "from a bucket"},
        },
    },
}
EDGE = {
    "Api": {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {"Name": "everything", "ProtocolType": "HTTP"},
    },
    "Integration": {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": _ref("Api"),
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": _arn("Function"),
            "PayloadFormatVersion": "2.0",
        },
    },
    "Route": {
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": _ref("Api"),
            "RouteKey": "POST /route",
            "AuthorizationType": "AWS_IAM",
            "Target": {"Fn::Join": ["/", ["integrations", _ref("Integration")]]},
        },
    },
    "Stage": {
        "Type": "AWS::ApiGatewayV2::Stage",
        "Properties": {
            "ApiId": _ref("Api"),
            "StageName": "$default",
            "AutoDeploy": True,
            "AccessLogSettings": {"DestinationArn": _arn("LogGroup"), "Format": "$context.status"},
        },
    },
    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"KmsMasterKeyId": _ref("Key")}},
    "Rule": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventPattern": {"source": ["aws.sagemaker"]},
            "State": "ENABLED",
            "Targets": [{"Arn": _ref("Topic"), "Id": "topic"}],
        },
    },
    "Alarm": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "Namespace": "AWS/SageMaker",
            "MetricName": "Invocation5XXErrors",
            "Dimensions": [{"Name": "EndpointName", "Value": "e"}],
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 1,
            "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            "TreatMissingData": "notBreaching",
            "AlarmActions": [_ref("Topic")],
        },
    },
    "Dashboard": {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardBody": '{"widgets": []}'},
    },
}
RECORDED = {
    "Target": {
        "Type": "AWS::ApplicationAutoScaling::ScalableTarget",
        "Properties": {
            "MinCapacity": 1,
            "MaxCapacity": "4",
            "ResourceId": "endpoint/e/variant/blue",
            "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
            "ServiceNamespace": "sagemaker",
        },
    },
    "Scaling": {
        "Type": "AWS::ApplicationAutoScaling::ScalingPolicy",
        "Properties": {
            "PolicyName": "per-instance",
            "PolicyType": "TargetTrackingScaling",
            "ScalingTargetId": _ref("Target"),
            "TargetTrackingScalingPolicyConfiguration": {
                "TargetValue": 70,
                "PredefinedMetricSpecification": {
                    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"
                },
            },
        },
    },
    "Group": {
        "Type": "AWS::SageMaker::ModelPackageGroup",
        "Properties": {"ModelPackageGroupName": "phishing"},
    },
}
RESOURCES = {**IDENTITY, **STORAGE, **COMPUTE, **EDGE, **RECORDED}
