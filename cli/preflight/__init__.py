"""What an AWS account and region lack for the first deploy: read only, everything at once."""
