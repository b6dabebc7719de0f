"""Is it alive, is it ready, how is it doing: for launchers, load balancers and Prometheus."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.db.models import Count
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from redis.exceptions import RedisError

from controlplane.core.models import ApprovalRequest, AuditEvent
from controlplane.pages import plant
from deployments_app.models import Deployment
from environments_app.models import Run


def redis_state() -> tuple[bool, int]:
    """Whether Redis answers, and how many workers are registered there."""
    try:
        return True, plant.count_workers()
    except (RedisError, OSError):
        return False, 0


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The web process runs."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """Database, Redis and at least one worker answer; 503 says which do not."""
    redis, workers = redis_state()
    checks = {"database": database_answers(), "redis": redis, "workers": workers > 0}
    ready = all(checks.values())
    return JsonResponse(
        {"status": "ready" if ready else "not ready", "checks": checks, "workers": workers},
        status=200 if ready else 503,
    )


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, counted from the database (nothing is kept in a process)."""
    registry = CollectorRegistry()
    for name, words, model in (
        ("slipway_runs", "Terraform runs by state", Run),
        ("slipway_deployments", "Deployments by state", Deployment),
        ("slipway_approval_requests", "Approval requests by state", ApprovalRequest),
    ):
        gauge = Gauge(name, words, ["state"], registry=registry)
        for row in model._default_manager.order_by().values("state").annotate(count=Count("pk")):
            gauge.labels(row["state"]).set(row["count"])
    unsealed = AuditEvent.objects.filter(position__isnull=True).count()
    Gauge("slipway_audit_unsealed", "Audit events not yet in the hash chain", registry=registry).set(unsealed)
    redis, workers = redis_state()
    Gauge("slipway_redis_up", "1 while Redis answers", registry=registry).set(redis)
    Gauge("slipway_workers", "Registered RQ workers", registry=registry).set(workers)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
