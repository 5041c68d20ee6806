"""The addresses of this room: what changes a subscription."""

from django.urls import path

from subscriptions.views import edit, licences, status

app_name = "subscriptions"

SUBSCRIPTION = "customers/<uuid:customer_id>/subscriptions/<uuid:subscription_id>"

urlpatterns = [
    path("customers/<uuid:customer_id>/licences/", licences.many_licences, name="many_licences"),
    path(f"{SUBSCRIPTION}/licences/", licences.licences, name="licences"),
    path(f"{SUBSCRIPTION}/licences/review/", licences.licences_review, name="licences_review"),
    path(f"{SUBSCRIPTION}/suspend/", status.suspend, name="suspend"),
    path(f"{SUBSCRIPTION}/reactivate/", status.reactivate, name="reactivate"),
    path(f"{SUBSCRIPTION}/cancel/", status.cancel, name="cancel"),
    path(f"{SUBSCRIPTION}/edit/", edit.edit, name="edit"),
]
