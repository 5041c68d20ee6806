"""What the protocol knows and the portal does not serve."""

import pytest
from django.test import Client

from tests.api.conftest import looked_at
from tests.api.worlds import ADATUM, BUSINESS

pytestmark = pytest.mark.django_db
CUSTOMER = f"/customers/{ADATUM}"
SUBSCRIPTION = f"{CUSTOMER}/subscriptions/{BUSINESS}"
UNSERVED = [
    ("PATCH", f"{CUSTOMER}/orders/1"),
    ("PATCH", CUSTOMER),
    ("DELETE", CUSTOMER),
    ("GET", f"{CUSTOMER}/relationships"),
    ("DELETE", f"{CUSTOMER}/relationships/partner"),
    ("GET", "/relationships?relationship_type=IsIndirectCloudSolutionProviderOf"),
    ("POST", "/CustomerPartnerRelationships/reseller"),
    ("GET", f"{CUSTOMER}/qualification"),
    ("PUT", f"{CUSTOMER}/qualification"),
    ("GET", f"{CUSTOMER}/qualifications"),
    ("GET", "/countryvalidationrules/CN"),
    ("POST", "/validations/address"),
    ("GET", f"{SUBSCRIPTION}/conversions"),
    ("POST", f"{SUBSCRIPTION}/conversions"),
    ("PUT", f"{SUBSCRIPTION}/supportcontact"),
    ("POST", f"{SUBSCRIPTION}/registrations"),
    ("GET", f"{SUBSCRIPTION}/registrationstatus"),
    ("GET", f"{SUBSCRIPTION}/utilizations/azure"),
    ("GET", "/auditrecords/1"),
    ("PUT", "/profiles/organization"),
    ("PUT", "/profiles/legalbusiness"),
    ("PUT", "/profiles/billing"),
    ("PUT", "/profiles/support"),
    ("POST", f"{CUSTOMER}/carts"),
    ("POST", f"{CUSTOMER}/carts/1/checkout"),
    ("GET", "/products?country=CN"),
    ("GET", f"{CUSTOMER}/products/1/skus"),
    ("GET", f"{CUSTOMER}/users"),
    ("POST", f"{CUSTOMER}/users/1"),
    ("GET", f"{CUSTOMER}/directoryroles"),
    ("GET", f"{CUSTOMER}/subscribedskus"),
    ("GET", f"{CUSTOMER}/devicebatches"),
    ("GET", f"{CUSTOMER}/policies"),
    ("GET", f"{CUSTOMER}/entitlements"),
    ("GET", f"{CUSTOMER}/transfers"),
    ("GET", f"{CUSTOMER}/usagesummary"),
    ("GET", f"{CUSTOMER}/agreements"),
    ("GET", "/servicerequests"),
    ("GET", "/serviceincidents"),
    ("GET", "/ratecards/azure"),
    ("GET", "/usage"),
    ("GET", "/invoices"),
    ("GET", "/analytics/commercial/usage/license"),
    ("GET", "/webhooks/v1/registration"),
    ("GET", "/agreements"),
]


@pytest.mark.parametrize(("method", "path"), UNSERVED, ids=[f"{method} {path}" for method, path in UNSERVED])
def test_d18_what_is_not_served_says_so(client: Client, method: str, path: str) -> None:
    for written in (path, path.upper()):
        answer = looked_at(method, client.generic(method, f"/v1{written}"))
        assert (answer.status, answer.json["code"]) == (501, 900127)


@pytest.mark.parametrize(
    "path", ["/plants", "/customersx", f"{CUSTOMER}/plants", "/profiles", "/profiles/none", "/%00", "/💡"]
)
def test_d18_what_nobody_knows_is_not_there(client: Client, path: str) -> None:
    answer = looked_at("GET", client.get(f"/v1{path}"))
    assert (answer.status, answer.json["code"]) == (404, 1000)
