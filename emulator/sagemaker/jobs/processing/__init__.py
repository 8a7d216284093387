"""Processing jobs: a program over data of S3, given and taken below /opt/ml/processing."""
