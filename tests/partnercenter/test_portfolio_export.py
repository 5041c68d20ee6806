"""What the export writes: the specification's members in a lasting order, and the same portal back."""

import datetime
import inspect
import json
import os
from collections.abc import Generator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from catalog.models import Offer
from customers.models import Customer, DelegatedAdminPrivilege, ResellerRelationship
from partnercenter.portfolio.exporting import Portfolio, write_document, write_lines
from partners.models import Partner
from subscriptions.models import Subscription
from tests.factories import ResellerRelationshipFactory
from tests.partnercenter.portfolios import (
    ADATUM,
    BUSINESS,
    LITWARE,
    NOBODY,
    OURS,
    THEIRS,
    Desk,
    a_customer,
    a_portfolio,
    a_subscription,
    number,
)
from tests.partnercenter.test_portfolio_import import FULL

pytestmark = pytest.mark.django_db


def _empty_the_portal() -> None:
    DelegatedAdminPrivilege.objects.all().delete()
    Subscription.objects.update(parent=None)
    Subscription.objects.all().delete()
    Customer.objects.all().delete()
    Partner.objects.all().delete()


def test_a_file_of_the_specification_comes_out_with_its_members_alone_and_in_order(desk: Desk) -> None:
    desk.bring_in(
        a_portfolio(
            a_customer(ADATUM, a_subscription(), delegated_admin_privileges=[{"service": "skype", "partner": OURS}])
        )
    )
    document = json.loads(desk.take_out())
    assert list(document) == ["partners", "customers"]
    assert list(document["partners"][0]) == ["id", "name", "type", "mpn_id"]
    (customer,) = document["customers"]
    assert list(customer) == [
        "id",
        "company_name",
        "domain",
        "resellers",
        "delegated_admin_privileges",
        "subscriptions",
    ]
    assert customer["delegated_admin_privileges"] == [{"service": "skype", "partner": OURS}]
    assert list(customer["subscriptions"][0].items()) == [
        ("id", number(1)),
        ("offer", BUSINESS),
        ("nickname", ""),
        ("quantity", 25),
        ("status", "active"),
        ("partner", OURS),
        ("parent", None),
        ("created", "2018-03-01T08:00:00Z"),
        ("suspended", None),
        ("commitment_end", "2019-03-01"),
        ("auto_renew", True),
    ]


def test_what_was_suspended_with_its_parent_is_told_and_comes_back_so(desk: Desk) -> None:
    suspended = {"status": "suspended", "suspended": "2020-01-01T00:00:00Z"}
    add_on = a_subscription(2, parent=number(1), **suspended)
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(1, **suspended), add_on)))
    assert "suspended_with_parent" not in desk.take_out()
    desk.bring_in(a_portfolio(a_customer(ADATUM, {**add_on, "suspended_with_parent": True})))
    first = desk.take_out()
    held = json.loads(first)["customers"][0]["subscriptions"]
    assert [one.get("suspended_with_parent") for one in held] == [None, True]
    _empty_the_portal()
    desk.bring_in(first)
    assert desk.take_out() == first
    desk.bring_in(a_portfolio(a_customer(ADATUM, add_on)))
    assert not Subscription.objects.get(pk=number(2)).suspended_with_parent


@pytest.mark.parametrize("name", ["out.json", "out.jsonl"])
def test_an_export_gives_back_the_same_portal_and_the_same_bytes(desk: Desk, name: str) -> None:
    desk.bring_in(FULL)
    # What the portal knows beyond the file.
    moment = datetime.datetime(2021, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.UTC)
    ResellerRelationship.objects.filter(partner_id=OURS).update(since=moment)
    expiry = timezone.now() + datetime.timedelta(days=5)
    DelegatedAdminPrivilege.objects.filter(service__code="skype").update(since=moment, expires_at=expiry)
    former = ResellerRelationshipFactory(customer_id=LITWARE, partner_id=THEIRS, has_ended=True, had_subscriptions=True)
    out = desk.folder / name
    desk.take_out(output=str(out))
    first = out.read_bytes()
    _empty_the_portal()
    assert not Customer.objects.visible_to_partner(former.partner_id).exists()
    call_command("import_portfolio", str(out), stdout=StringIO())
    desk.take_out(output=str(out))
    assert out.read_bytes() == first
    assert ResellerRelationship.objects.get(partner_id=OURS).since == moment
    privilege = DelegatedAdminPrivilege.objects.get(service__code="skype")
    assert (privilege.since, privilege.expires_at) == (moment, expiry)
    assert Customer.objects.visible_to_partner(former.partner_id).filter(pk=LITWARE).exists()


@pytest.mark.parametrize("name", ["out.json", "out.jsonl"])
def test_an_empty_portal_is_a_file_that_can_be_imported(desk: Desk, name: str) -> None:
    out = desk.folder / name
    desk.take_out(output=str(out))
    assert "Nothing changes" in desk.bring_in(out.read_bytes(), name)


def test_a_subscription_of_the_last_year_comes_back(desk: Desk) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(created="2999-12-31T23:59:59Z"))))
    assert "Nothing changes" in desk.bring_in(desk.take_out())


def test_a_deleted_subscription_comes_back_after_its_offer_got_a_lower_maximum(desk: Desk) -> None:
    gone, held = a_subscription(1, status="deleted", quantity=250), a_subscription(2, quantity=20)
    desk.bring_in(a_portfolio(a_customer(ADATUM, gone, held)))
    Offer.objects.filter(pk=BUSINESS).update(maximum_quantity=20)
    first = desk.take_out()
    assert "Nothing changes" in desk.bring_in(first)
    _empty_the_portal()
    desk.bring_in(first)
    assert desk.take_out() == first
    # One that was alive here and is deleted in the file, too.
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(2, status="deleted", quantity=250))))
    assert Subscription.objects.get(pk=number(2)).quantity == 250
    (fault,) = desk.faults(a_portfolio(a_customer(ADATUM, a_subscription(3, quantity=250))))
    assert "expected 1 to 20 licences, not 250" in fault


def test_everything_stands_by_id_whatever_the_order_of_arrival(desk: Desk) -> None:
    desk.bring_in(FULL)
    document = json.loads(desk.take_out())
    assert [partner["id"] for partner in document["partners"]] == [OURS, THEIRS]
    assert [customer["id"] for customer in document["customers"]] == [ADATUM, LITWARE]
    adatum = document["customers"][0]
    assert [item["id"] for item in adatum["subscriptions"]] == [number(1), number(2), number(3)]
    assert [item["service"] for item in adatum["delegated_admin_privileges"]] == ["exchange", "skype"]
    assert "Adatum 软件" in desk.take_out()


def test_a_partner_sees_its_customers_and_nothing_of_anothers_business(desk: Desk) -> None:
    customer = a_customer(
        ADATUM,
        a_subscription(1),
        a_subscription(2, partner=THEIRS, offer="2f707c7c-2433-49a5-a437-9ca7cf40d3eb"),
        a_subscription(3, partner=THEIRS, parent=number(2)),
        resellers=[OURS, THEIRS],
        delegated_admin_privileges=[{"service": "exchange", "partner": OURS}, {"service": "skype", "partner": THEIRS}],
    )
    desk.bring_in(a_portfolio(customer, a_customer(LITWARE, resellers=[THEIRS])))
    text = desk.take_out(partner=OURS)
    document = json.loads(text)
    assert THEIRS not in text
    assert LITWARE not in text
    (seen,) = document["customers"]
    assert seen["resellers"] == [OURS]
    assert seen["delegated_admin_privileges"] == [{"service": "exchange", "partner": OURS}]
    # Its own, and the one whose Exchange it administers, of which it does not learn who sold it.
    assert [(item["id"], item["partner"]) for item in seen["subscriptions"]] == [(number(1), OURS), (number(2), None)]
    theirs = json.loads(desk.take_out(partner=THEIRS))
    assert len(theirs["customers"]) == 2
    _empty_the_portal()
    desk.bring_in(text)


@pytest.mark.parametrize("command", ["export_portfolio", "export_eligibility"])
@pytest.mark.parametrize("value", ["", "x", "*", NOBODY, f"{{{OURS}}}", OURS.replace("-", ""), "a\x00b"])
def test_a_partner_that_is_none_is_refused(command: str, value: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(CommandError, match="--partner: "):
        call_command(command, partner=value, output=str(out))
    assert not out.exists()


def test_an_export_that_breaks_off_leaves_no_half_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.bring_in(FULL)
    out = desk.put("what was there", "out.json")

    def break_off(*args: Any) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", break_off)
    with pytest.raises(CommandError, match="No space left"):
        desk.take_out(output=str(out))
    assert out.read_text() == "what was there"
    assert sorted(path.name for path in desk.folder.iterdir()) == ["out.json", "portfolio.json"]


@pytest.mark.parametrize("write_all", [write_document, write_lines])
def test_an_export_that_breaks_off_lets_go_of_what_it_reads_from(desk: Desk, write_all: Any) -> None:
    desk.bring_in(FULL)
    read: list[Generator[dict[str, Any]]] = []

    class Watched(Portfolio):
        def customer_records(self) -> Generator[dict[str, Any]]:
            read.append(super().customer_records())
            return read[-1]

    def write(text: str) -> None:
        if ADATUM in text:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        write_all(Watched.whole(), write)
    assert [inspect.getgeneratorstate(records) for records in read] == [inspect.GEN_CLOSED]


def test_an_output_that_cannot_be_written_is_said_so(desk: Desk) -> None:
    for path in (desk.folder, desk.folder / "missing" / "out.json", "a\x00b"):
        with pytest.raises(CommandError, match="cannot be written"):
            desk.take_out(output=str(path))


def test_an_export_keeps_the_permissions_of_the_file_it_replaces(desk: Desk) -> None:
    out = desk.put("", "out.json")
    out.chmod(0o640)
    link = desk.folder / "link.json"
    link.symlink_to(out)
    desk.take_out(output=str(link))
    assert out.stat().st_mode & 0o777 == 0o640
    assert link.is_symlink()
    assert json.loads(out.read_text())["customers"] == []


@pytest.mark.django_db(transaction=True)
def test_the_commands_work_outside_a_transaction_as_on_the_command_line(desk: Desk) -> None:
    assert desk.faults(a_portfolio(a_customer(ADATUM, a_subscription(parent=NOBODY))))
    assert desk.faults("{")
    desk.bring_in(FULL)
    first = desk.take_out()
    assert "Nothing changes" in desk.bring_in(first)
    assert json.loads(desk.take_out(partner=OURS))["customers"]
    verdicts = StringIO()
    call_command("export_eligibility", partner=OURS, stdout=verdicts)
    assert len(verdicts.getvalue().splitlines()) == 3
    assert desk.take_out() == first


CONTACT = {
    "first_name": "娜",
    "last_name": "李",
    "email": "li.na@adatum.example",
    "phone_number": "+86 21 5555 0100",
    "country": "CN",
    "state": "SH",
    "city": "上海",
    "district": "浦东新区",
    "address_line1": "世纪大道1号",
    "postal_code": "200120",
}
BILLING = {"company_name": "Adatum 软件有限公司", **CONTACT, "culture": "zh-CN", "language": "zh"}


def test_contact_and_billing_come_out_as_they_went_in(desk: Desk) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, contact=CONTACT, billing=BILLING), a_customer(LITWARE)))
    adatum, litware = json.loads(desk.take_out())["customers"]
    assert (adatum["contact"], adatum["billing"]) == (CONTACT, BILLING)
    assert "contact" not in litware
    assert "billing" not in litware
    first = desk.take_out()
    _empty_the_portal()
    desk.bring_in(json.loads(first))
    assert desk.take_out() == first


def test_what_programs_say_of_a_recipient_comes_out_as_it_went_in(desk: Desk) -> None:
    contact = {**CONTACT, "middle_name": "Wei", "region": "华东"}
    billing = {**BILLING, "middle_name": "Wei", "region": "华东", "profile_first_name": "静", "profile_last_name": "陈"}
    desk.bring_in(a_portfolio(a_customer(ADATUM, contact=contact, billing=billing)))
    (adatum,) = json.loads(desk.take_out())["customers"]
    assert (adatum["contact"], adatum["billing"]) == (contact, billing)
    assert "Nothing changes" in desk.bring_in(json.loads(desk.take_out()))


def test_a_partner_takes_out_the_accounts_of_its_own_customers(desk: Desk) -> None:
    theirs = a_customer(LITWARE, resellers=[THEIRS], contact=CONTACT)
    desk.bring_in(a_portfolio(a_customer(ADATUM, contact=CONTACT), theirs))
    (customer,) = json.loads(desk.take_out(partner=OURS))["customers"]
    assert (customer["id"], customer["contact"]) == (ADATUM, CONTACT)
