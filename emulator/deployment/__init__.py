"""The parts of the deployer: assembly, assets, bootstrap and stacks, by plain boto3."""
