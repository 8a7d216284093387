"""Edge fleets on the command line: rings and devices, and devices that are simulated."""
