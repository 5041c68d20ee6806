"""The addresses of the pages that look across the rooms."""

from django.urls import path

from desk.views import (
    activity,
    adding,
    all_subscriptions,
    customers,
    desk,
    details,
    history,
    offers,
    orders,
    privilege_desk,
    privileges,
    relationships,
    saved_views,
    subscriptions,
    upgrades,
)

app_name = "desk"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("customers/", customers.customer_list, name="customer_list"),
    path("customers/add/", adding.add_account, name="add_customer"),
    path("customers/add/<uuid:draft_id>/", adding.add_account, name="add_account"),
    path("customers/add/<uuid:draft_id>/subscriptions/", adding.add_basket, name="add_basket"),
    path("customers/add/<uuid:draft_id>/review/", adding.add_review, name="add_review"),
    path("customers/add/<uuid:draft_id>/discard/", adding.discard, name="discard_draft"),
    path("customers/<uuid:customer_id>/added/", adding.customer_added, name="customer_added"),
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
    path("customers/<uuid:customer_id>/subscriptions/add/", orders.add_subscriptions, name="add_subscriptions"),
    path("customers/<uuid:customer_id>/orders/", orders.order_list, name="order_list"),
    path("customers/<uuid:customer_id>/orders/<uuid:order_id>/", orders.order, name="order"),
    path("customers/<uuid:customer_id>/orders/<uuid:order_id>/retry/", orders.retry_order, name="retry_order"),
    path("customers/<uuid:customer_id>/privileges/", privileges.privileges, name="privileges"),
    path("customers/<uuid:customer_id>/privileges/request/", privileges.request_missing, name="request_privileges"),
    path("customers/<uuid:customer_id>/privileges/give-up/", privileges.give_up_privileges, name="give_up_privileges"),
    path("privileges/", privilege_desk.privilege_desk, name="privilege_desk"),
    path("subscriptions/", all_subscriptions.all_subscriptions, name="all_subscriptions"),
    path("subscriptions/views/", saved_views.saved_views, name="saved_views"),
    path("customers/<uuid:customer_id>/activity/", activity.customer_activity, name="customer_activity"),
    path("activity/", activity.partner_activity, name="activity"),
    path("offers/", offers.offer_list, name="offer_list"),
    path("offers/compare/", offers.offer_compare, name="offer_compare"),
    path("offers/<uuid:offer_id>/", offers.offer_details, name="offer_details"),
    path("upgrades/", upgrades.upgrade_list, name="upgrade_list"),
    path("relationships/", relationships.relationships, name="relationships"),
    path("relationships/invite/", relationships.invite_customer, name="invite_customer"),
    path("relationships/<uuid:invitation_id>/", relationships.invitation, name="invitation"),
]
