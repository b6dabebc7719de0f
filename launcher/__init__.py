"""`make run`: starts every part of Slipway on one machine, keeps it running and ends all of it.

Knows nothing of Django or the apps: it starts programs, asks them over HTTP whether they are ready, and
passes settings on as environment variables.
"""
