"""Asynchronous inference: requests wait in a queue, answers go to S3, news of them to SNS."""
