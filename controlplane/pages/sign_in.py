"""A sign-in that was refused is told in the audit trail: as whom, from where; the password never."""

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from controlplane.core.actors import Actor
from controlplane.core.services import audit

LONGEST = 64
"""As much as the trail keeps of a subject; what was typed may be anything."""


@receiver(user_login_failed, dispatch_uid="audit_of_refused_sign_ins")
def record(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **signal: object) -> None:
    """Of the credentials only the name is kept. Who typed it is not known: the actor is nobody."""
    name = str(credentials.get("username", ""))[:LONGEST].replace("\0", "")
    source = str(request.META.get("REMOTE_ADDR", "")) if request else ""
    nobody = Actor("user", "nobody", None, source)
    audit.record(nobody, "user.sign_in", subject=("user", name), reason="Wrong name or password.", refused=True)
