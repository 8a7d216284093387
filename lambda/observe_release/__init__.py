"""The function that closes what is final of the counters."""
