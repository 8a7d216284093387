"""Deliveries: what one execution of a pipeline brings to a stage, model by model."""
