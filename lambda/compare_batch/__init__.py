"""The function that holds a new version of a batch against the live one."""
