"""A view is closed unless it says who may use it."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertRedirects

from activity.models import ActivityRecord, Outcome
from partners.checks import every_url_says_who_may_use_it
from partners.middleware import AccessMiddleware
from partners.models import Staff
from partners.roles import Role
from tests.factories import PlatformAdministratorFactory, StaffFactory
from tests.partners.open_urls import forgotten

pytestmark = pytest.mark.django_db


def opened(staff: Staff | AnonymousUser, rf: RequestFactory) -> object:
    request = rf.get("/forgotten/")
    request.user = staff
    request.resolver_match = None
    return AccessMiddleware(lambda request: HttpResponse()).process_view(request, forgotten, (), {})


def test_every_url_says_who_may_use_it() -> None:
    assert every_url_says_who_may_use_it(None) == []


def test_a_view_that_forgot_to_say_is_named_by_the_check(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.partners.open_urls"
    (error,) = every_url_says_who_may_use_it(None)
    assert "forgotten/" in error.msg


def test_a_view_that_forgot_to_say_is_closed_to_everyone(rf: RequestFactory) -> None:
    with pytest.raises(PermissionDenied):
        opened(StaffFactory.create(), rf)
    answer = opened(AnonymousUser(), rf)
    assert isinstance(answer, HttpResponse)
    assert answer["Location"] == "/sign-in/?next=/forgotten/"


def test_the_signed_out_are_asked_to_sign_in_and_come_back(client: Client) -> None:
    assertRedirects(client.get("/settings/profile/?x=1"), "/sign-in/?next=/settings/profile/%3Fx%3D1")


def test_what_the_signed_out_send_is_not_repeated_after_sign_in(client: Client) -> None:
    assertRedirects(client.post("/settings/profile/", {"name": "x"}), "/sign-in/?next=/")


def test_a_fragment_for_the_signed_out_sends_the_whole_page_to_sign_in(client: Client) -> None:
    answer = client.get("/settings/profile/", headers={"hx-request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (401, "/sign-in/")


def test_a_page_that_the_roles_do_not_allow_says_so_and_names_them(client: Client) -> None:
    client.force_login(StaffFactory.create(roles=[Role.BILLING_ADMIN]))
    page = client.get("/customers/")
    assertContains(page, "Your roles do not allow this", status_code=403)
    assertContains(page, "Billing admin", status_code=403)
    assert not ActivityRecord.objects.exists()


def test_a_platform_administrator_starts_in_the_administration(client: Client) -> None:
    client.force_login(PlatformAdministratorFactory.create())
    assertRedirects(client.get("/"), "/admin/", fetch_redirect_response=False)


def test_a_refused_change_is_recorded(client: Client, rf: RequestFactory) -> None:
    staff = StaffFactory.create()
    request = rf.post("/forgotten/")
    request.user = staff
    request.resolver_match = None
    with pytest.raises(PermissionDenied):
        AccessMiddleware(lambda request: HttpResponse()).process_view(request, forgotten, (), {})
    record = ActivityRecord.objects.get()
    assert (record.outcome, record.reasons, record.actor_id) == (Outcome.REFUSED, ["role"], staff.pk)
