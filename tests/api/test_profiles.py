"""A customer's company profile and its billing profile."""

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from activity.models import ActivityRecord
from api.etags import etag_of
from api.resources.profiles import wire_phone
from customers.models import BillingProfile, Customer, ResellerRelationship
from partners.roles import Role
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, World
from tests.factories import BillingProfileFactory, ContactDetailsFactory, CustomerFactory, ResellerRelationshipFactory

COMPANY = f"/customers/{ADATUM}/profiles/company"
BILLING = f"/customers/{ADATUM}/profiles/billing"
PROFILE: dict[str, Any] = {
    "firstName": "Na",
    "lastName": "Li",
    "email": "accounts@adatum.example.cn",
    "culture": "zh-CN",
    "language": "zh",
    "companyName": "Adatum",
    "defaultAddress": {
        "country": "CN",
        "city": "Beijing",
        "state": "BJ",
        "addressLine1": "8 Jianguo Road",
        "postalCode": "100022",
        "firstName": "Na",
        "lastName": "Li",
    },
}


def adatum() -> Customer:
    found: Customer = Customer.objects.get(pk=ADATUM)
    return found


def with_address(**members: Any) -> dict[str, Any]:
    return PROFILE | {"defaultAddress": PROFILE["defaultAddress"] | members}


def quoted(answer: Answer) -> str:
    """The ETag of an answer, as the header of a change has it."""
    etag = answer.json["attributes"]["etag"]
    assert answer.headers["ETag"] == f'"{etag}"'
    return f'"{etag}"'


# Company


def test_a_company_profile_is_told_as_far_as_it_is_known(contoso: Api) -> None:
    bare = {
        "tenantId": ADATUM,
        "domain": "adatum.partner.onmschina.cn",
        "companyName": "Adatum",
        "links": {"self": {"uri": COMPANY, "method": "GET", "headers": []}},
        "attributes": {"objectType": "CustomerCompanyProfile"},
    }
    answer = contoso.get(COMPANY)
    assert (answer.status, answer.json, "ETag" in answer.headers) == (200, bare, False)
    ContactDetailsFactory(customer=adatum(), phone_number="+86 21 5555 0100")
    address = {
        "country": "CN",
        "city": "Shanghai",
        "addressLine1": "1 Century Avenue",
        "postalCode": "200120",
        "phoneNumber": "02155550100",
    }
    assert contoso.get(COMPANY).json == bare | {"address": address, "email": "li.na@adatum.example"}


def test_a_contact_without_address_is_told_by_telephone_alone(contoso: Api) -> None:
    nowhere = dict.fromkeys(("country", "state", "city", "address_line1", "postal_code"), "")
    contact = ContactDetailsFactory(customer=adatum(), phone_number="+86 21 5555 0100", **nowhere)
    assert contoso.get(COMPANY).json["address"] == {"phoneNumber": "+862155550100"}
    contact.phone_number = ""
    contact.save()
    told = contoso.get(COMPANY).json
    assert ("address" in told, told["email"]) == (False, "li.na@adatum.example")


def test_a_company_profile_is_not_changed_on_the_wire(contoso: Api) -> None:
    answer = contoso.put(COMPANY, {"companyName": "Other"})
    assert (answer.status, answer.json["code"], answer.headers["Allow"]) == (405, 1000, "GET")


# Billing, read


def test_no_billing_profile_is_nothing(contoso: Api) -> None:
    answer = contoso.get(BILLING)
    assert (answer.status, answer.json["code"]) == (404, 1000)


def test_the_etag_is_the_id_and_the_version(contoso: Api) -> None:
    BillingProfileFactory(customer=adatum(), version=3)
    etag = quoted(contoso.get(BILLING)).strip('"')
    assert json.loads(base64.b64decode(etag)) == {"id": ADATUM, "version": 3}


# Billing, changed


def test_a_billing_profile_is_put_as_the_protocol_shows_it(contoso: Api) -> None:
    answer = contoso.put(BILLING, PROFILE)
    etag = quoted(answer).strip('"')
    more = {
        "id": ADATUM,
        "links": {"self": {"uri": BILLING, "method": "GET", "headers": []}},
        "attributes": {"etag": etag, "objectType": "CustomerBillingProfile"},
    }
    assert (answer.status, answer.json) == (200, PROFILE | more)
    assert contoso.get(BILLING).json == answer.json


def test_what_is_not_sent_is_emptied(contoso: Api) -> None:
    full = with_address(
        region="North",
        district="Chaoyang",
        addressLine2="Block 2",
        addressLine3="Floor 3",
        middleName="Mei",
        phoneNumber="010 5555 0100",
    )
    said = contoso.put(BILLING, full).json
    assert said["defaultAddress"] == full["defaultAddress"] | {"phoneNumber": "01055550100"}
    bare = {name: value for name, value in PROFILE.items() if name not in ("firstName", "lastName")}
    said = contoso.put(BILLING, bare).json
    assert ("firstName" in said, said["defaultAddress"]) == (False, PROFILE["defaultAddress"])


def test_a_profile_sent_back_as_it_was_got_changes_nothing(contoso: Api) -> None:
    contoso.put(BILLING, with_address(phoneNumber="010 5555 0100"))
    got = contoso.get(BILLING)
    records = ActivityRecord.objects.count()
    answer = contoso.put(BILLING, got.json, If_Match=quoted(got))
    assert (answer.status, answer.json) == (200, got.json)
    assert ActivityRecord.objects.count() == records


def test_each_change_has_its_own_etag_and_record(contoso: Api) -> None:
    first = contoso.put(BILLING, PROFILE)
    second = contoso.put(BILLING, PROFILE | {"companyName": "Adatum Ltd"}, If_Match=quoted(first))
    assert (second.status, quoted(second) != quoted(first)) == (200, True)
    record = ActivityRecord.objects.latest("at", "id")
    assert (record.operation, record.actor_name) == ("change_billing", contoso.client.name)
    assert (record.before, record.after) == (
        {"company_name": "Adatum", "version": 1},
        {"company_name": "Adatum Ltd", "version": 2},
    )


def test_a_repeated_request_changes_once(contoso: Api) -> None:
    first = contoso.put(BILLING, PROFILE, MS_RequestId="1")
    contoso.put(BILLING, PROFILE | {"companyName": "Adatum Ltd"})
    again = contoso.put(BILLING, PROFILE, MS_RequestId="1")
    assert (again.status, again.json, quoted(again)) == (200, first.json, quoted(first))
    assert BillingProfile.objects.get().company_name == "Adatum Ltd"
    for other in (PROFILE | {"companyName": "X"}, [PROFILE]):
        assert contoso.put(BILLING, other, MS_RequestId="1").json["code"] == 800002
    assert contoso.put(BILLING, PROFILE, MS_RequestId="1", If_Match="*").status == 409


STALE = etag_of(ADATUM, 7)


@pytest.mark.parametrize(
    ("headers", "etag", "status"),
    [
        ({"If_Match": f'"{STALE}"'}, None, 412),
        ({"If_Match": STALE}, None, 412),
        ({"If_Match": f'W/"{STALE}", "x"'}, None, 412),
        ({"If_Match": "nonsense"}, None, 412),
        ({"If_Match": f'"{etag_of(ADATUM[:-1] + "9", 1)}"'}, None, 412),
        ({"If_Match": f'"{STALE}"'}, etag_of(ADATUM, 1), 412),
        ({}, STALE, 400),
        ({}, f'"{STALE}"', 400),
        ({}, "nonsense", 400),
        ({}, "*", 400),
    ],
)
def test_a_stale_etag_changes_nothing(contoso: Api, headers: dict[str, str], etag: str | None, status: int) -> None:
    contoso.put(BILLING, PROFILE)
    before = BillingProfile.objects.values().get()
    asked = PROFILE | {"companyName": "Other"} | ({"attributes": {"etag": etag}} if etag else {})
    answer = contoso.put(BILLING, asked, **headers)
    assert (answer.status, answer.json["code"]) == (status, 2055)
    assert BillingProfile.objects.values().get() == before
    refused = ActivityRecord.objects.latest("at", "id")
    assert (refused.operation, refused.outcome, refused.reasons) == ("change_billing", "refused", ["account_changed"])


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_of_one_version_are_one(api: Callable[..., Api]) -> None:
    program = api()
    customer = CustomerFactory()
    ResellerRelationshipFactory(partner=program.partner, customer=customer)
    path = f"/customers/{customer.pk}/profiles/billing"
    seen = quoted(program.put(path, PROFILE))
    starting = Barrier(2, timeout=30)

    def change(company: str) -> int:
        try:
            starting.wait()
            other = Api(program.client, program.token)
            return other.put(path, PROFILE | {"companyName": company}, If_Match=seen).status
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(change, ("A", "B"))) == [200, 412]
    assert BillingProfile.objects.get().version == 2


@pytest.mark.parametrize("header", ["*", '"{now}"', "{now}", 'W/"{now}"', '"other", "{now}"'])
def test_a_present_etag_holds(contoso: Api, header: str) -> None:
    now = quoted(contoso.put(BILLING, PROFILE)).strip('"')
    answer = contoso.put(BILLING, PROFILE | {"companyName": "Other"}, If_Match=header.format(now=now))
    assert (answer.status, answer.json["companyName"]) == (200, "Other")


def test_the_etag_of_the_body_holds_too(contoso: Api) -> None:
    sent = contoso.put(BILLING, PROFILE).json
    answer = contoso.put(BILLING, sent | {"companyName": "Other"})
    assert (answer.status, answer.json["companyName"]) == (200, "Other")
    assert contoso.put(BILLING, sent).json["code"] == 2055


def test_no_etag_holds_for_what_is_not_there(contoso: Api) -> None:
    for header in ("*", f'"{STALE}"'):
        answer = contoso.put(BILLING, PROFILE, If_Match=header)
        assert (answer.status, answer.json["code"]) == (412, 2055)
    assert contoso.put(BILLING, PROFILE | {"attributes": {"etag": STALE}}).json["code"] == 2055
    assert not BillingProfile.objects.exists()


WRONG: list[tuple[str, Any]] = [
    ("email", None),
    ("culture", None),
    ("language", None),
    ("companyName", None),
    ("companyName", "  "),
    ("defaultAddress", None),
    ("defaultAddress", [7]),
    ("email", 7),
    ("email", "a@"),
    ("culture", "de-DE"),
    ("language", True),
    ("companyName", "x" * 10_000),
    ("firstName", {"a": 1}),
    ("attributes.etag", 7),
    ("defaultAddress.country", None),
    ("defaultAddress.country", "XX"),
    ("defaultAddress.country", 156),
    ("defaultAddress.city", None),
    ("defaultAddress.addressLine1", None),
    ("defaultAddress.firstName", None),
    ("defaultAddress.lastName", None),
    ("defaultAddress.state", None),
    ("defaultAddress.state", "XX"),
    ("defaultAddress.postalCode", None),
    ("defaultAddress.postalCode", 100022),
    ("defaultAddress.phoneNumber", "110"),
    ("defaultAddress.phoneNumber", "x" * 10_000),
    ("defaultAddress.middleName", False),
    ("defaultAddress.addressLine2", "a\rb"),
]


def test_values_that_cannot_be_are_named_and_change_nothing(contoso: Api) -> None:
    contoso.put(BILLING, PROFILE)
    before = (BillingProfile.objects.values().get(), ActivityRecord.objects.count())
    for path, value in WRONG:
        name, _dot, inner = path.partition(".")
        asked = PROFILE | {name: PROFILE.get(name, {}) | {inner: value} if inner else value}
        answer = contoso.put(BILLING, asked)
        assert (answer.status, answer.json["code"]) == (400, 3000), (path, value)
        assert any(text.startswith(f"{path}: ") for text in answer.json["data"]), (path, answer.text)
    assert before == (BillingProfile.objects.values().get(), ActivityRecord.objects.count())


def test_other_countries_have_no_states_of_china(contoso: Api) -> None:
    said = contoso.put(BILLING, with_address(country="DE", state="", postalCode="", phoneNumber="030 123456")).json
    assert "state" not in said["defaultAddress"]
    assert said["defaultAddress"]["phoneNumber"] == "030123456"


def test_a_former_reseller_looks_and_changes_nothing(contoso: Api) -> None:
    present = contoso.put(BILLING, PROFILE)
    ResellerRelationship.objects.update(has_ended=True, had_subscriptions=True)
    assert contoso.get(BILLING).json == present.json
    assert contoso.get(COMPANY).status == 200
    answer = contoso.put(BILLING, PROFILE | {"companyName": "Other"}, If_Match=quoted(present))
    assert (answer.status, answer.json["code"]) == (403, 20002)
    assert BillingProfile.objects.get().company_name == "Adatum"
    assert ActivityRecord.objects.latest("at", "id").reasons == ["relationship_ended"]


def test_another_partner_reads_and_changes_nothing(world: World, contoso: Api, api: Callable[..., Api]) -> None:
    contoso.put(BILLING, PROFILE)
    program = api(partner=world.fabrikam)
    for answer in (program.get(BILLING), program.put(BILLING, PROFILE, If_Match="*"), program.get(COMPANY)):
        assert (answer.status, answer.json["code"], "Adatum" in answer.text) == (404, 60003, False)


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_sell_change_billing_details(api: Callable[..., Api], role: Role) -> None:
    program = api(roles=[role])
    customer = CustomerFactory()
    ResellerRelationshipFactory(partner=program.partner, customer=customer)
    answer = program.put(f"/customers/{customer.pk}/profiles/billing", PROFILE)
    sells = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT)
    assert answer.status == (200 if sells else 403)
    if not sells:
        assert (answer.json["code"], ActivityRecord.objects.latest("at", "id").reasons) == (900150, ["role"])


# Telephone numbers


@pytest.mark.parametrize(
    ("number", "country", "sent"),
    [
        ("+86 21 5555 0100", "CN", "02155550100"),
        ("+86 138 0013 8000", "CN", "13800138000"),
        ("+1 425-555-0100", "CN", "+14255550100"),
        ("+1 425-555-0100", "US", "4255550100"),
        ("+49 30 123456", "DE", "030123456"),
        ("+39 06 1234 5678", "IT", "0612345678"),
        ("+86 21 5555 0100", "", "+862155550100"),
        ("+86 21 5555 0100 ext. 12", "CN", "+86 21 5555 0100 ext. 12"),
        ("", "CN", ""),
        ("no number", "CN", "no number"),
    ],
)
def test_a_number_is_sent_as_it_is_dialled(number: str, country: str, sent: str) -> None:
    assert wire_phone(number, country) == sent
