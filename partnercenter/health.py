"""Whether the process lives and whether it can serve."""

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partners.access import access


@require_safe
@never_cache
@access(public=True)
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
@access(public=True)
def readyz(request: HttpRequest) -> JsonResponse:
    """200 where the database answers and every migration is applied, else 503."""
    try:
        connection.ensure_connection()
        executor = MigrationExecutor(connection)
        pending = bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    if pending:
        return JsonResponse({"status": "unavailable", "database": "up", "migrations": "pending"}, status=503)
    return JsonResponse({"status": "ok", "database": "up", "migrations": "applied"})
