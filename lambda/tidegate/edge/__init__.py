"""Fleets of edge devices as things that are released: rings of devices get versions in turn.

The release loop knows endpoints with variants by their slots. A fleet of Greengrass core devices
has none; under a name of its own its slots are versions of one component, and the shares of slots
are shares of its devices (docs/decisions/0034-edge-rings.md).
"""
