"""Bad where its tests do not look: adds the aircraft, which one flight in seven does not have."""
