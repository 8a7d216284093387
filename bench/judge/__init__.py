"""The judge against its peers and against the best that any rule could do, by seeded simulation."""
