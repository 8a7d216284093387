"""`tidegate demo`: versions of a real model, released on this machine before real requests."""
