"""The addresses of a customer's account, and of the check of a domain that is typed."""

from django.urls import path

from customers import views

app_name = "customers"

urlpatterns = [
    path("customers/add/domain/", views.check_domain, name="check_domain"),
    path("customers/<uuid:customer_id>/account/", views.account, name="account"),
    path("customers/<uuid:customer_id>/account/contact/", views.edit_contact, name="edit_contact"),
    path("customers/<uuid:customer_id>/account/billing/", views.edit_billing, name="edit_billing"),
]
