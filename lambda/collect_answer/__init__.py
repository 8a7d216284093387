"""The function that counts what became of asynchronous requests."""
