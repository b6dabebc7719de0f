"""Accounts are made by admins; nobody signs up by themselves."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignup(DefaultAccountAdapter):
    """django-allauth's adapter with the sign-up closed."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
