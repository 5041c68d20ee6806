"""What holds for every address and every answer of the protocol."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from activity.models import ActivityRecord
from partners.access import Access
from tests.api.conftest import Api, looked_at
from tests.factories import PASSWORD, StaffFactory, customer_of

pytestmark = pytest.mark.django_db
FITTING = {"name": "fern"}
GUID = "7d2f0c1e-4a3b-4d5c-8e6f-1a2b3c4d5e01"


@pytest.fixture
def plants(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.api.plants"


def said(client: Client, method: str, path: str, **more: Any) -> Any:
    return looked_at(method, client.generic(method, path, **more))


@pytest.mark.parametrize("version", ["/v1", "/v1.0", "/V1", "/V1.0"])
@pytest.mark.parametrize("path", ["/profiles/mpn", "/profiles/mpn/", "/Profiles/MPN", "/PROFILES/mpn///"])
def test_d01_with_or_without_a_last_slash_it_is_one_resource_and_never_a_redirect(
    contoso: Api, version: str, path: str
) -> None:
    response = contoso.http.get(f"{version}{path}", headers={"Authorization": f"Bearer {contoso.token}"})
    answer = looked_at("GET", response)
    assert (answer.status, answer.json["links"]["self"]["uri"]) == (200, "/profiles/mpn")


@pytest.mark.parametrize(
    "path", ["/v1", "/v1/", "/v1.0", "/v1.0/", "/v1//", "/v1/nothing", "/v1/nothing/", "/v1//customers"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "DELETE"])
def test_d01_what_is_not_there_is_no_redirect_either(client: Client, path: str, method: str) -> None:
    assert said(client, method, path).status == 404


@pytest.mark.parametrize("path", ["/v12/customers", "/v1x", "/v1.01/customers", "/v2/customers"])
def test_other_addresses_are_pages(client: Client, path: str) -> None:
    assert client.get(path).headers["Content-Type"].startswith("text/html")


@pytest.mark.usefixtures("plants")
def test_d02_ids_in_capitals_are_found_and_sent_back_small(api: Callable[..., Api]) -> None:
    asking = api()
    customer = customer_of(asking.partner)
    capitals = str(customer.pk).upper()
    answer = asking.get(f"/Customers/{capitals}/PLANTS/{capitals}")
    assert answer.status == 200
    assert answer.json["id"] == str(customer.pk)
    assert answer.json["links"]["self"]["uri"] == f"/customers/{customer.pk}/plants/{customer.pk}"


@pytest.mark.parametrize("version", ["", "v1", "v9", "api-version: v1"])
def test_d06_the_contract_version_is_not_asked_for(contoso: Api, version: str) -> None:
    assert contoso.get("/profiles/mpn", MS_Contract_Version=version).status == 200


@pytest.mark.parametrize("token", ["right", "wrong"])
@pytest.mark.parametrize("sent", ["1234", GUID, GUID.upper(), "x" * 128, "any (text) at/all"])
def test_d07_the_request_id_comes_back_on_errors_too(contoso: Api, token: str, sent: str) -> None:
    right = {} if token == "right" else {"Authorization": "Bearer wrong"}
    answer = contoso.get("/profiles/mpn", MS_RequestId=sent, MS_CorrelationId=sent, **right)
    assert answer.status == (200 if token == "right" else 401)
    assert (answer.headers["MS-RequestId"], answer.headers["MS-CorrelationId"]) == (sent, sent)


@pytest.mark.parametrize("sent", ["", "x" * 129, "é", "two\tlines"])
def test_d07_in_place_of_none_there_is_a_new_one(contoso: Api, sent: str) -> None:
    answers = [contoso.get("/profiles/mpn", MS_RequestId=sent, MS_CorrelationId=sent) for _time in range(2)]
    for name in ("MS-RequestId", "MS-CorrelationId"):
        ids = {uuid.UUID(answer.headers[name]) for answer in answers}
        assert len(ids) == 2


@pytest.mark.usefixtures("plants")
def test_what_the_request_says_of_itself_stands_in_the_record(api: Callable[..., Api]) -> None:
    asking = api()
    wanted = uuid.uuid4()
    for correlation in (str(wanted), "batch 7"):
        asking.post(
            "/plants", FITTING, MS_CorrelationId=correlation, MS_PartnerCenter_Client="Invoices 2.1" + "!" * 200
        )
    first, second = ActivityRecord.objects.order_by("at")
    assert (first.correlation_id, first.correlation) == (wanted, "")
    assert (second.correlation_id, second.correlation) == (uuid.uuid5(uuid.NAMESPACE_URL, "batch 7"), "batch 7")
    assert (first.application, len(first.program), first.program[:12]) == (str(asking.client.pk), 128, "Invoices 2.1")
    assert (first.actor_kind, first.actor_name, first.partner_id) == ("client", asking.client.name, asking.partner.pk)


@pytest.mark.usefixtures("plants")
def test_d11_links_have_no_version_and_no_host(api: Callable[..., Api]) -> None:
    answer = api().get("/plants?Filter=&size=40&filter=")
    assert answer.json["links"] == {"self": {"uri": "/plants?Filter=&size=40&filter=", "method": "GET", "headers": []}}


def test_d15_codes_are_numbers(contoso: Api) -> None:
    answer = contoso.get("/profiles/mpn?mpnId=4711")
    assert answer.json == {
        "code": 3000,
        "description": "No partner has this MPN ID.",
        "data": [],
        "source": "PartnerPortal",
    }


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer  ", "Basic YTpi", "Bearer wrong", "bearer \xff", "x" * 5000]
)
def test_d16_a_401_asks_for_a_bearer_token(contoso: Api, authorization: str) -> None:
    answer = contoso.get("/profiles/mpn", Authorization=authorization)
    assert answer.status == 401
    assert answer.json["code"] == (400 if authorization in ("Bearer wrong", "bearer \xff") else 800001)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="partnerportal"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_of_a_token_is_read_in_any_case(contoso: Api, scheme: str) -> None:
    assert contoso.get("/profiles/mpn", Authorization=f"{scheme} {contoso.token}").status == 200


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("application/json, text/plain, */*", 200),
        ("text/html, application/*;q=0.2", 200),
        ("*/*", 200),
        ("", 200),
        ("text/html", 406),
        ("application/xml", 406),
    ],
)
def test_answers_are_json_or_nothing(contoso: Api, accept: str, status: int) -> None:
    assert contoso.get("/profiles/mpn", Accept=accept).status == status


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/plants/", "GET, POST"),
        ("DELETE", "/plants", "GET, POST"),
        ("OPTIONS", "/plants", "GET, POST"),
        ("HEAD", "/pots", "GET"),
        ("GET", "/plants/fern", "HEAD"),
        ("TRACE", "/pots", "GET"),
    ],
)
@pytest.mark.usefixtures("plants")
def test_a_method_that_an_address_does_not_take_is_told_which_it_does(
    client: Client, method: str, path: str, allowed: str
) -> None:
    if (method, path) == ("POST", "/plants/"):
        assert said(client, method, f"/v1{path}").status == 401
        return
    answer = said(client, method, f"/v1{path}")
    assert (answer.status, answer.headers["Allow"]) == (405, allowed)
    assert answer.json is None or answer.json["code"] == 1000


@pytest.mark.usefixtures("plants")
@pytest.mark.parametrize(("name", "status"), [("fern", 200), ("rose", 404)])
def test_a_head_has_no_body(api: Callable[..., Api], name: str, status: int) -> None:
    assert api().head(f"/plants/{name}").status == status


@pytest.mark.usefixtures("plants")
@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("withered", 404, 20003),
        ("winter", 400, 3000),
        ("forbidden", 403, 900150),
        ("lost", 404, 1000),
        ("locked", 409, 800060),
        ("broken", 500, 800003),
        ("statement", 503, 800003),
        ("away", 503, 800003),
    ],
)
def test_whatever_happens_is_told_in_the_protocols_words(
    api: Callable[..., Api], name: str, status: int, code: int
) -> None:
    answer = api().post("/plants", {"name": name}, MS_CorrelationId="batch 7")
    if name == "statement":
        # SQLite says "no such table" by an operational error, PostgreSQL by a programming one.
        status = answer.status
        assert status in (500, 503)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert ("Retry-After" in answer.headers) == (status == 503)
    assert "secret" not in answer.text
    assert status != 500 or answer.json["description"].endswith("Reference: batch 7")


@pytest.mark.usefixtures("plants")
def test_a_refusal_is_told_by_its_kind_or_the_one_it_is_built_on(api: Callable[..., Api]) -> None:
    asking = api()
    assert asking.post("/plants", {"name": "withered"}).json["description"] == f"Withered for {asking.partner}"
    assert asking.post("/plants", {"name": "winter"}).json["description"] == "It is winter."


@pytest.mark.usefixtures("plants")
def test_what_is_lost_under_a_subscriptions_address_is_a_subscription(api: Callable[..., Api]) -> None:
    asking = api()
    customer = customer_of(asking.partner)
    for lost in (uuid.uuid4(), "no-id", "%00", "7d2f0c1e%2F4a3b"):
        answer = asking.get(f"/customers/{customer.pk}/plants/{lost}")
        assert (answer.status, answer.json["code"]) == (404, 1000 if "%2F" in str(lost) else 20003)


@pytest.mark.parametrize(
    ("headers", "sentence"),
    [
        ({}, "The request carries no access token."),
        ({"X-Locale": "fr-FR", "Accept-Language": "es"}, "The request carries no access token."),
        ({"X-Locale": "en-US", "Accept-Language": "es"}, "The request carries no access token."),
        ({"X-Locale": "es-ES", "Accept-Language": "en"}, "La solicitud no lleva ningún token de acceso."),
        ({"X-Locale": "ES-mx"}, "La solicitud no lleva ningún token de acceso."),
        ({"Accept-Language": "fr, es;q=0.8, en;q=0.9, zh;q=0.1"}, "The request carries no access token."),
        ({"X-Locale": "zh-CN"}, "请求未携带访问令牌。"),
        ({"Accept-Language": "zh-Hans-CN"}, "请求未携带访问令牌。"),
        ({"X-Locale": "\xff", "Accept-Language": "x" * 3000}, "The request carries no access token."),
    ],
)
def test_sentences_are_in_the_language_asked_for(client: Client, headers: dict[str, str], sentence: str) -> None:
    assert said(client, "GET", "/v1/profiles/mpn", headers=headers).json["description"] == sentence


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"Host": "elsewhere.example"}, ""),
        ({"Content-Type": "text/plain; charset=utf-7"}, ""),
        ({"Cookie": 'a="\\000"'}, ""),
        ({}, "?" + "a=1&" * 1100),
        ({}, "?%FF=%FF&%00=%00"),
    ],
)
def test_no_answer_is_html(contoso: Api, settings: Settings, debug: bool, headers: dict[str, str], query: str) -> None:
    settings.DEBUG = debug
    contoso.http.raise_request_exception = False
    named = {name.replace("-", "_"): value for name, value in headers.items()}
    assert contoso.get(f"/profiles/mpn{query}", **named).status in (200, 400)


def test_a_cookie_says_nothing(client: Client) -> None:
    person = StaffFactory()
    client.login(username=person.email, password=PASSWORD)
    client.cookies["django_language"] = "es"
    response = client.get("/v1/profiles/mpn")
    assert (response.status_code, response.json()["description"]) == (401, "The request carries no access token.")
    assert "Content-Language" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_a_request_asks_no_question_of_a_session(contoso: Api, django_assert_num_queries: Any) -> None:
    # The token with client, partner and person; the count; the roles.
    with django_assert_num_queries(3):
        assert contoso.get("/profiles/mpn").status == 200


def test_every_request_leaves_a_line_in_the_log(contoso: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="api.request"):
        contoso.get("/profiles/mpn")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "api.request"]
    assert line.startswith(f"GET /v1/profiles/mpn 200 {contoso.client.pk} ")


def test_an_address_cannot_begin_a_line_of_its_own_in_the_log(contoso: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="api.request"):
        contoso.get("/customers/x%0A2026-01-01%20INFO%20all%20is%20well%1B")
    (line,) = [record.getMessage() for record in caplog.records if record.name == "api.request"]
    assert line.startswith(r"GET /v1/customers/x\n2026-01-01 info all is well\x1b 404 ")


def test_what_looks_like_the_authority_below_the_version_is_the_protocol(client: Client) -> None:
    assert said(client, "GET", "/v1/oauth2/token", headers={"Host": "elsewhere.example"}).status == 400
    assert said(client, "HEAD", "/v1/oauth2/authorize").headers["Cache-Control"] == "no-store"


def wire_patterns() -> Iterator[URLPattern]:
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and resolver.app_name == "wire":
            yield from (pattern for pattern in resolver.url_patterns if isinstance(pattern, URLPattern))


def test_every_address_is_open_to_requests_without_a_session() -> None:
    patterns = list(wire_patterns())
    assert len(patterns) > 4
    assert all(getattr(pattern.callback, "access", Access()).public for pattern in patterns)
    guarded = {pattern.name for pattern in patterns if not getattr(pattern.callback, "csrf_exempt", False)}
    assert guarded == {"description", "docs", "api-root"}


def test_the_description_tells_how_to_carry_a_token(client: Client) -> None:
    described = client.get("/v1/openapi.json").json()
    assert described["openapi"] == "3.1.0"
    assert described["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    asked = described["paths"]["/v1/profiles/mpn"]["get"]
    assert (asked["operationId"], asked["security"]) == ("get_mpn_profile", [{"bearer": []}])
    assert [one["name"] for one in asked["parameters"]] == ["mpnId"]


def test_the_description_is_shown_to_people(client: Client) -> None:
    response = client.get("/v1/docs/")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/html")
    assert "/v1/profiles/mpn" in response.content.decode()
