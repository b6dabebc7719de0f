"""Helpers of the Makefile: set-up, npm, a PostgreSQL server for tests."""
