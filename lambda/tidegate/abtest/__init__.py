"""The A/B part of the judge: which slot does best on the objective, and how sure that is.

Everything here is pure and deterministic, with no clock, no chance and no I/O. Import from the
modules: `decide` (the verdict), `plan`, `assignment` (next shares), `srm` (is the split as
configured), `spending` (the exact sequential test, usable for any event).
"""
