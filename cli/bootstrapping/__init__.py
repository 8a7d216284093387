"""The policy that CloudFormation needs to deploy one stage of a project, and nothing more."""
