"""Measurements of what Slipway promises (`make bench`); each beside what it is to be compared with."""
