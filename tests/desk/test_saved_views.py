"""The views of the list that people keep: theirs alone, named, bounded, one of them first."""

import html
import re
import threading
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction
from django.http import Http404
from django.test import Client

from activity.models import ActivityRecord, Outcome
from activity.words import sentence
from desk import operations
from desk.models import LONGEST_QUERY, SavedView
from desk.operations import (
    MOST_VIEWS,
    NameTaken,
    QueryTooLong,
    TooManyViews,
    delete_view,
    rename_view,
    save_view,
    show_first,
)
from partners.models import Partner, Staff
from partners.roles import Role
from subscriptions.models import Status
from tests.desk.conftest import signed_in
from tests.factories import StaffFactory, customer_of, sold

PATH = "/subscriptions/views/"
LIST = "/subscriptions/"


def page(response: Any) -> str:
    return html.unescape(response.content.decode())


def save(client: Client, name: str, query: str = "status=suspended", **more: str) -> Any:
    return client.post(PATH, {"do": "save", "view-name": name, "view-query": query, **more})


def chips(client: Client) -> list[tuple[str, str]]:
    """The addresses and names of the saved views above the list."""
    content = page(client.get(LIST, {"all": 1}))
    nav = re.search(r'<nav class="chips".*?</nav>', content, re.DOTALL)
    assert nav
    return re.findall(r'<a href="([^"]*)"[^>]*>(?:<svg.*?</span> )?<bdi>(.*?)</bdi>', nav[0], re.DOTALL)


def test_what_the_list_shows_is_kept_under_a_name(client: Client, partner: Partner, staff: Staff) -> None:
    suspended = sold(partner, customer_of(partner), status=Status.SUSPENDED)
    sold(partner, customer_of(partner))
    response = save(client, "Going soon", "status=suspended&columns=id&sort=deletion&after=abc&nonsense=1&offer=x")
    address = "/subscriptions/?status=suspended&sort=deletion&columns=id"
    assert response["Location"] == address
    shown = page(client.get(address))
    assert f'id="subscription-{suspended.pk}"' in shown
    assert re.search(r'aria-current="page"><bdi>Going soon', shown)
    assert "The view “Going soon” is saved." in shown
    assert chips(client) == [(address, "Going soon")]
    record = ActivityRecord.objects.get()
    assert (record.actor_id, record.resource_id) == (staff.pk, str(SavedView.objects.get().pk))
    assert sentence(record) == "Li Na saved the view “Going soon” of a list."


def test_the_same_name_keeps_what_is_new(client: Client, staff: Staff) -> None:
    save(client, "Mine")
    save(client, "mine", "q=contoso")
    view = SavedView.objects.get()
    assert (view.name, view.query) == ("mine", "q=contoso")
    latest = ActivityRecord.objects.order_by("-at").first()
    assert latest is not None
    assert latest.before == {"name": "Mine", "query": "status=suspended", "is_default": False}


def test_sent_twice_it_is_recorded_once(client: Client) -> None:
    for _ in range(2):
        save(client, "Mine")
    view = SavedView.objects.get()
    for _ in range(2):
        client.post(PATH, {"do": "rename", "view": str(view.pk), f"{view.pk}-name": "Ours"})
    recorded = ActivityRecord.objects.order_by("at", "pk").values_list("operation", flat=True)
    assert list(recorded) == ["save_view", "rename_view"]


def test_views_are_ones_own(client: Client, partner: Partner) -> None:
    save(client, "Mine")
    view = SavedView.objects.get()
    for other in (StaffFactory(partner=partner), StaffFactory()):
        theirs = signed_in(other)
        assert chips(theirs) == []
        for do in ("rename", "delete", "first"):
            response = theirs.post(PATH, {"do": do, "view": str(view.pk), f"{view.pk}-name": "Theirs"})
            assert response.status_code == 404
    assert SavedView.objects.get().name == "Mine"


def test_a_view_is_renamed_shown_first_and_deleted(client: Client, staff: Staff) -> None:
    save(client, "Mine", "q=contoso")
    view = SavedView.objects.get()
    client.post(PATH, {"do": "rename", "view": str(view.pk), f"{view.pk}-name": "Contoso"})
    assert client.get(LIST).status_code == 200
    client.post(PATH, {"do": "first", "view": str(view.pk)})
    assert client.get(LIST)["Location"] == "/subscriptions/?q=contoso"
    assert client.get(LIST, {"all": 1}).status_code == 200
    client.post(PATH, {"do": "first", "view": ""})
    assert client.get(LIST).status_code == 200
    client.post(PATH, {"do": "delete", "view": str(view.pk)})
    assert not SavedView.objects.exists()
    assert [sentence(record) for record in ActivityRecord.objects.order_by("at", "pk")][1:] == [
        "Li Na renamed the view “Mine” of a list.",
        "Li Na chose that the list opens with the view “Contoso”.",
        "Li Na chose that the list opens with all.",
        "Li Na deleted the view “Contoso” of a list.",
    ]


def test_only_one_shows_first(client: Client, staff: Staff) -> None:
    save(client, "One", "q=one", **{"view-is_default": "on"})
    save(client, "Two", "q=two", **{"view-is_default": "on"})
    assert client.get(LIST)["Location"] == "/subscriptions/?q=two"
    assert SavedView.objects.filter(is_default=True).count() == 1


def test_a_view_of_everything_that_shows_first_does_not_lead_round_in_circles(client: Client) -> None:
    save(client, "All", "", **{"view-is_default": "on"})
    assert client.get(LIST).status_code == 200


HOSTILE = {
    "": "This field is required",
    "   ": "This field is required",
    "x" * 61: "at most 60 characters",
    "x" * 10_000: "at most 60 characters",
    "a\0b": "Null characters are not allowed",
    "a\x07b": "control characters",
    "a\u202eb": "control characters",
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("do", ["save", "rename"])
def test_a_name_that_is_none_is_refused_beside_its_field(client: Client, name: str, do: str) -> None:
    save(client, "Mine")
    view = SavedView.objects.get()
    prefix = "view" if do == "save" else str(view.pk)
    response = client.post(PATH, {"do": do, "view": str(view.pk), f"{prefix}-name": name, "view-query": "q=contoso"})
    assert response.status_code == 200
    assert "Please look at this again" in page(response)
    assert HOSTILE[name] in page(response)
    assert SavedView.objects.get().name == "Mine"


def test_markup_in_a_name_is_a_name(client: Client) -> None:
    save(client, "<script>1</script>")
    for address in (f"{LIST}?all=1", PATH):
        assert "<script>1" not in client.get(address).content.decode()
    assert chips(client)[0][1] == "<script>1</script>"


@pytest.mark.parametrize(
    "query", ["%zz&&==", "q=%00", "status=active&" * 500, "q=" + "x" * 7_000, "after=abc&format=csv", "\0"]
)
def test_a_query_of_nonsense_keeps_what_makes_sense(client: Client, query: str) -> None:
    response = save(client, "Mine", query)
    assert response.status_code in {200, 302}
    for view in SavedView.objects.all():
        assert client.get(f"{LIST}?{view.query}").status_code == 200
        assert "after" not in view.query


def test_a_query_that_is_too_long_is_told(client: Client) -> None:
    assert "at most 8000 characters" in page(save(client, "Mine", "q=" + "x" * 9_000))


@pytest.mark.parametrize(
    "fields", [{}, {"do": "explode"}, {"do": "delete"}, {"do": "delete", "view": "1"}, {"do": "first", "view": "x"}]
)
def test_what_no_form_of_ours_sends_answers_400(client: Client, fields: dict[str, str]) -> None:
    assert client.post(PATH, fields).status_code == 400


def test_another_view_has_the_name(client: Client, staff: Staff) -> None:
    save(client, "One")
    save(client, "Two")
    two = SavedView.objects.get(name="Two")
    response = client.post(PATH, {"do": "rename", "view": str(two.pk), f"{two.pk}-name": "ONE"})
    assert response.status_code == 409
    assert "Another of your views has this name" in page(response)
    with pytest.raises(NameTaken):
        rename_view(staff=staff, view_id=two.pk, name="one")


def test_so_many_and_no_more(client: Client, staff: Staff, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_VIEWS", 2)
    save(client, "One")
    save(client, "Two")
    response = save(client, "Three")
    assert response.status_code == 409
    assert "You keep 2 views already" in page(response)
    assert 'value="Three"' in page(response)
    assert save(client, "Two", "q=x").status_code == 302
    with pytest.raises(TooManyViews):
        save_view(staff=staff, name="Four", query="")
    assert MOST_VIEWS == 50


def test_the_operations_hold_their_own_bounds(staff: Staff) -> None:
    with pytest.raises(QueryTooLong):
        save_view(staff=staff, name="Long", query="x" * (LONGEST_QUERY + 1))
    for name in ("", "x" * 61, "a\u202eb"):
        with pytest.raises(ValidationError):
            save_view(staff=staff, name=name, query="")
    with pytest.raises(Http404):
        delete_view(staff=staff, view_id=staff.pk)
    assert not ActivityRecord.objects.exists()


def test_who_may_not_see_customers_keeps_no_views(partner: Partner) -> None:
    staff = StaffFactory(partner=partner, roles=[Role.BILLING_ADMIN])
    with pytest.raises(PermissionDenied):
        save_view(staff=staff, name="Mine", query="")
    with pytest.raises(PermissionDenied):
        show_first(staff=staff, view_id=None)
    assert [(record.outcome, record.reasons) for record in ActivityRecord.objects.all()] == [
        (Outcome.REFUSED, ["role"])
    ] * 2


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "ONE"},
        {"name": ""},
        {"name": "Other", "list": "nothing"},
        {"name": "Other", "is_default": True},
    ],
)
def test_the_database_refuses_what_makes_no_sense(staff: Staff, fields: dict[str, Any]) -> None:
    SavedView.objects.create(staff=staff, name="One", is_default=True)
    with pytest.raises(IntegrityError), transaction.atomic():
        SavedView.objects.create(staff=staff, **fields)


def test_an_empty_page_says_what_would_stand_here(client: Client) -> None:
    assert "No saved views yet" in page(client.get(PATH))


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_at_the_same_moment_no_more_than_allowed_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "MOST_VIEWS", 3)
    staff: Staff = StaffFactory()
    start = threading.Barrier(6)

    def keep(number: int) -> None:
        start.wait(30)
        try:
            save_view(staff=staff, name=f"View {number}", query="", is_default=True)
        except TooManyViews:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=keep, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert SavedView.objects.count() == 3
    assert SavedView.objects.filter(is_default=True).count() == 1
