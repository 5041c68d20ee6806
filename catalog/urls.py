"""The address of the catalogue."""

from django.urls import path

from catalog import views

app_name = "catalog"

urlpatterns = [
    path("offers/", views.offer_list, name="offer_list"),
]
