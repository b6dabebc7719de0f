"""The web process: HTTP by Django (bodies up to a limit), WebSockets by Channels (own origin only)."""

import os

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "controlplane.settings")
http = get_asgi_application()

from controlplane.core.body_limit import BodyLimit
from controlplane.core.origins import OwnOriginOnly
from controlplane.urls import websocket_urlpatterns

application = ProtocolTypeRouter(
    {
        "http": BodyLimit(http),
        "websocket": OwnOriginOnly(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
