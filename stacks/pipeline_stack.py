"""The stack of a project's pipeline: integration, delivery or deployment, by one word.

Source, checks, then a stage of the pipeline for each stage of the project: deploy, release, verify.
The very same stacks are deployed in each, synthesized just before with the stage's live pointers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from aws_cdk import Environment, Stack
from constructs import Construct

from stacks.components.arns import allow, policy, sub, trust
from stacks.components.blueprint import Blueprint, Kept, att, ref
from stacks.components.bucket import objects_in
from stacks.components.delivery_machine import stage_arn
from stacks.components.pipeline_actions import (
    BUILT,
    SOURCE,
    Action,
    Target,
    action,
    approval_stage,
    build_action,
    delivery_stage,
)
from stacks.components.pipeline_builds import BuildProps, add_build, take
from stacks.components.pipeline_review import (
    REPORTS,
    REVIEW,
    add_review,
    review_buildspec,
    review_environment,
    review_statements,
)
from stacks.components.pipeline_store import (
    ARTIFACTS,
    SOURCES,
    add_store,
    artifact_store,
    read_artifacts,
    write_artifacts,
)
from stacks.components.pipeline_triggers import add_approvals, add_triggers
from stacks.project.names import (
    delivery_name,
    pipeline_name,
    reader_role_name,
    release_role_name,
    resume_role_name,
)
from stacks.project.pipelines import (
    Execution,
    Mode,
    PipelineSpec,
    RepositorySource,
    ReviewSpec,
    StoredSource,
)
from stacks.project.spec import ProjectSpec, StageSpec

PIPELINE = "Pipeline"
APPROVALS = "Approvals"
_CHECKS, _DEPLOY, _EVIDENCE = "checks", "deploy", "evidence"
_CDK_ROLES = ("deploy-role", "file-publishing-role", "lookup-role")
_QUALIFIER = "hnb659fds"
"""CDK's own, which `cdk bootstrap` takes where none is given."""

_ACCOUNT = "${AWS::AccountId}"


class PipelineStack(Stack):
    """A CodePipeline of type V2 with its builds, buckets, key, roles and triggers."""

    def __init__(self, scope: Construct, *, project: ProjectSpec, spec: PipelineSpec) -> None:
        super().__init__(
            scope,
            pipeline_name(project.name),
            env=Environment(account=spec.home.account, region=spec.home.region),
            description=f"Continuous {spec.mode} of {project.name}",
            termination_protection=spec.home.keep_data,
        )
        _Drawing(project, spec).blueprint().build(self)


def pipeline_blueprint(project: ProjectSpec, spec: PipelineSpec) -> Blueprint:
    """What the stack holds."""
    return _Drawing(project, spec).blueprint()


@dataclass(frozen=True, slots=True)
class _Drawing:
    project: ProjectSpec
    spec: PipelineSpec

    @property
    def name(self) -> str:
        return pipeline_name(self.project.name)

    @property
    def kept(self) -> Kept:
        return Kept.ALWAYS if self.spec.home.keep_data else Kept.FORMER

    @property
    def stages(self) -> tuple[StageSpec, ...]:
        return tuple(self.project.stages[name] for name in self.spec.stages)

    @property
    def approved(self) -> bool:
        return self.spec.mode is Mode.DELIVERY

    def arn(self, service: str, resource: str) -> str:
        home = self.spec.home
        account = _ACCOUNT if home.account is None else home.account
        return f"arn:{home.partition}:{service}:{home.region}:{account}:{resource}"

    def blueprint(self) -> Blueprint:
        blueprint, source = Blueprint(), self.spec.source
        stored = source if isinstance(source, StoredSource) else None
        add_store(blueprint, with_sources=stored is not None)
        if self.spec.review is not None:
            add_review(blueprint, self.project.name, self.spec.review)
        for build in self._builds():
            add_build(blueprint, build)
        if self.approved:
            add_approvals(blueprint, APPROVALS, self.spec.approvers)
        self._add_pipeline(blueprint)
        add_triggers(
            blueprint,
            pipeline_arn=self.arn("codepipeline", self.name),
            key=None if stored is None else stored.key,
            package_group=self.spec.model_package_group,
        )
        self._add_resume_role(blueprint)
        blueprint.tell("PipelineName", ref(PIPELINE))
        if stored is not None:
            blueprint.tell("SourceBucketName", ref(SOURCES))
            blueprint.tell("SourceKey", stored.key)
        return blueprint

    def _builds(self) -> list[BuildProps]:
        group = self.spec.model_package_group
        checks = self._build(
            _CHECKS,
            "Lint, types, tests, and every check of the templates",
            statements=[*write_artifacts(), *([] if group is None else self._registry(group))],
            environment={} if group is None else {"MODEL_PACKAGE_GROUP": group},
        )
        deploys = [
            self._build(
                f"{_DEPLOY}-{stage.name}",
                f"Deploys stage {stage.name} with its live pointers",
                buildspec=_DEPLOY,
                statements=[take(*_cdk_roles(stage), self._reader(stage))],
                environment={"STAGE": stage.name, "STAGE_ROLE": sub(self._reader(stage))},
            )
            for stage in self.stages
        ]
        reviews = [] if self.spec.review is None else [self._review(self.spec.review)]
        return [checks, *reviews, *deploys, *([self._evidence()] if self.approved else [])]

    def _review(self, review: ReviewSpec) -> BuildProps:
        build = self._build(
            REVIEW,
            "Reviews the project's own code",
            buildspec=review_buildspec(review),
            statements=review_statements(review),
            environment=review_environment(review),
        )
        return replace(build, reports=REPORTS)

    def _evidence(self) -> BuildProps:
        staging, production = (self._reader(stage) for stage in self.stages)
        region = self.spec.home.region
        page = f"codesuite/codepipeline/pipelines/{self.name}/view?region={region}"
        return self._build(
            _EVIDENCE,
            "Gathers what an approver should know",
            statements=[*write_artifacts(), take(staging, production)],
            environment={
                "STAGING_ROLE": sub(staging),
                "PRODUCTION_ROLE": sub(production),
                "EVIDENCE_LINK": f"https://{region}.console.aws.amazon.com/{page}",
            },
        )

    def _build(
        self,
        kind: str,
        description: str,
        *,
        statements: list[dict[str, Any]],
        environment: Mapping[str, Any],
        buildspec: str | None = None,
    ) -> BuildProps:
        return BuildProps(
            project=self.project.name,
            kind=kind,
            buildspec=f"{kind if buildspec is None else buildspec}.yml",
            description=description,
            compute=self.spec.compute,
            log_days=self.spec.home.log_days,
            kept=self.kept,
            statements=statements,
            environment={"PROJECT_FILE": self.spec.project_file, **environment},
        )

    def _registry(self, group: str) -> list[dict[str, Any]]:
        """Which package was approved: SageMaker writes names in ARNs in lower case.

        Listing is a right on the versions, not on their group (service authorization reference,
        Amazon SageMaker, `ListModelPackages`).
        """
        packages = sub(self.arn("sagemaker", f"model-package/{group.lower()}/*"))
        return [
            allow(["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"], [packages])
        ]

    def _reader(self, stage: StageSpec) -> str:
        return self._role_in(stage, reader_role_name(self.project.name, stage.name))

    def _role_in(self, stage: StageSpec, name: str) -> str:
        account = _ACCOUNT if stage.account is None else stage.account
        return f"arn:{stage.partition}:iam::{account}:role/{name}"

    def _add_pipeline(self, blueprint: Blueprint) -> None:
        role = blueprint.add(
            f"{PIPELINE}Role",
            "AWS::IAM::Role",
            {
                "RoleName": self.name,
                "AssumeRolePolicyDocument": trust("codepipeline.amazonaws.com"),
                "Policies": [policy("Work", self._statements())],
            },
        )
        blueprint.add(
            PIPELINE,
            "AWS::CodePipeline::Pipeline",
            {
                "Name": self.name,
                "PipelineType": "V2",
                "ExecutionMode": _MODES[self.spec.execution],
                "RestartExecutionOnUpdate": False,
                "RoleArn": att(role),
                "ArtifactStore": artifact_store(),
                "Stages": list(self._stages()),
            },
            after=[f"{ARTIFACTS}Policy"],
        )

    def _stages(self) -> list[Action]:
        checks = build_action(
            "Checks", order=1, project=ref("ChecksBuild"), source=SOURCE, output=BUILT
        )
        found = [
            {"Name": "Source", "Actions": [self._source()]},
            {"Name": "Checks", "Actions": [checks, *self._reviewed()]},
        ]
        for number, stage in enumerate(self.stages):
            last = number == len(self.stages) - 1
            if last and self.approved:
                evidence, topic = ref("EvidenceBuild"), ref(APPROVALS)
                found.append(approval_stage(evidence_build=evidence, topic=topic))
            alarm = self.spec.alarm if last else None
            target = self._target(stage, self.spec.title(stage.name))
            found.append(delivery_stage(target, self.name, alarm=alarm, region=stage.region))
        return found

    def _reviewed(self) -> list[Action]:
        """The review runs beside the checks: a red test hides no finding."""
        if self.spec.review is None:
            return []
        return [build_action("Review", order=1, project=ref("ReviewBuild"), source=SOURCE)]

    def _target(self, stage: StageSpec, title: str) -> Target:
        machine = delivery_name(self.project.name, stage.name)
        account = _ACCOUNT if stage.account is None else stage.account
        arn = f"arn:{stage.partition}:states:{stage.region}:{account}:stateMachine:{machine}"
        follows = any(model.following is not None for model in self.project.models.values())
        build = "".join(part.capitalize() for part in f"{_DEPLOY}-{stage.name}".split("-"))
        return Target(
            name=stage.name,
            title=title,
            machine=arn,
            role=self._role_in(stage, release_role_name(self.project.name, stage.name)),
            deploy_build=ref(f"{build}Build"),
            rounds=(1, 2) if follows else (1,),
        )

    def _source(self) -> Action:
        source = self.spec.source
        output = [{"Name": SOURCE}]
        if isinstance(source, RepositorySource):
            return action(
                SOURCE,
                kind=("Source", "CodeStarSourceConnection"),
                order=1,
                configuration={
                    "ConnectionArn": source.connection,
                    "FullRepositoryId": source.name,
                    "BranchName": source.branch,
                    "DetectChanges": "true",
                },
                OutputArtifacts=output,
            )
        return action(
            SOURCE,
            kind=("Source", "S3"),
            order=1,
            configuration={
                "S3Bucket": ref(SOURCES),
                "S3ObjectKey": source.key,
                "PollForSourceChanges": "false",
            },
            OutputArtifacts=output,
        )

    def _statements(self) -> list[dict[str, Any]]:
        """What the pipeline itself does; what an action does in a stage is under the role there."""
        projects = [att(build.id) for build in self._builds()]
        roles = [
            sub(self._role_in(stage, release_role_name(self.project.name, stage.name)))
            for stage in self.stages
        ]
        return [
            *read_artifacts(),
            *write_artifacts(),
            *self._source_statements(),
            allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild"], projects),
            *([allow(["sts:AssumeRole"], roles)] if roles else []),
            *([allow(["sns:Publish"], [ref(APPROVALS)])] if self.approved else []),
        ]

    def _source_statements(self) -> list[dict[str, Any]]:
        source = self.spec.source
        if isinstance(source, RepositorySource):
            # The service has two names, and checks the one that the connection's ARN begins with.
            used = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
            return [allow(used, [source.connection])]
        return [
            allow(
                ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"],
                [att(SOURCES)],
            ),
            allow(["s3:GetObject", "s3:GetObjectVersion"], [objects_in(SOURCES, source.key)]),
        ]

    def _add_resume_role(self, blueprint: Blueprint) -> None:
        """Delivery machines of other accounts retry a stage whose action gave up waiting."""
        home = self.spec.home
        others = [stage for stage in self.stages if stage.account != home.account]
        if not others:
            return
        machines = [
            self._role_in(stage, delivery_name(self.project.name, stage.name)) for stage in others
        ]
        accounts = sorted({f"arn:{s.partition}:iam::{s.account}:root" for s in others})
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": accounts},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnEquals": {"aws:PrincipalArn": machines}},
        }
        titles = [stage_arn(self.project.name, home, self.spec.title(s.name)) for s in others]
        retry = allow(["codepipeline:RetryStageExecution"], [sub(title) for title in titles])
        blueprint.add(
            "ResumeRole",
            "AWS::IAM::Role",
            {
                "RoleName": resume_role_name(self.project.name),
                "Description": "Delivery machines of other accounts retry stages under this role",
                "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [statement]},
                "Policies": [policy("Retry", [retry])],
            },
        )


_MODES = {Execution.SUPERSEDED: "SUPERSEDED", Execution.QUEUED: "QUEUED"}


def _cdk_roles(stage: StageSpec) -> list[str]:
    """The roles of CDK's bootstrap that a deploy of the stage takes."""
    account = _ACCOUNT if stage.account is None else stage.account
    return [
        f"arn:{stage.partition}:iam::{account}:role/"
        f"cdk-{_QUALIFIER}-{role}-{account}-{stage.region}"
        for role in _CDK_ROLES
    ]
