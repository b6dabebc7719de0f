"""Accounts are made by admins; nobody signs up by themselves, and nothing is sent by mail."""

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class ClosedSignup(DefaultAccountAdapter):
    """django-allauth's adapter for sign-in and sign-out alone (controlplane/urls.py routes nothing else of it)."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def respond_user_inactive(self, request: HttpRequest, user: AbstractBaseUser) -> HttpResponse:
        """Back to the sign-in, with the reason; allauth would show a page of its own."""
        messages.error(request, "This account is inactive. An admin can make it active again.")
        return redirect("account_login")
