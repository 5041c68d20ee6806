"""The customers of a partner: listed, searched, paged, got, made."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from activity.models import ActivityRecord, Outcome
from catalog.models import Service
from customers.models import BillingProfile, Customer, DelegatedAdminPrivilege, ResellerRelationship
from partners.roles import Role
from tests.api.conftest import Answer, Api
from tests.api.worlds import ADATUM, World
from tests.factories import (
    BillingProfileFactory,
    ContactDetailsFactory,
    CustomerFactory,
    DelegatedAdminPrivilegeFactory,
    PartnerFactory,
    ResellerRelationshipFactory,
    service,
)

ADATUM_SAYS: dict[str, Any] = {
    "id": ADATUM,
    "companyProfile": {
        "tenantId": ADATUM,
        "domain": "adatum.partner.onmschina.cn",
        "companyName": "Adatum",
        "links": {"self": {"uri": f"/customers/{ADATUM}/profiles/company", "method": "GET", "headers": []}},
        "attributes": {"objectType": "CustomerCompanyProfile"},
    },
    "relationshipToPartner": "reseller",
    "links": {"self": {"uri": f"/customers/{ADATUM}", "method": "GET", "headers": []}},
    "attributes": {"objectType": "Customer"},
}
WOODGROVE: dict[str, Any] = {
    "companyProfile": {"domain": "woodgrove.partner.onmschina.cn"},
    "billingProfile": {
        "culture": "zh-CN",
        "email": "li.na@woodgrove.example.cn",
        "language": "zh",
        "companyName": "Woodgrove",
        "defaultAddress": {
            "firstName": "Na",
            "lastName": "Li",
            "addressLine1": "1 Century Avenue",
            "city": "Shanghai",
            "state": "SH",
            "postalCode": "200120",
            "country": "CN",
            "phoneNumber": "02155550100",
        },
    },
}


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with another value at this path."""
    copy: dict[str, Any] = json.loads(json.dumps(body))
    *parts, last = path.split(".")
    place = copy
    for part in parts:
        place = place[part]
    place[last] = value
    return copy


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    """The body without the member at this path."""
    copy = changed(body, path, None)
    *parts, last = path.split(".")
    place = copy
    for part in parts:
        place = place[part]
    del place[last]
    return copy


def in_pascal_case(body: dict[str, Any]) -> dict[str, Any]:
    """The body with its members named as .NET does."""
    return {name[0].upper() + name[1:]: value for name, value in body.items()}


def wanted(field: str, value: str, operator: str = "starts_with") -> str:
    """A filter as it stands in an address."""
    return "filter=" + quote(json.dumps({"Field": field, "Value": value, "Operator": operator}))


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [item["companyProfile"]["companyName"] for item in answer.json["items"]]


def sell_to(api: Api, *companies: str) -> list[Customer]:
    """Customers of these names, of this partner."""
    customers = [CustomerFactory(company_name=company) for company in companies]
    for customer in customers:
        ResellerRelationshipFactory(partner=api.partner, customer=customer)
    return customers


# Listing


def test_a_list_is_as_the_protocol_shows_it(contoso: Api) -> None:
    answer = contoso.get("/customers?size=40")
    assert (answer.status, answer.json) == (
        200,
        {
            "totalCount": 1,
            "items": [ADATUM_SAYS],
            "links": {"self": {"uri": "/customers?size=40", "method": "GET", "headers": []}},
            "attributes": {"objectType": "Collection"},
        },
    )


def test_d12_sizes(api: Callable[..., Api]) -> None:
    program = api()
    sell_to(program, "Adatum", "Fourth Coffee", "Woodgrove")
    assert names(program.get("/customers")) == ["Adatum", "Fourth Coffee", "Woodgrove"]
    assert names(program.get("/customers?size=0")) == ["Adatum", "Fourth Coffee", "Woodgrove"]
    assert names(program.get("/customers?size=999999999999999999999")) == ["Adatum", "Fourth Coffee", "Woodgrove"]
    assert names(program.get("/customers?SIZE=2")) == ["Adatum", "Fourth Coffee"]
    for wrong in ("-1", "x", "1.5", "", "%00", "true", "1e3"):
        refused = program.get(f"/customers?size={wrong}")
        assert (refused.status, refused.json["code"], refused.json["data"][0][:5]) == (400, 3000, "size:"), wrong


def test_no_page_is_larger_than_500(api: Callable[..., Api]) -> None:
    program = api()
    customers = Customer.objects.bulk_create(
        [Customer(company_name=f"C{number:03}", domain=f"c{number}.example.cn") for number in range(501)]
    )
    ResellerRelationship.objects.bulk_create(
        [ResellerRelationship(partner=program.partner, customer=customer) for customer in customers]
    )
    for asked in ("", "?size=501", "?size=0"):
        page = program.get(f"/customers{asked}").json
        assert (page["totalCount"], len(page["items"]), "next" in page["links"]) == (500, 500, True)


def test_d13_total_count(contoso: Api) -> None:
    sell_to(contoso, "Fourth Coffee", "Woodgrove")
    assert contoso.get("/customers?size=2").json["totalCount"] == 2
    assert contoso.get(f"/customers/{ADATUM}/managedservices").json["totalCount"] == 7


@pytest.mark.parametrize("way", ["header", "query"])
def test_pages_follow_one_another(api: Callable[..., Api], way: str) -> None:
    program = api()
    sell_to(program, "Adatum", "Fourth Coffee", "Woodgrove", "云帆", "Contoso")
    found: list[str] = []
    answer = program.get("/customers?size=2")
    for _page in range(5):
        found += names(answer)
        following = answer.json["links"].get("next")
        if following is None:
            break
        assert following["uri"] == "/customers?size=2&seekOperation=Next"
        assert following["headers"] == [{"key": "MS-ContinuationToken", "value": answer.json["continuationToken"]}]
        token = answer.json["continuationToken"]
        if way == "header":
            answer = program.get(following["uri"], MS_ContinuationToken=token)
        else:
            answer = program.get(f"/customers?size=2&seek={quote(token)}")
    assert found == ["Adatum", "Contoso", "Fourth Coffee", "Woodgrove", "云帆"]
    assert "continuationToken" not in answer.json


def test_customers_that_come_and_go_shift_no_page(api: Callable[..., Api]) -> None:
    program = api()
    sell_to(program, "B", "C", "D", "E")
    first = program.get("/customers?size=2").json
    Customer.objects.filter(company_name__in=["B", "C"]).delete()
    sell_to(program, "A", "D2")
    second = program.get("/customers?size=9&seekOperation=Next", MS_ContinuationToken=first["continuationToken"])
    assert names(second) == ["D", "D2", "E"]


def test_a_page_keeps_its_filter(api: Callable[..., Api]) -> None:
    program = api()
    sell_to(program, "Ada 1", "Ada 2", "Ada 3", "Fourth Coffee")
    first = program.get(f"/customers?size=2&{wanted('CompanyName', 'ada')}")
    following = first.json["links"]["next"]
    token = following["headers"][0]["value"]
    assert names(program.get(following["uri"], MS_ContinuationToken=token)) == ["Ada 3"]
    other = program.get(f"/customers?seekOperation=Next&{wanted('CompanyName', 'f')}", MS_ContinuationToken=token)
    assert (other.status, other.json["code"]) == (400, 800002)


@pytest.mark.parametrize(
    ("query", "token", "code"),
    [
        ("seekOperation=Next", "", 800002),
        ("seekOperation=Next", "nonsense", 800002),
        ("seekOperation=Next", "a" * 10_000, 800002),
        ("seek=%00", "", 800002),
        ("seekOperation=Previous", "x", 3000),
        ("seekOperation=Last", "", 3000),
        ("seekOperation=PageIndex", "", 3000),
    ],
)
def test_a_page_that_cannot_be_had_is_refused(api: Callable[..., Api], query: str, token: str, code: int) -> None:
    answer = api().get(f"/customers?{query}", MS_ContinuationToken=token)
    assert (answer.status, answer.json["code"]) == (400, code)


def test_a_token_is_good_for_its_partner_alone(api: Callable[..., Api]) -> None:
    program, other = api(), api()
    sell_to(program, "A", "B")
    token = program.get("/customers?size=1").json["continuationToken"]
    answer = other.get("/customers?size=1&seekOperation=Next", MS_ContinuationToken=token)
    assert (answer.status, answer.json["code"]) == (400, 800002)


def test_a_former_reseller_keeps_whom_it_sold_to(api: Callable[..., Api]) -> None:
    program = api()
    sold, unsold = sell_to(program, "Sold", "Unsold")
    ResellerRelationship.objects.filter(customer=sold).update(has_ended=True, had_subscriptions=True)
    ResellerRelationship.objects.filter(customer=unsold).update(has_ended=True)
    answer = program.get("/customers")
    assert names(answer) == ["Sold"]
    assert answer.json["items"][0]["relationshipToPartner"] == "none"
    assert program.get(f"/customers/{unsold.pk}").status == 404
    assert program.get(f"/customers/{sold.pk}").json["relationshipToPartner"] == "none"


def test_lists_and_customers_cost_the_same_however_many_there_are(api: Callable[..., Api]) -> None:
    program = api()
    customer = sell_to(program, "Adatum")[0]
    program.get("/customers")

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert program.get(path).status == 200
        return len(seen)

    paths = ("/customers", f"/customers?{wanted('CompanyName', 'c')}", f"/customers/{customer.pk}")
    before = [queries(path) for path in paths]
    for rival in sell_to(program, *[f"Customer {number}" for number in range(20)]):
        ContactDetailsFactory(customer=rival)
        BillingProfileFactory(customer=rival)
        DelegatedAdminPrivilegeFactory(customer=rival, partner=program.partner)
    BillingProfileFactory(customer=customer)
    ContactDetailsFactory(customer=customer)
    assert [queries(path) for path in paths] == before
    assert max(before) <= 7


# Searching


FOUND = [
    ("CompanyName", "ada", ["Adatum", "ÁDA & Söhne"]),
    ("companyname", "ADA", ["Adatum", "ÁDA & Söhne"]),
    ("DisplayName", "Ada", ["Adatum", "ÁDA & Söhne"]),
    ("CompanyName", "ada ", ["Adatum", "ÁDA & Söhne"]),
    ("CompanyName", "atum", []),
    ("CompanyName", "云", ["云帆信息"]),
    ("CompanyName", "云帆信息", ["云帆信息"]),
    ("CompanyName", "帆信", []),
    ("CompanyName", "100%", ["100% Cotton"]),
    ("CompanyName", "100_", []),
    ("CompanyName", "%", []),
    ("CompanyName", "\\", ["\\ Backslash"]),
    ("CompanyName", "'; DROP TABLE customers_customer; --", []),
    ("CompanyName", "<b>", []),
    ("CompanyName", "\0", []),
    ("CompanyName", "\ud800", []),
    ("CompanyName", "x" * 3_000, []),
    ("CompanyName", "", ["100% Cotton", "\\ Backslash", "Adatum", "ÁDA & Söhne", "云帆信息"]),
    ("Domain", "ada", ["Adatum"]),
    ("DefaultDomainName", "ADATUM.Example", ["Adatum"]),
    ("Domain", "example", []),
    ("IndirectReseller", "x", []),
    ("IndirectCloudSolutionProvider", "x", []),
]


def test_customers_are_found_by_how_they_begin(api: Callable[..., Api]) -> None:
    program = api()
    customers = sell_to(program, "Adatum", "ÁDA & Söhne", "云帆信息", "100% Cotton", "\\ Backslash")
    Customer.objects.filter(pk=customers[0].pk).update(domain="Adatum.example.cn")
    for field, value, found in FOUND:
        told = names(program.get(f"/customers?{wanted(field, value)}"))
        assert sorted(told) == sorted(found), (field, value)


@pytest.mark.parametrize("operator", ["starts_with", "StartsWith", "STARTS_WITH", "startswith"])
def test_operators_are_read_in_every_spelling(api: Callable[..., Api], operator: str) -> None:
    program = api()
    sell_to(program, "Adatum", "Woodgrove")
    assert names(program.get(f"/customers?{wanted('CompanyName', 'wo', operator)}")) == ["Woodgrove"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "filter"),
        ("[]", "filter"),
        ("7", "filter"),
        ("[" * 2_000, "filter"),
        ('{"Field":"Name","Value":"a","Operator":"starts_with"}', "filter.Field"),
        ('{"Value":"a","Operator":"starts_with"}', "filter.Field"),
        ('{"Field":7,"Value":"a","Operator":"starts_with"}', "filter.Field"),
        ('{"Field":"CompanyName","Value":7,"Operator":"starts_with"}', "filter.Value"),
        ('{"Field":"CompanyName","Value":true,"Operator":"starts_with"}', "filter.Value"),
        ('{"Field":"CompanyName","Value":"a","Operator":"substring"}', "filter.Operator"),
        ('{"Field":"CompanyName","Value":"a","Operator":"like"}', "filter.Operator"),
        ('{"Field":"CompanyName","Value":"a"}', "filter.Operator"),
        ('{"Field":"Domain","Value":"a","Operator":"equals"}', "filter.Operator"),
    ],
)
def test_a_filter_that_means_nothing_is_named(api: Callable[..., Api], text: str, named: str) -> None:
    answer = api().get(f"/customers?filter={quote(text)}")
    assert (answer.status, answer.json["code"]) == (400, 3000)
    assert answer.json["data"][0].startswith(f"{named}: ")


def test_nobody_finds_customers_of_another_partner(world: World, api: Callable[..., Api]) -> None:
    program = api(partner=world.fabrikam)
    for query in ("", "?" + wanted("CompanyName", "Adatum"), "?" + wanted("Domain", "adatum")):
        assert program.get(f"/customers{query}").json["items"] == []


# One customer


def test_one_customer_is_told_whole(contoso: Api) -> None:
    answer = contoso.get(f"/customers/{ADATUM}")
    more = {"allowDelegatedAccess": True, "customDomains": ["adatum.partner.onmschina.cn"]}
    assert (answer.status, answer.json) == (200, ADATUM_SAYS | more)
    assert "ETag" not in answer.headers


def test_one_customer_has_its_billing_profile_where_one_is_known(contoso: Api) -> None:
    BillingProfileFactory(customer=Customer.objects.get(pk=ADATUM))
    told = contoso.get(f"/customers/{ADATUM}").json["billingProfile"]
    assert told == contoso.get(f"/customers/{ADATUM}/profiles/billing").json


def test_one_customer_tells_how_to_reach_it(contoso: Api) -> None:
    ContactDetailsFactory(customer=Customer.objects.get(pk=ADATUM))
    told = contoso.get(f"/customers/{ADATUM}").json["companyProfile"]
    assert told == contoso.get(f"/customers/{ADATUM}/profiles/company").json
    assert told["email"] == "li.na@adatum.example"


def test_d17_another_partners_customer_answers_as_none(world: World, api: Callable[..., Api]) -> None:
    program = api(partner=world.fabrikam)
    for path in ("", "/profiles/company", "/profiles/billing", "/managedservices"):
        theirs = program.get(f"/customers/{ADATUM}{path}")
        nobodys = program.get(f"/customers/{ADATUM[:-1]}9{path}")
        assert (theirs.status, theirs.json["code"]) == (404, 60003)
        assert theirs.text.replace(ADATUM, "…") == nobodys.text.replace(f"{ADATUM[:-1]}9", "…")
    body = WOODGROVE["billingProfile"]
    assert program.put(f"/customers/{ADATUM}/profiles/billing", body).json["code"] == 60003


@pytest.mark.parametrize("asked", ["x", "%00", "1", "云", "a" * 3_000, ADATUM + "0"])
def test_what_is_no_id_is_nobody(contoso: Api, asked: str) -> None:
    answer = contoso.get(f"/customers/{quote(asked, safe='%')}")
    assert (answer.status, answer.json["code"]) == (404, 60003)


def test_d20_one_privilege_is_delegated_access(api: Callable[..., Api]) -> None:
    program = api()
    customer = sell_to(program, "Adatum")[0]
    DelegatedAdminPrivilegeFactory(customer=customer, service=service("skype"))

    def told() -> bool:
        said: bool = program.get(f"/customers/{customer.pk}").json["allowDelegatedAccess"]
        return said

    assert told() is False
    held = DelegatedAdminPrivilegeFactory(customer=customer, partner=program.partner)
    assert told() is True
    DelegatedAdminPrivilege.objects.filter(pk=held.pk).update(expires_at="2020-01-01T00:00:00Z")
    assert told() is False


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_find_customers_see_them(api: Callable[..., Api], role: Role) -> None:
    program = api(roles=[role])
    customer = sell_to(program, "Adatum")[0]
    sees = role not in (Role.BILLING_ADMIN, Role.USER_ADMIN)
    for path in ("/customers", f"/customers/{customer.pk}", f"/customers/{customer.pk}/profiles/company"):
        assert program.get(path).status == (200 if sees else 403)


# Making one


def test_d22_a_new_customer_is_201_and_a_resellers(contoso: Api) -> None:
    answer = contoso.post("/customers", WOODGROVE)
    new = answer.json["id"]
    etag = answer.json["billingProfile"]["attributes"]["etag"]
    assert (answer.status, answer.json) == (
        201,
        {
            "id": new,
            "companyProfile": {
                "tenantId": new,
                "domain": "woodgrove.partner.onmschina.cn",
                "companyName": "Woodgrove",
                "links": {"self": {"uri": f"/customers/{new}/profiles/company", "method": "GET", "headers": []}},
                "attributes": {"objectType": "CustomerCompanyProfile"},
            },
            "billingProfile": {
                "id": new,
                "email": "li.na@woodgrove.example.cn",
                "culture": "zh-CN",
                "language": "zh",
                "companyName": "Woodgrove",
                "defaultAddress": WOODGROVE["billingProfile"]["defaultAddress"],
                "links": {"self": {"uri": f"/customers/{new}/profiles/billing", "method": "GET", "headers": []}},
                "attributes": {"etag": etag, "objectType": "CustomerBillingProfile"},
            },
            "relationshipToPartner": "reseller",
            "allowDelegatedAccess": True,
            "links": {"self": {"uri": f"/customers/{new}", "method": "GET", "headers": []}},
            "attributes": {"objectType": "Customer"},
        },
    )
    assert contoso.get(f"/customers/{new}").json == answer.json | {
        "customDomains": ["woodgrove.partner.onmschina.cn"],
    }


def test_d23_a_new_customer_gives_every_privilege(contoso: Api) -> None:
    new = contoso.post("/customers", WOODGROVE).json["id"]
    held = DelegatedAdminPrivilege.objects.held_by(contoso.partner.pk).filter(customer=new)
    assert {privilege.service_id for privilege in held} == set(Service.objects.values_list("pk", flat=True))
    assert contoso.get(f"/customers/{new}/managedservices").json["totalCount"] == Service.objects.count()


def test_d21_no_credentials_are_ever_sent(contoso: Api) -> None:
    asked = WOODGROVE | {"userCredentials": {"userName": "admin", "password": "secret"}, "UserCredentials2": 7}
    answer = contoso.post("/customers", asked)
    assert answer.status == 201
    assert "userCredentials" not in answer.json
    assert "password" not in answer.text + contoso.get(f"/customers/{answer.json['id']}").text


def test_a_new_customer_leaves_one_record(contoso: Api) -> None:
    before = set(ActivityRecord.objects.values_list("pk", flat=True))
    new = contoso.post("/customers", WOODGROVE, MS_PartnerCenter_Client="Books").json["id"]
    record = ActivityRecord.objects.exclude(pk__in=before).get()
    assert (record.operation, record.outcome, str(record.customer_id)) == ("add_customer", Outcome.DONE, new)
    assert (record.actor_name, record.program) == (contoso.client.name, "Books")


def test_a_repeated_request_makes_one_customer(contoso: Api) -> None:
    first = contoso.post("/customers", WOODGROVE, MS_RequestId="1")
    records = ActivityRecord.objects.count()
    again = contoso.post("/customers", WOODGROVE, MS_RequestId="1")
    assert (again.status, again.json) == (201, first.json)
    assert ActivityRecord.objects.count() == records
    other = contoso.post("/customers", changed(WOODGROVE, "companyProfile.domain", "w.example"), MS_RequestId="1")
    assert (other.status, other.json["code"]) == (409, 800002)
    assert Customer.objects.count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_want_one_domain_at_once_make_one_customer(api: Callable[..., Api]) -> None:
    programs = [api(), api()]
    starting = Barrier(len(programs), timeout=30)

    def ask(program: Api) -> Answer:
        try:
            starting.wait()
            return program.post("/customers", WOODGROVE)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(programs)) as threads:
        answers = sorted(threads.map(ask, programs), key=lambda answer: answer.status)
    assert [answer.status for answer in answers] == [201, 409]
    assert answers[1].json["code"] == 3000
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("domain", ["adatum.partner.onmschina.cn", "ADATUM.Partner.onmschina.cn"])
def test_a_domain_of_somebody_is_refused(contoso: Api, api: Callable[..., Api], domain: str) -> None:
    asked = changed(WOODGROVE, "companyProfile.domain", domain)
    for program in (contoso, api()):
        answer = program.post("/customers", asked)
        assert (answer.status, answer.json["code"], answer.json["data"]) == (409, 3000, ["companyProfile.domain"])
        # Who does not see the customer is not told its name.
        assert ("Adatum" in answer.json["description"]) is (program is contoso)
        refused = ActivityRecord.objects.latest("at", "id")
        assert (refused.outcome, refused.reasons, refused.operation) == ("refused", ["domain_taken"], "add_customer")
    assert Customer.objects.count() == 1


def test_members_are_read_in_every_case_and_nulls_are_not_given(contoso: Api) -> None:
    address = {
        name[0].upper() + name[1:]: value for name, value in WOODGROVE["billingProfile"]["defaultAddress"].items()
    }
    billing = {name[0].upper() + name[1:]: value for name, value in WOODGROVE["billingProfile"].items()}
    nulls = {"Id": None, "FirstName": None, "Links": None, "Attributes": None}
    answer = contoso.post(
        "/customers",
        {
            "Id": None,
            "CompanyProfile": {"Domain": "woodgrove.partner.onmschina.cn", "CompanyName": None, "TenantId": None},
            "BillingProfile": billing | nulls | {"DefaultAddress": address | {"Region": None, "State": "SH"}},
            "RelationshipToPartner": "None",
        },
    )
    assert answer.status == 201
    assert answer.json["relationshipToPartner"] == "reseller"


def test_a_company_may_be_called_otherwise_than_its_bills(contoso: Api) -> None:
    asked = changed(WOODGROVE, "companyProfile.companyName", "Woodgrove Bank")
    said = contoso.post("/customers", asked).json
    assert (said["companyProfile"]["companyName"], said["billingProfile"]["companyName"]) == (
        "Woodgrove Bank",
        "Woodgrove",
    )


@pytest.mark.parametrize(
    ("path", "sent", "kept"),
    [
        ("billingProfile.culture", "ZH-cn", "zh-CN"),
        ("billingProfile.culture", "EN-US", "en-US"),
        ("billingProfile.language", "En", "en"),
        ("billingProfile.defaultAddress.country", "cn", "CN"),
        ("billingProfile.defaultAddress.phoneNumber", "+86 21 5555 0100", "02155550100"),
        ("billingProfile.defaultAddress.phoneNumber", "+1 425 555 0100", "+14255550100"),
        ("billingProfile.defaultAddress.addressLine1", " 1 Century Avenue ", "1 Century Avenue"),
        ("billingProfile.defaultAddress.addressLine1", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("billingProfile.defaultAddress.addressLine2", "'; DROP TABLE x; --", "'; DROP TABLE x; --"),
        ("billingProfile.defaultAddress.middleName", "明", "明"),
        ("billingProfile.defaultAddress.region", "East", "East"),
        ("billingProfile.firstName", "Wei", "Wei"),
    ],
)
def test_values_come_back_as_they_are_kept(contoso: Api, path: str, sent: str, kept: str) -> None:
    said: Any = contoso.post("/customers", changed(WOODGROVE, path, sent)).json
    for part in path.split("."):
        said = said[part]
    assert said == kept


REQUIRED = [
    "companyProfile",
    "companyProfile.domain",
    "billingProfile",
    "billingProfile.email",
    "billingProfile.culture",
    "billingProfile.language",
    "billingProfile.companyName",
    "billingProfile.defaultAddress",
    "billingProfile.defaultAddress.country",
    "billingProfile.defaultAddress.city",
    "billingProfile.defaultAddress.addressLine1",
    "billingProfile.defaultAddress.firstName",
    "billingProfile.defaultAddress.lastName",
    "billingProfile.defaultAddress.state",
    "billingProfile.defaultAddress.postalCode",
]


def assert_refused_by_name(program: Api, asked: Any, path: str, code: int = 3000) -> None:
    """Refused for this member, which is named; nothing is changed, and nothing counts as attempted."""
    before = (Customer.objects.count(), BillingProfile.objects.count(), ActivityRecord.objects.count())
    answer = program.post("/customers", asked)
    assert (answer.status, answer.json["code"]) == (400, code), answer.text
    assert any(text.startswith(f"{path}: ") or text == path for text in answer.json["data"]), answer.text
    assert before == (Customer.objects.count(), BillingProfile.objects.count(), ActivityRecord.objects.count())


def test_what_is_required_is_named(contoso: Api) -> None:
    for path in REQUIRED:
        assert_refused_by_name(contoso, without(WOODGROVE, path), path)
        assert_refused_by_name(contoso, changed(WOODGROVE, path, None), path)


@pytest.mark.parametrize("value", [7, 1e300, True, [], {}, "", "   ", "x" * 10_000, "a\tb\u202e", 10**400])
def test_hostile_values_are_named(contoso: Api, value: Any) -> None:
    for path in REQUIRED:
        if "." in path and not path.endswith("Address"):
            assert_refused_by_name(contoso, changed(WOODGROVE, path, value), path)


WRONG: list[tuple[str, Any]] = [
    ("companyProfile", []),
    ("companyProfile", "x"),
    ("billingProfile", 7),
    ("billingProfile.defaultAddress", True),
    ("companyProfile.companyName", 7),
    ("companyProfile.companyName", "x" * 201),
    ("companyProfile.companyName", "a\u202eb"),
    ("companyProfile.domain", "woodgrove"),
    ("companyProfile.domain", "wood grove.example.cn"),
    ("companyProfile.domain", "-woodgrove.example.cn"),
    ("companyProfile.domain", "云.cn"),
    ("companyProfile.domain", "woodgrove.example.cn/x"),
    ("companyProfile.domain", "woodgrove.example.cn\n"),
    ("companyProfile.domain", " woodgrove.example.cn"),
    ("companyProfile.organizationRegistrationNumber", 7),
    ("billingProfile.email", "nobody"),
    ("billingProfile.culture", "es-ES"),
    ("billingProfile.culture", "zh_CN"),
    ("billingProfile.language", "zho"),
    ("billingProfile.language", "z1"),
    ("billingProfile.firstName", "x" * 51),
    ("billingProfile.lastName", ["Li"]),
    ("billingProfile.attributes", 7),
    ("billingProfile.defaultAddress.country", "ZZ"),
    ("billingProfile.defaultAddress.country", "CHN"),
    ("billingProfile.defaultAddress.state", "Shanghai"),
    ("billingProfile.defaultAddress.postalCode", "20012"),
    ("billingProfile.defaultAddress.phoneNumber", "123"),
    ("billingProfile.defaultAddress.phoneNumber", 2155550100),
    ("billingProfile.defaultAddress.firstName", "x" * 51),
    ("billingProfile.defaultAddress.middleName", "x" * 51),
    ("billingProfile.defaultAddress.addressLine1", "x" * 201),
    ("billingProfile.defaultAddress.addressLine2", "x" * 201),
    ("billingProfile.defaultAddress.addressLine3", False),
    ("billingProfile.defaultAddress.district", "a\x1fb"),
]


def test_values_that_cannot_be_are_named(contoso: Api) -> None:
    for path, value in WRONG:
        assert_refused_by_name(contoso, changed(WOODGROVE, path, value), path)


def test_everything_that_is_wrong_is_named_at_once(contoso: Api) -> None:
    asked = changed(WOODGROVE, "companyProfile.domain", "woodgrove")
    asked = changed(asked, "billingProfile.defaultAddress.postalCode", "1")
    asked = changed(asked, "billingProfile.culture", "xx")
    data = contoso.post("/customers", asked).json["data"]
    assert [text.split(":")[0] for text in data] == [
        "companyProfile.domain",
        "billingProfile.culture",
        "billingProfile.defaultAddress.postalCode",
    ]


@pytest.mark.parametrize("body", [None, [], 7, "x", True, [WOODGROVE]])
def test_a_body_that_is_no_object_is_refused(contoso: Api, body: Any) -> None:
    answer = contoso.post("/customers", body)
    assert (answer.status, answer.json["code"]) == (400, 3000)


def test_nul_is_no_character(contoso: Api) -> None:
    answer = contoso.post("/customers", changed(WOODGROVE, "billingProfile.companyName", "a\0b"))
    assert (answer.status, answer.json["code"]) == (400, 800002)


def test_china_has_no_registration_numbers(contoso: Api) -> None:
    path = "companyProfile.organizationRegistrationNumber"
    assert_refused_by_name(contoso, changed(WOODGROVE, path, "91310000"), path, code=600002)
    elsewhere = changed(changed(WOODGROVE, path, "91310000"), "billingProfile.defaultAddress.country", "DE")
    assert contoso.post("/customers", elsewhere).status == 201


@pytest.mark.parametrize("role", list(Role))
def test_roles_that_sell_make_customers(api: Callable[..., Api], role: Role) -> None:
    answer = api(roles=[role]).post("/customers", WOODGROVE)
    sells = role in (Role.GLOBAL_ADMIN, Role.ADMIN_AGENT, Role.SALES_AGENT)
    assert answer.status == (201 if sells else 403)
    if not sells:
        assert answer.json["code"] == 900150
        refused = ActivityRecord.objects.latest("at", "id")
        assert (refused.operation, refused.reasons) == ("add_customer", ["role"])


def test_reasons_are_said_in_the_language_asked_for(contoso: Api) -> None:
    asked = changed(WOODGROVE, "companyProfile.domain", "adatum.partner.onmschina.cn")
    said = {
        locale: contoso.post("/customers", asked, X_Locale=locale).json["description"] for locale in ("es-ES", "zh-CN")
    }
    assert said["es-ES"] != said["zh-CN"]
    assert "Adatum" in said["es-ES"]


def test_d24_address_rules_are_not_served_yet(contoso: Api) -> None:
    for answer in (contoso.get("/countryvalidationrules/CN"), contoso.post("/validations/address", {})):
        assert (answer.status, answer.json["code"]) == (501, 900127)


def test_a_partner_without_customers_has_an_empty_list(api: Callable[..., Api]) -> None:
    assert api(partner=PartnerFactory()).get("/customers").json == {
        "totalCount": 0,
        "items": [],
        "links": {"self": {"uri": "/customers", "method": "GET", "headers": []}},
        "attributes": {"objectType": "Collection"},
    }
