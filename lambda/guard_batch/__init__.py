"""The custom resource that lets deploys of a batch change the idle slot only."""
