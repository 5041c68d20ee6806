"""The portal's addresses, a signed-in hello page, bare JSON, and the stock Django admin of the customer table."""

from django.urls import include, path

from benchmarks.views import bare, hello, stock_admin

urlpatterns = [
    path("hello/", hello),
    path("bare/<int:size>/", bare),
    path("stock-admin/", stock_admin.urls),
    path("", include("partnercenter.urls")),
]
handler400 = "partnercenter.errors.bad_request"
handler403 = "partnercenter.errors.permission_denied"
handler404 = "partnercenter.errors.page_not_found"
handler500 = "partnercenter.errors.server_error"
