"""Queues (SQS) by the cloud's clock, dead-letter queues with redrive, and functions fed by them."""

from emulator.queues.plugin import install

__all__ = ["install"]
