"""The addresses of this room: the upgrade form, its review, the receipt, the matrix."""

from django.urls import path

from upgrades import matrix_views, views, watch_views

app_name = "upgrades"

SUBSCRIPTION = "customers/<uuid:customer_id>/subscriptions/<uuid:subscription_id>"
UPGRADE = "customers/<uuid:customer_id>/upgrades/<uuid:upgrade_id>"

urlpatterns = [
    path(f"{SUBSCRIPTION}/upgrade/", views.upgrade_form, name="upgrade_form"),
    path(f"{SUBSCRIPTION}/upgrade/review/", views.upgrade_review, name="upgrade_review"),
    path(f"{SUBSCRIPTION}/upgrade/watch/", watch_views.watch, name="watch"),
    path(f"{UPGRADE}/", views.receipt, name="receipt"),
    path(f"{UPGRADE}/receipt.json", views.receipt_json, name="receipt_json"),
    path(f"{UPGRADE}/steps/<int:number>/", views.tick, name="tick"),
    path("offers/matrix/", matrix_views.matrix, name="matrix"),
]
