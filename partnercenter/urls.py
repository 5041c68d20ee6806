"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path

from api.assembly import wire_urls
from partnercenter import health

handler400 = "partnercenter.errors.bad_request"
handler403 = "partnercenter.errors.permission_denied"
handler404 = "partnercenter.errors.page_not_found"
handler500 = "partnercenter.errors.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("admin/", admin.site.urls),
    path("v1/", wire_urls),
    path("", include("api.urls_oauth")),
    path("", include("partners.urls")),
    path("", include("customers.urls")),
    path("", include("subscriptions.urls")),
    path("", include("upgrades.urls")),
    path("", include("desk.urls")),
]
