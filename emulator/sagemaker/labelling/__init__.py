"""Labelling jobs of Ground Truth: real requests and manifests; who answers is recorded."""
