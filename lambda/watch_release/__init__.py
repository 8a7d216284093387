"""The function that watches a deploy which SageMaker releases."""
