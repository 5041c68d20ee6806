"""The addresses of a customer's account, of the check of a domain that is typed, and of the pages without account."""

from django.urls import path, re_path

from customers import invitation_views, views

app_name = "customers"

urlpatterns = [
    path("customers/add/domain/", views.check_domain, name="check_domain"),
    path("customers/<uuid:customer_id>/account/", views.account, name="account"),
    path("customers/<uuid:customer_id>/account/contact/", views.edit_contact, name="edit_contact"),
    path("customers/<uuid:customer_id>/account/billing/", views.edit_billing, name="edit_billing"),
    # With a slash at its end or, as the cloud writes it and it is given away, without.
    re_path(r"^invitation/?\Z", invitation_views.general_link, name="general_link"),
    path("invitation/<str:invitation_token>/", invitation_views.invitation, name="invitation"),
    path("access/<str:access_token>/", invitation_views.access_page, name="access"),
]
