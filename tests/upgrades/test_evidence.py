"""The evidence kept with an upgrade: every condition with what it saw, unchanged by what comes later."""

import json
from typing import Any

import pytest
from django.utils import timezone, translation

from catalog.models import Offer, Service
from customers.models import Customer, DelegatedAdminPrivilege
from partners.models import Partner, Staff
from subscriptions.models import Status, Subscription
from tests.factories import PartnerFactory, StaffFactory, customer_of, offer, sold
from upgrades.conditions import CONDITIONS
from upgrades.explain import explain_evidence
from upgrades.models import Upgrade, UpgradePath
from upgrades.operations import evidence, upgrade_subscription
from upgrades.receipts import as_json, described_steps
from upgrades.verdicts import CODES, judge

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Staff:
    made: Staff = StaffFactory(partner__name="Contoso Reseller")
    return made


@pytest.fixture
def upgrade(staff: Staff) -> Upgrade:
    customer = customer_of(staff.partner)
    held = sold(staff.partner, customer, "Business Premium")
    sold(PartnerFactory(name="Fabrikam Reseller"), customer, "Exchange Online (Plan 1)", nickname="not ours")
    made = upgrade_subscription(
        staff=staff, subscription_id=held.pk, target_id=offer("E3").pk, quantity=30, key="proof"
    )
    return Upgrade.objects.get(pk=made.pk)


def test_it_has_every_condition_in_order_and_each_was_met(upgrade: Upgrade) -> None:
    assert [item["code"] for item in upgrade.evidence] == list(CODES)
    assert all(item["met"] is True for item in upgrade.evidence)
    assert all(item["facts"] for item in upgrade.evidence)


def test_it_has_the_facts_of_that_moment(upgrade: Upgrade) -> None:
    facts = {item["code"]: item["facts"][0] for item in upgrade.evidence}
    assert facts["subscription_status_not_active"] == {"code": "status", "values": {"status": "active"}}
    assert facts["other"] == {"code": "sold_by", "values": {"partner": "Contoso Reseller"}}
    assert "Exchange Online" in facts["delegated_admin_permissions_disabled"]["values"]["services"]
    assert "Exchange Online (Plan 2)" in facts["conflicting_service_types"]["values"]["services"]
    target = facts["subscription_target_offer_already_present"]
    assert target == {"code": "target_absent", "values": {"offer": "Office 365 Enterprise E3"}}


def test_it_tells_nothing_of_another_partners_business(upgrade: Upgrade) -> None:
    told = json.dumps(as_json(upgrade))
    assert "Fabrikam" not in told
    assert "not ours" not in told


def test_the_evidence_of_a_refusal_can_be_stored_too(staff: Staff) -> None:
    customer = customer_of(staff.partner, services=[])
    held = sold(staff.partner, customer, "Business", status=Status.SUSPENDED)
    sold(staff.partner, customer, "E3", status=Status.SUSPENDED, parent=held)
    sold(None, customer, "Business Essentials")
    for verdict in judge(Subscription.objects.filter(pk=held.pk), partner=staff.partner):
        encoder = Upgrade._meta.get_field("evidence").encoder
        stored = json.loads(json.dumps(evidence(verdict), cls=encoder))
        assert [item["code"] for item in stored] == list(CODES)
        # Every sentence can be drawn from what was stored, a moment being text by then.
        for one in explain_evidence(stored):
            assert all("%(" not in words and words for words in one.facts)


def later(upgrade: Upgrade) -> None:
    """All that the receipt speaks of is renamed, changed and taken away."""
    Partner.objects.update(name="Renamed")
    Customer.objects.update(company_name="Renamed")
    Staff.objects.update(name="Renamed")
    Service.objects.update(name="Renamed")
    for one in Offer.objects.all():
        Offer.objects.filter(pk=one.pk).update(name=f"Renamed {one.sku_part_number}")
    UpgradePath.objects.all().delete()
    Subscription.objects.filter(pk=upgrade.subscription_id).update(
        nickname="Renamed", quantity=1, status=Status.SUSPENDED, suspended_at=timezone.now()
    )
    DelegatedAdminPrivilege.objects.all().delete()


def drawn(upgrade_id: Any) -> str:
    found = Upgrade.objects.get(pk=upgrade_id)
    return repr([as_json(found), described_steps(found), explain_evidence(found.evidence), str(found)])


def test_the_receipt_is_drawn_from_its_row_alone(upgrade: Upgrade) -> None:
    before = drawn(upgrade.pk)
    later(upgrade)
    assert drawn(upgrade.pk) == before


def test_drawing_it_asks_for_nothing_but_the_row(upgrade: Upgrade, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        drawn(upgrade.pk)


def test_as_json_it_is_complete_and_can_be_written(upgrade: Upgrade, staff: Staff) -> None:
    told = json.loads(json.dumps(as_json(upgrade)))
    assert told["before"] == {
        "offer": {"id": str(offer("Business Premium").pk), "name": "Office 365 Business Premium"},
        "quantity": 25,
    }
    assert told["after"] == {
        "offer": {"id": str(offer("E3").pk), "name": "Office 365 Enterprise E3"},
        "quantity": 30,
    }
    assert told["idempotency_key"] == "proof"
    assert told["staff"] == {"id": str(staff.pk), "name": staff.name}
    assert told["service_plans"]["lost"] == ["Microsoft Bookings"]
    assert told["matrix"] == {"version": 1, "footnote": ""}
    assert [item["code"] for item in told["evidence"]] == list(CODES)
    assert told["finished_at"] is None
    assert told["made_at"].endswith("+00:00")


@pytest.mark.parametrize("language", ["en", "es", "zh-hans"])
def test_it_is_worded_in_the_readers_language(upgrade: Upgrade, language: str) -> None:
    with translation.override(language):
        explained = explain_evidence(upgrade.evidence)
        assert [one.words for one in explained] == [str(condition.met_words) for condition in CONDITIONS]


def test_a_condition_of_a_later_version_is_shown_by_its_code() -> None:
    [one] = explain_evidence([{"code": "not_invented_yet", "met": True, "facts": [{"code": "new", "values": {}}]}])
    assert (one.words, one.facts) == ("not_invented_yet", ("new",))
