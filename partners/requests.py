"""The request that a view behind `@access` gets."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from partners.models import Staff


class StaffRequest(HttpRequest):
    """A request of a signed-in person; every view without `public=True` may say that it gets one."""

    user: Staff
    # The same person, already loaded; error pages ask for it, because asking `user` may ask the database.
    person: Staff | None
    htmx: HtmxDetails
