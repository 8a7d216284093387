"""How parts of a project become stacks, one file a part: what they are given, and all of them."""
