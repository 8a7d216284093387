"""The report of costs of a profiled stage: which lines cost what of Lambda's bill."""
