import csv
import datetime
import html
import re
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils.safestring import mark_safe

from activity.models import ActivityRecord, ActorKind, Outcome
from desk import activity_filter, log, scan
from desk.activity_filter import ActivityFilter
from desk.sheets import harmless
from partners.models import Partner, Staff
from partners.roles import Role
from tests.desk.conftest import queries, signed_in
from tests.factories import ActivityRecordFactory, PartnerFactory, StaffFactory, customer_of, offer

NOON = datetime.datetime(2026, 5, 4, 4, 0, tzinfo=datetime.UTC)  # noon in Shanghai


def page(client: Client, path: str = "/activity/", **query: str) -> str:
    response = client.get(path, query)
    assert response.status_code == 200
    return str(response.content.decode())


def text(markup: str) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]*>", " ", markup).split()))


def people(content: str) -> list[str]:
    """Who did what is listed, in the order of the page."""
    return re.findall(r"<td>\s*<p>(\w+):", content)


def done(partner: Partner, who: str, **fields: Any) -> Any:
    return ActivityRecordFactory(
        partner_id=partner.pk, actor_kind=ActorKind.STAFF, actor_name=who, **{"operation": "rest", **fields}
    )


def test_the_partners_own_records_stand_newest_first(client: Client, partner: Partner) -> None:
    done(partner, "First", at=NOON)
    done(partner, "Second", at=NOON + datetime.timedelta(hours=1))
    done(PartnerFactory(), "Stranger")
    assert people(page(client)) == ["Second", "First"]


def test_a_record_says_who_when_what_and_from_where(client: Client, partner: Partner) -> None:
    record = done(
        partner, "Wang", at=NOON, address="203.0.113.7", before={"nickname": "<b>old</b>"}, after={"nickname": "新"}
    )
    content = page(client)
    assert "4 May 2026, 12:00" in text(content)
    assert "203.0.113.7" in content
    assert str(record.correlation_id) in content
    assert "&lt;b&gt;old&lt;/b&gt;" in content
    assert "新" in content


def test_a_refusal_says_why(client: Client, partner: Partner) -> None:
    done(
        partner,
        "Wang",
        operation="upgrade_subscription",
        outcome=Outcome.REFUSED,
        reasons=["subscription_status_not_active", "a code of tomorrow"],
    )
    shown = text(page(client))
    assert "Wang was refused: Upgrade a subscription." in shown
    assert "The subscription is not active, a code of tomorrow" in shown


def test_a_refused_upgrade_names_the_offer_that_was_asked_for(client: Client, partner: Partner) -> None:
    target = offer("Business")
    asked_for = {"target": str(target.pk), "quantity": 5}
    done(partner, "Wang", operation="upgrade_subscription", outcome=Outcome.REFUSED, after=asked_for)
    few = queries(client, "/activity/")
    shown = text(page(client))
    assert f"Target offer {target.name} Licences 5" in shown
    assert str(target.pk) not in shown
    for _ in range(10):
        done(partner, "Wang", operation="upgrade_subscription", outcome=Outcome.REFUSED, after=asked_for)
    assert queries(client, "/activity/") == few


def test_a_failure_is_neither_done_nor_refused(client: Client, partner: Partner) -> None:
    after = {"offer": "Office 365 Business", "next_attempt": None}
    done(
        partner, "Portal", operation="provisioning_failed", outcome=Outcome.FAILED, after=after, customer_name="Adatum"
    )
    content = page(client, outcome="failed")
    assert re.search(r'pill-warning">(?:(?!</span>).)*Failed</span>', content, re.DOTALL)
    assert "could not provision Office 365 Business of Adatum" in text(content)
    assert "Nothing of that kind was done" in page(client, outcome="done")


def test_names_are_never_markup(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    done(partner, "<script>1</script>", customer_id=customer.pk, customer_name="<script>2</script>")
    content = page(client)
    assert "<script>1" not in content
    assert "<script>2" not in content


def test_a_customer_is_linked_only_where_it_may_be_seen(client: Client, partner: Partner) -> None:
    mine, theirs = customer_of(partner), customer_of(PartnerFactory())
    done(partner, "Wang", customer_id=mine.pk, customer_name="Mine")
    done(partner, "Wang", customer_id=theirs.pk, customer_name="Theirs")
    content = page(client)
    assert f'<a href="/customers/{mine.pk}/subscriptions/">Mine</a>' in content
    assert str(theirs.pk) not in content


def test_a_customers_page_has_its_records_of_this_partner_alone(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    done(partner, "Here", customer_id=customer.pk)
    done(partner, "Elsewhere", customer_id=customer_of(partner).pk)
    done(PartnerFactory(), "Stranger", customer_id=customer.pk)
    assert people(page(client, f"/customers/{customer.pk}/activity/")) == ["Here"]


def test_another_partners_customer_does_not_exist(client: Client) -> None:
    assert client.get(f"/customers/{customer_of(PartnerFactory()).pk}/activity/").status_code == 404
    assert client.get(f"/customers/{uuid.uuid4()}/activity/").status_code == 404
    assert client.get("/customers/x/activity/").status_code == 404


@pytest.mark.parametrize("path", ["/activity/", "/activity/?format=csv"])
@pytest.mark.parametrize("role", [Role.SALES_AGENT, Role.HELPDESK_AGENT, Role.BILLING_ADMIN, Role.USER_ADMIN])
def test_others_may_not_see_it(partner: Partner, role: Role, path: str) -> None:
    assert signed_in(StaffFactory(partner=partner, roles=[role])).get(path).status_code == 403


@pytest.fixture
def some(partner: Partner, staff: Staff) -> None:
    """Anna upgraded for Contoso on Monday, Berta was refused for Adatum on Tuesday."""
    done(partner, "Anna", actor_id=staff.pk, operation="update_profile", at=NOON, customer_name="Contoso Energy")
    done(
        partner,
        "Berta",
        operation="change_password",
        outcome=Outcome.REFUSED,
        at=NOON + datetime.timedelta(days=1),
        customer_name="Adatum",
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["Berta", "Anna"]),
        ({"operation": "update_profile"}, ["Anna"]),
        ({"outcome": "refused"}, ["Berta"]),
        ({"outcome": "done"}, ["Anna"]),
        ({"customer": "contoso"}, ["Anna"]),
        ({"customer": "TOSO EN"}, ["Anna"]),
        ({"since": "2026-05-05"}, ["Berta"]),
        ({"until": "2026-05-04"}, ["Anna"]),
        ({"since": "2026-05-04", "until": "2026-05-05"}, ["Berta", "Anna"]),
        ({"since": "2026-05-06"}, []),
        ({"outcome": "refused", "customer": "contoso"}, []),
    ],
)
def test_the_filters(client: Client, some: None, query: dict[str, str], found: list[str]) -> None:
    content = page(client, **query)
    names = re.findall(r"<td>\s*<p>(Anna|Berta)", content)
    assert names == found


def test_the_filter_by_person(client: Client, staff: Staff, some: None) -> None:
    assert re.findall(r"<td>\s*<p>(Anna|Berta)", page(client, person=str(staff.pk))) == ["Anna"]


def test_a_day_begins_where_the_person_is(client: Client, partner: Partner) -> None:
    # Half past midnight on the 4th in Shanghai is still the 3rd in London.
    done(partner, "Early", at=datetime.datetime(2026, 5, 3, 16, 30, tzinfo=datetime.UTC))
    assert people(page(client, since="2026-05-04", until="2026-05-04")) == ["Early"]
    assert people(page(client, until="2026-05-03")) == []


BAD = ["x", "\0", "' OR 1=1 --", "<script>", "\u202e", "9" * 10_000, "2026-02-30", "0001-01-01", "9999-12-31", "-5"]


@pytest.mark.parametrize("field", ["person", "operation", "outcome", "since", "until"])
@pytest.mark.parametrize("bad", BAD)
def test_a_value_that_makes_no_sense_is_named(client: Client, some: None, field: str, bad: str) -> None:
    content = page(client, **{field: bad})
    assert "Please look at this again" in content
    assert f'href="#id_{field}"' in content
    if field in {"since", "until"} and bad.isprintable():
        assert f'value="{html.escape(bad)}"' in content


@pytest.mark.parametrize("bad", ["x" * 10_000, "\0", "\u202e", "%", "_", "' OR 1=1 --", "<script>"])
def test_any_piece_of_a_name_may_be_looked_for(client: Client, some: None, bad: str) -> None:
    page(client, customer=bad)


def test_the_last_day_before_the_first_is_named(client: Client, some: None) -> None:
    assert 'href="#id_until"' in page(client, since="2026-05-05", until="2026-05-04")


def test_paging_keeps_the_filter(client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "PAGE_SIZE", 2)
    for number in range(5):
        done(partner, f"Person{number}", at=NOON, customer_name="Contoso")
    done(partner, "Other", at=NOON)
    content = page(client, customer="contoso")
    seen = people(content)
    while onward := re.search(r'rel="next" href="([^"]*)"', content):
        content = client.get(html.unescape(onward[1])).content.decode()
        seen += people(content)
    assert sorted(seen) == [f"Person{number}" for number in range(5)]


def test_a_customer_is_found_by_the_name_of_today_and_of_that_day_and_by_its_id(
    client: Client, partner: Partner
) -> None:
    renamed, other = customer_of(partner, company_name="Nova"), customer_of(partner)
    done(partner, "Anna", customer_id=renamed.pk, customer_name="Vetus")
    done(partner, "Berta", customer_id=other.pk, customer_name="Other")
    for text in ("nova", "vetus", str(renamed.pk)):
        assert people(page(client, customer=text)) == ["Anna"]


def test_of_several_filters_the_one_that_finds_least_is_looked_through(
    client: Client, partner: Partner, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "MOST_LOOKED_AT", 6)
    monkeypatch.setattr(log, "PACE", scan.Pace(first=2, most=4))
    done(partner, "Anna", actor_id=staff.pk, operation="update_profile", at=NOON)
    for number in range(1, 24):
        done(partner, "Berta", actor_id=staff.pk, at=NOON + datetime.timedelta(hours=number))
    content = page(client, person=str(staff.pk), operation="update_profile")
    assert re.findall(r"<td>\s*<p>(Anna|Berta)", content) == ["Anna"]
    assert "1 record looked at" in text(content)


def test_many_customers_of_one_name_are_found_by_the_name_of_that_day(client: Client, partner: Partner) -> None:
    for number in range(25):
        customer = customer_of(partner, company_name=f"Contoso {number}")
        done(partner, f"Person{number}", customer_id=customer.pk, customer_name=customer.company_name)
    done(partner, "Other", customer_name="Adatum")
    assert len(people(page(client, customer="contoso"))) == 25


def test_what_others_did_can_be_asked_for(client: Client, partner: Partner, some: None) -> None:
    for kind in (ActorKind.CUSTOMER, ActorKind.PLATFORM, ActorKind.SYSTEM):
        ActivityRecordFactory(partner_id=partner.pk, actor_kind=kind, actor_name=str(kind), operation="rest")
    for kind in (ActorKind.CUSTOMER, ActorKind.PLATFORM, ActorKind.SYSTEM):
        assert people(page(client, person=kind.value)) == [kind.value]


def test_several_filters_are_looked_through_in_bounded_steps(
    client: Client, partner: Partner, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "PAGE_SIZE", 2)
    monkeypatch.setattr(log, "PACE", scan.Pace(first=2, most=4))
    monkeypatch.setattr(scan, "MOST_LOOKED_AT", 6)
    for number in range(24):
        outcome = Outcome.DONE if number % 8 == 0 else Outcome.REFUSED
        moment = NOON + datetime.timedelta(hours=number)
        done(partner, f"Person{number}", actor_id=staff.pk, operation="update_profile", outcome=outcome, at=moment)
    content = page(client, person=str(staff.pk), operation="update_profile", outcome="done")
    assert "6 records looked at" in text(content)
    seen, pages = [], 1
    while onward := re.search(r'href="([^"]*after=[^"]*)"', content):
        seen += re.findall(r"Person\d+", text(content))
        content, pages = client.get(html.unescape(onward[1])).content.decode(), pages + 1
    seen += re.findall(r"Person\d+", text(content))
    assert list(dict.fromkeys(seen)) == ["Person16", "Person8", "Person0"]
    # The last page tells that the list ends there.
    assert pages == 5


def file(client: Client, path: str = "/activity/", **query: str) -> list[list[str]]:
    response = client.get(path, {**query, "format": "csv"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv")
    assert "attachment" in response["Content-Disposition"]
    body = response.getvalue().decode("utf-8-sig")
    return list(csv.reader(body.splitlines()))


def test_the_file_holds_what_is_filtered(client: Client, some: None) -> None:
    heading, *lines = file(client, outcome="refused")
    assert heading[:3] == ["When", "Who", "What"]
    assert [line[:2] for line in lines] == [["2026-05-05T12:00:00+08:00", "Berta"]]


def test_the_file_speaks_the_persons_language(partner: Partner, some: None) -> None:
    spanish = signed_in(StaffFactory(partner=partner, language="es", time_zone="Europe/Madrid"))
    _, *lines = file(spanish)
    assert lines[0][0] == "2026-05-05T06:00:00+02:00"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_cell_is_a_formula(client: Client, partner: Partner, start: str) -> None:
    done(partner, f"{start}cmd|' /C calc'!A0")
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for line in file(client) for cell in line)
    assert harmless(f"{start}1") == f"'{start}1"


def test_a_file_of_a_filter_that_makes_no_sense_is_a_page_that_says_so(client: Client, some: None) -> None:
    assert "Please look at this again" in page(client, since="x", format="csv")


def test_an_empty_log_says_what_would_stand_here(client: Client) -> None:
    assert "Nothing has happened yet" in page(client)
    assert "Nothing of that kind was done" in page(client, outcome="refused")


def test_the_number_of_queries_does_not_grow(client: Client, partner: Partner) -> None:
    customer = customer_of(partner)
    done(partner, "Wang", customer_id=customer.pk, customer_name="Contoso")
    few = queries(client, "/activity/")
    for _ in range(10):
        done(partner, "Wang", customer_id=customer_of(partner).pk, customer_name="Contoso")
    assert queries(client, "/activity/") == few


def test_nor_does_it_where_records_are_looked_through(client: Client, partner: Partner, staff: Staff) -> None:
    for _ in range(2):
        done(partner, "Wang", actor_id=staff.pk, operation="update_profile")
    asked = f"/activity/?person={staff.pk}&operation=update_profile&outcome=done"
    few = queries(client, asked)
    for _ in range(40):
        done(partner, "Wang", actor_id=staff.pk, operation="update_profile")
    assert queries(client, asked) == few


def test_the_file_is_read_in_chunks_and_whole(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "CHUNK", 3)
    for number in range(10):
        done(partner, f"Person{number}", at=NOON + datetime.timedelta(minutes=number // 4))
    _, *lines = file(client)
    assert len({line[1] for line in lines}) == len(lines) == 10
    assert [line[0] for line in lines] == sorted((line[0] for line in lines), reverse=True)


def asked(partner: Partner, **query: str) -> log.Asked:
    form = ActivityFilter(query, partner=partner, with_customer=True)
    assert form.is_valid(), form.errors
    return log.Asked.of(ActivityRecord.objects.of_partner(partner.pk), form, is_narrow=False)


@pytest.fixture
def long_log(partner: Partner, staff: Staff) -> None:
    """Enough of it, and known well enough, that the database chooses as it does of millions."""
    customers = [customer_of(partner, company_name=f"Company {number:02}") for number in range(30)]
    ActivityRecord.objects.bulk_create(
        ActivityRecord(
            partner_id=partner.pk,
            at=NOON + datetime.timedelta(minutes=number),
            actor_kind=ActorKind.SYSTEM if number % 50 == 1 else ActorKind.STAFF,
            actor_id=staff.pk if number % 30 == 2 else uuid.uuid4(),
            operation="change_billing" if number % 60 == 3 else "upgrade_subscription",
            outcome=Outcome.REFUSED if number % 40 == 4 else Outcome.DONE,
            customer_id=customers[number % 30].pk,
            correlation_id=uuid.uuid4(),
            chain_id=partner.pk,
            number=number,
        )
        for number in range(600)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        # Of so few rows it would read all.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")


@pytest.mark.postgresql
@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "activity_by_partner"),
        ({"person": "{staff}"}, "activity_by_person"),
        ({"person": "system"}, "activity_not_by_staff"),
        ({"operation": "change_billing"}, "activity_by_operation"),
        ({"outcome": "refused"}, "activity_not_done"),
        ({"customer": "company 07"}, "activity_by_customer"),
        ({"since": "2026-05-04", "until": "2026-05-04"}, "activity_by_partner"),
        ({"operation": "change_billing", "until": "2026-05-05"}, "activity_by_operation"),
        ({"person": "{staff}", "customer": "company 07", "outcome": "done"}, "activity_by_customer"),
    ],
)
@pytest.mark.parametrize("way", ["first", "after", "before"])
@pytest.mark.usefixtures("long_log")
def test_each_filter_is_a_part_of_an_index(
    partner: Partner, staff: Staff, query: dict[str, str], index: str, way: str
) -> None:
    rows = asked(partner, **{name: value.format(staff=staff.pk) for name, value in query.items()}).rows
    place = (NOON + datetime.timedelta(hours=5)).isoformat(), str(uuid.UUID(int=0))
    page = {
        "first": lambda: log.NEWEST_FIRST.first(rows),
        "after": lambda: log.NEWEST_FIRST.after(rows, place),
        "before": lambda: log.NEWEST_FIRST.before(rows, place),
    }[way]()
    plan = page[:51].explain()
    assert index in plan
    assert "Sort" not in plan


def test_few_customers_with_many_records_are_looked_through(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_filter, "FEW_RECORDS", 3)
    for number in range(2):
        customer = customer_of(partner, company_name=f"Contoso {number}")
        for _ in range(number + 1):
            done(partner, "Anna", customer_id=customer.pk)
    assert asked(partner, customer="contoso").others == []
    done(partner, "Berta", customer_id=customer.pk)
    assert len(asked(partner, customer="contoso").others) == 1
    assert sorted(people(page(client, customer="contoso"))) == ["Anna", "Anna", "Anna", "Berta"]


def test_the_file_of_several_filters_holds_what_the_pages_show(
    client: Client, partner: Partner, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "CHUNK", 2)
    monkeypatch.setattr(log, "PACE", scan.Pace(first=2, most=5))
    for number in range(12):
        outcome = Outcome.DONE if number % 3 else Outcome.REFUSED
        done(partner, f"Person{number}", actor_id=staff.pk, outcome=outcome, at=NOON + datetime.timedelta(days=number))
    _, *lines = file(client, person=str(staff.pk), outcome="done", until="2026-05-12")
    assert [line[1] for line in lines] == [f"Person{number}" for number in (8, 7, 5, 4, 2, 1)]


def test_an_outcome_of_tomorrow_is_not_taken_for_done(partner: Partner) -> None:
    assert not log.LogLine(ActivityRecord(outcome="of tomorrow"), mark_safe("")).is_done
