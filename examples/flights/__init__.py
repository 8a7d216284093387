"""Will a flight land late? Four versions of one model, trained on real New York departures."""
