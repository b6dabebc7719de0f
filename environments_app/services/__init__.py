"""One verb per use case; everything that changes rows of this app is here."""
