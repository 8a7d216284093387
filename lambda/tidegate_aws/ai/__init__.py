"""Adapters of the ports of AI services (`tidegate.ai.ports`)."""
