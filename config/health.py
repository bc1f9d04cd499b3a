"""Two questions that monitors ask: is the process there, and can it work?"""

from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from staff.access import access


@require_safe
@access(public=True)
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers; asks nobody else."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@access(public=True)
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when database, cache and broker answer, else 503; says which, and nothing more."""
    checks = {"database": database_answers(), "cache": cache_answers(), "broker": broker_answers()}
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Exception:  # noqa: BLE001 - whatever it is, the answer is no
        return False
    return True


def cache_answers() -> bool:
    try:
        cache.get("readyz")
    except Exception:  # noqa: BLE001
        return False
    return True


def broker_answers() -> bool:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except Exception:  # noqa: BLE001
        return False
    return True
