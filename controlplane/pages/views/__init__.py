"""The pages that join the apps. controlplane/urls.py takes its error handlers from here."""

from controlplane.pages.views.errors import bad_request, forbidden, not_found, server_error

__all__ = ["bad_request", "forbidden", "not_found", "server_error"]
