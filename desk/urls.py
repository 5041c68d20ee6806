"""The addresses of the pages that look across the rooms."""

from django.urls import path

from desk.views import (
    activity,
    all_subscriptions,
    customers,
    desk,
    details,
    history,
    saved_views,
    subscriptions,
    upgrades,
)

app_name = "desk"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("customers/", customers.customer_list, name="customer_list"),
    path("customers/<uuid:customer_id>/subscriptions/", subscriptions.subscription_list, name="subscription_list"),
    path(
        "customers/<uuid:customer_id>/subscriptions/<uuid:subscription_id>/",
        details.subscription_details,
        name="subscription_details",
    ),
    path(
        "customers/<uuid:customer_id>/subscriptions/<uuid:subscription_id>/history/",
        history.subscription_history,
        name="subscription_history",
    ),
    path("subscriptions/", all_subscriptions.all_subscriptions, name="all_subscriptions"),
    path("subscriptions/views/", saved_views.saved_views, name="saved_views"),
    path("customers/<uuid:customer_id>/activity/", activity.customer_activity, name="customer_activity"),
    path("activity/", activity.partner_activity, name="activity"),
    path("upgrades/", upgrades.upgrade_list, name="upgrade_list"),
]
