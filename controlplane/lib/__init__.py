"""Mechanisms that know nothing of the apps."""
