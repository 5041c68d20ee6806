"""Every fault is told with its place, and nothing is written."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from customers.models import Customer
from partners.models import Partner
from tests.factories import CustomerFactory, SubscriptionFactory, offer
from tests.partnercenter.portfolios import (
    ADATUM,
    E3,
    LITWARE,
    NOBODY,
    OURS,
    THEIRS,
    Desk,
    a_customer,
    a_partner,
    a_portfolio,
    a_subscription,
    number,
)

pytestmark = pytest.mark.django_db

SUBSCRIPTION = "customers[0].subscriptions[0]"


def _with(**members: Any) -> dict[str, Any]:
    return a_portfolio(a_customer(ADATUM, a_subscription(**members)))


def _without(record: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name != member}


WRONG_MEMBERS: list[tuple[str, Any, str]] = [
    ("offer", NOBODY, "no offer"),
    ("offer", E3.upper(), "no offer"),
    ("offer", 5, "no offer"),
    ("quantity", 0, "expected 1 to 300 licences"),
    ("quantity", -1, "expected 1 to 300 licences"),
    ("quantity", 301, "expected 1 to 300 licences"),
    ("quantity", 10**30, "expected 1 to 300 licences"),
    ("quantity", 5.0, "expected a whole number"),
    ("quantity", True, "expected a whole number"),
    ("quantity", "5", "expected a whole number"),
    ("quantity", None, "expected a whole number"),
    ("quantity", float("nan"), "expected a whole number"),
    ("status", "Active", "expected one of pending, active, suspended, deleted"),
    ("status", ["active"], "expected one of"),
    ("nickname", "a\x00b", "control characters"),
    ("nickname", "a\nb", "control characters"),
    ("nickname", "\ud800", "control characters"),
    ("nickname", "a\u202eb", "control characters"),
    ("nickname", "x" * 257, "longer than 256"),
    ("nickname", None, "expected text"),
    ("partner", NOBODY, "no partner"),
    ("partner", OURS.replace("-", ""), "expected a UUID"),
    ("partner", "AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", "expected a UUID in lower case"),
    ("parent", NOBODY, "no subscription"),
    ("parent", number(1), "no add-on of itself"),
    ("created", "2018-03-01T08:00:00", "expected a time with its zone"),
    ("created", "2018-03-01", "expected a time with its zone"),
    ("created", "2018-02-30T08:00:00Z", "expected a time"),
    ("created", "0001-01-01T00:00:00+14:00", "expected a time"),
    ("created", "9999-12-31T23:59:59-05:00", "expected a time"),
    ("created", "2999-12-31T23:59:59-05:00", "expected a time"),
    ("created", "２０１８-03-01T08:00:00Z", "expected a time"),
    ("created", None, "expected a time"),
    ("created", 1519891200, "expected a time"),
    ("suspended", "2018-03-01T08:00:00Z", "only a suspended or deleted subscription"),
    ("suspended", "", "expected a time"),
    ("commitment_end", "2019-02-29", "expected a day"),
    ("commitment_end", "3001-01-01", "expected a day"),
    ("commitment_end", "2019-03-01T00:00:00Z", "expected a day"),
    ("auto_renew", 1, "expected true or false"),
    ("auto_renew", "true", "expected true or false"),
    ("suspended_with_parent", 0, "expected true or false"),
    ("suspended_with_parent", True, "only a suspended subscription"),
    ("colour", "red", "unknown member"),
    ("id", "x", "expected a UUID"),
]


@pytest.mark.parametrize(("member", "value", "words"), WRONG_MEMBERS, ids=repr)
def test_a_wrong_member_of_a_subscription_is_named(desk: Desk, member: str, value: Any, words: str) -> None:
    (fault,) = desk.faults(_with(**{member: value}))
    assert fault.startswith(f"{SUBSCRIPTION}.{member}: ")
    assert words in fault
    assert not Partner.objects.exists()


@pytest.mark.parametrize("member", ["id", "offer", "quantity", "status", "partner"])
def test_a_member_that_a_subscription_needs_is_missed(desk: Desk, member: str) -> None:
    content = a_portfolio(a_customer(ADATUM, _without(a_subscription(), member)))
    assert desk.faults(content) == [f"{SUBSCRIPTION}.{member}: missing"]


@pytest.mark.parametrize(
    ("member", "value", "place", "words"),
    [
        ("id", ADATUM.upper(), "id", "lower case"),
        ("company_name", "", "company_name", "must not be empty"),
        ("company_name", "   ", "company_name", "must not be empty"),
        ("company_name", "x" * 201, "company_name", "longer than 200"),
        ("domain", "no host", "domain", "expected a host name"),
        ("domain", "nodots", "domain", "expected a host name"),
        ("domain", "-a.cn", "domain", "expected a host name"),
        ("domain", "ſ.partner.onmschina.cn", "domain", "expected a host name"),
        ("domain", "a.cn\n", "domain", "expected a host name"),
        ("domain", f"{'a' * 64}.cn", "domain", "expected a host name"),
        ("resellers", OURS, "resellers", "expected a list"),
        ("resellers", {}, "resellers", "expected a list"),
        ("resellers", [NOBODY], "resellers[0]", "no partner"),
        ("resellers", [OURS, OURS], "resellers[1]", "stands twice"),
        ("resellers", [OURS, None], "resellers[1]", "expected a UUID"),
        ("subscriptions", None, "subscriptions", "expected a list"),
        ("subscriptions", [7], "subscriptions[0]", "expected an object"),
        ("delegated_admin_privileges", [[]], "delegated_admin_privileges[0]", "expected an object"),
        ("colour", "red", "colour", "unknown member"),
        ("resellers_since", {THEIRS: "2018-03-01T08:00:00Z"}, "resellers_since", "no reseller of this customer"),
        ("resellers_since", {OURS: "2018"}, f"resellers_since.'{OURS}'", "expected a time"),
        ("former_resellers", [OURS], "former_resellers[0]", "stands twice"),
    ],
    ids=repr,
)
def test_a_wrong_member_of_a_customer_is_named(desk: Desk, member: str, value: Any, place: str, words: str) -> None:
    (fault,) = desk.faults(a_portfolio(a_customer(**{"customer_id": ADATUM, member: value})))
    assert fault.startswith(f"customers[0].{place}: ")
    assert words in fault


@pytest.mark.parametrize("member", ["id", "company_name", "domain", "resellers", "subscriptions"])
def test_a_member_that_a_customer_needs_is_missed(desk: Desk, member: str) -> None:
    assert desk.faults(a_portfolio(_without(a_customer(), member))) == [f"customers[0].{member}: missing"]


@pytest.mark.parametrize(
    ("member", "value", "words"),
    [
        ("id", 7, "expected a UUID"),
        ("name", "", "must not be empty"),
        ("name", "x" * 201, "longer than 200"),
        ("type", "reseller", "expected one of direct_reseller, indirect_provider, indirect_reseller"),
        ("mpn_id", 1234567, "expected text"),
        ("mpn_id", "1" * 21, "longer than 20"),
        ("colour", "red", "unknown member"),
    ],
    ids=repr,
)
def test_a_wrong_member_of_a_partner_is_named(desk: Desk, member: str, value: Any, words: str) -> None:
    (fault,) = desk.faults(a_portfolio(partners=[{**a_partner(), member: value}]))
    assert fault.startswith(f"partners[0].{member}: ")
    assert words in fault


@pytest.mark.parametrize(
    ("privileges", "place", "words"),
    [
        ([{"service": "fax", "partner": OURS}], "[0].service", "no service 'fax' in the catalogue"),
        ([{"service": ["fax"], "partner": OURS}], "[0].service", "no service"),
        ([{"service": "skype", "partner": NOBODY}], "[0].partner", "no partner"),
        ([{"service": "skype"}], "[0].partner", "missing"),
        ([{"service": "skype", "partner": OURS, "expires": "2027"}], "[0].expires", "expected a time"),
        ([{"service": "skype", "partner": OURS, "expires": None}], "[0].expires", "expected a time"),
        (
            [{"service": "skype", "partner": OURS}, {"service": "skype", "partner": THEIRS}],
            "[1].service",
            "one partner holds it at a time",
        ),
    ],
    ids=repr,
)
def test_a_wrong_privilege_is_named(desk: Desk, privileges: list[Any], place: str, words: str) -> None:
    (fault,) = desk.faults(a_portfolio(a_customer(delegated_admin_privileges=privileges)))
    assert fault.startswith(f"customers[0].delegated_admin_privileges{place}: ")
    assert words in fault


def test_the_fault_of_the_specification_reads_as_it_says(desk: Desk) -> None:
    others = [a_customer(f"eeeeeeee-eeee-4eee-8eee-{value:012d}", domain=f"c{value}.cn") for value in range(17)]
    wrong = a_customer(ADATUM, *(a_subscription(value) for value in (1, 2)), a_subscription(3, offer="x"))
    faults = desk.faults(a_portfolio(*others, wrong))
    assert faults == ["customers[17].subscriptions[2].offer: no offer 'x' in the catalogue"]


def test_ids_and_domains_stand_once_in_a_file(desk: Desk) -> None:
    content = a_portfolio(
        a_customer(ADATUM, a_subscription(1), a_subscription(1), domain="adatum.cn"),
        a_customer(ADATUM, domain="litware.cn"),
        a_customer(LITWARE, a_subscription(1), domain="ADATUM.cn"),
        partners=[a_partner(OURS), a_partner(OURS)],
    )
    assert desk.faults(content) == [
        f"partners[1].id: '{OURS}' stands twice in the file",
        f"customers[0].subscriptions[1].id: '{number(1)}' stands twice in the file",
        f"customers[1].id: '{ADATUM}' stands twice in the file",
        "customers[2].domain: 'ADATUM.cn' stands twice in the file",
        f"customers[2].subscriptions[0].id: '{number(1)}' stands twice in the file",
    ]


def test_a_domain_of_another_customer_of_the_portal_is_refused(desk: Desk) -> None:
    CustomerFactory(domain="Adatum.cn")
    (fault,) = desk.faults(a_portfolio(a_customer(domain="adatum.CN")))
    assert fault == "customers[0].domain: 'adatum.CN' is the domain of another customer of the portal"


def test_a_subscription_stays_with_its_customer(desk: Desk) -> None:
    SubscriptionFactory(id=number(1))
    (fault,) = desk.faults(_with())
    assert fault.startswith(f"{SUBSCRIPTION}.id: '{number(1)}' is a subscription of another customer")


def test_a_parent_of_another_customer_is_refused_in_the_file_and_in_the_portal(desk: Desk) -> None:
    SubscriptionFactory(id=number(9))
    content = a_portfolio(
        a_customer(ADATUM, a_subscription(1), a_subscription(2, parent=number(9))),
        a_customer(LITWARE, a_subscription(3, parent=number(1))),
    )
    assert desk.faults(content) == [
        f"customers[0].subscriptions[1].parent: '{number(9)}' is a subscription of another customer",
        f"customers[1].subscriptions[0].parent: '{number(1)}' is a subscription of another customer",
    ]


def test_add_ons_form_no_round(desk: Desk) -> None:
    faults = desk.faults(
        a_portfolio(a_customer(ADATUM, a_subscription(1, parent=number(2)), a_subscription(2, parent=number(1))))
    )
    assert [fault.split(":")[0] for fault in faults] == [
        "customers[0].subscriptions[0].parent",
        "customers[0].subscriptions[1].parent",
    ]


def test_add_ons_form_no_round_by_way_of_the_portal_either(desk: Desk) -> None:
    desk.bring_in(a_portfolio(a_customer(ADATUM, a_subscription(1), a_subscription(2, parent=number(1)))))
    (fault,) = desk.faults(_with(parent=number(2)))
    assert "an add-on of itself" in fault


def test_a_deleted_subscription_never_changes(desk: Desk) -> None:
    desk.bring_in(_with(status="deleted", suspended="2018-10-01T00:00:00Z"))
    (fault,) = desk.faults(_with(status="active"))
    assert fault.startswith(f"{SUBSCRIPTION}: '{number(1)}' is deleted in the portal")
    assert "1 unchanged" in desk.bring_in(_with(status="deleted", suspended="2018-10-01T00:00:00Z"))


def test_the_maximum_is_the_offers(desk: Desk) -> None:
    offer("E3").__class__.objects.filter(pk=E3).update(maximum_quantity=1000)
    (fault,) = desk.faults(_with(offer=E3, quantity=1001))
    assert "expected 1 to 1000 licences, not 1001" in fault


def test_every_fault_of_a_file_is_told_at_once_in_its_order(desk: Desk) -> None:
    content = a_portfolio(
        a_customer(ADATUM, a_subscription(1, quantity=0, status="x"), a_subscription(2, parent=NOBODY)),
        a_customer(LITWARE, company_name="", resellers=[NOBODY]),
        partners=[a_partner(OURS, type="x")],
    )
    assert [fault.split(":")[0] for fault in desk.faults(content)] == [
        "partners[0].type",
        "customers[0].subscriptions[0].quantity",
        "customers[0].subscriptions[0].status",
        "customers[0].subscriptions[1].parent",
        "customers[1].company_name",
        "customers[1].resellers[0]",
    ]


def test_a_hundred_faults_are_shown_and_the_rest_counted(desk: Desk) -> None:
    wrong = [a_subscription(value, quantity=0) for value in range(150)]
    lost = [a_subscription(value, parent=NOBODY) for value in range(200, 350)]
    path = desk.put(a_portfolio(a_customer(ADATUM, *wrong), a_customer(LITWARE, *lost)))
    with pytest.raises(CommandError) as refused:
        call_command("import_portfolio", str(path))
    first, *faults, last = str(refused.value).splitlines()
    assert first == "portfolio.json has 300 faults; nothing was written."
    assert [fault.split(":")[0] for fault in faults] == [
        f"customers[0].subscriptions[{value}].quantity" for value in range(100)
    ]
    assert last == "… and 200 faults more."
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "the file: it is empty"),
        (" \n ", "the file: it is empty"),
        ("[]", "line 1, column 1: this is no JSON of a portfolio: expected “{”"),
        ("null", "line 1, column 1: this is no JSON of a portfolio: expected “{”"),
        ("{}", "line 1, column 3: expected the lists “partners” and “customers”"),
        ('{"customers": {}}', "customers: expected a list, not {}"),
        ('{"customers": null}', "customers: expected a list, not None"),
        ('{"customers": [], "customers": []}', "customers: this member stands twice"),
        ('{"customers": [], "orders": [1]}', "'orders': unknown member; expected “partners” and “customers”"),
        ('{"customers": [\n {"id": }]}', "line 2, column 9: this is no JSON of a portfolio: Expecting value"),
        ('{"customers": [', "line 1, column 16: this is no JSON of a portfolio: Expecting value"),
        ('{"customers": []', "line 1, column 17: this is no JSON of a portfolio: expected “,”"),
        ('{"customers": []} x', "line 1, column 19: this is no JSON of a portfolio: nothing may follow"),
        ("{'customers': []}", "line 1, column 2: this is no JSON of a portfolio: expected a member's name"),
        (b'{"customers": [{"id": "\xff"}]}', "byte 24: this is not UTF-8"),
        ("[" * 100_000, "line 1, column 1: this is no JSON of a portfolio: expected “{”"),
        ('{"customers": [' + "[" * 100_000, "line 1, column 16: this is no JSON of a portfolio: "),
        ('{"customers": [' + "9" * 5_000 + "]}", "line 1, column 16: this is no JSON of a portfolio: "),
        ('{"customers": ["' + "x" * 3_000_000, "line 1, column 16: this is no JSON of a portfolio: Unterminated"),
        ('{"customers": [7, true]}', "customers[0]: expected an object, not 7"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_no_portfolio_is_refused_with_the_place(desk: Desk, content: str | bytes, fault: str) -> None:
    assert desk.faults(content)[0].startswith(fault)


def test_a_member_that_stands_twice_is_named(desk: Desk) -> None:
    text = json.dumps(_with()).replace('"quantity": 25', '"quantity": 25, "quantity": 30')
    assert desk.faults(text) == [f"{SUBSCRIPTION}.quantity: this member stands twice"]


def test_an_object_with_very_many_members_that_stand_twice_is_refused_soon(desk: Desk) -> None:
    members = ", ".join(f'"k{value}": 1' for value in range(100_000))
    faults = desk.faults(f'{{"customers": [{{{members}, {members}}}]}}')
    assert faults[-1] == "… and 199906 faults more."


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('{"partner": {}, "customer": {}}\n', "line 1: expected one member, “partner” or “customer”"),
        ("[]\n", "line 1: expected one member"),
        ('{"partner": \n', "line 1, column "),
        (b'{"partner": "\xff"}', "line 1, byte 14: this is not UTF-8"),
    ],
    ids=repr,
)
def test_what_are_no_json_lines_is_refused_with_the_line(desk: Desk, lines: str | bytes, fault: str) -> None:
    assert desk.faults(lines, "portfolio.jsonl")[0].startswith(fault)


def test_a_fault_in_json_lines_names_the_record_and_the_line_and_hides_no_other(desk: Desk) -> None:
    customers = [a_customer(ADATUM, a_subscription(quantity=0)), a_customer(LITWARE, a_subscription(parent=NOBODY))]
    lines = [{"partner": a_partner(OURS)}, *({"customer": customer} for customer in customers)]
    text = "\n".join([json.dumps(lines[0]), "", json.dumps(lines[1]), "{", json.dumps(lines[2])])
    faults = desk.faults(text, "portfolio.JSONL")
    assert faults[0] == f"{SUBSCRIPTION}.quantity: expected 1 to 300 licences, not 0 (line 3)"
    assert faults[1].startswith("line 4, column 1: ")
    assert f"customers[1].subscriptions[0].id: '{number(1)}' stands twice in the file (line 5)" in faults
    assert (
        f"customers[1].subscriptions[0].parent: no subscription '{NOBODY}' in the file or the portal (line 5)" in faults
    )


def test_a_file_that_is_not_there_or_no_file_is_said_so(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path, Path("a\x00b.json")):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_portfolio", str(path), stdout=StringIO())


CONTACT = {"first_name": "Na", "last_name": "Li", "email": "li.na@adatum.example"}


@pytest.mark.parametrize(
    ("changed", "place", "words"),
    [
        ({"email": "li.na"}, "email", "valid email"),
        ({"email": 5}, "email", "expected text"),
        ({"phone_number": "12345"}, "phone_number", "no telephone number"),
        ({"first_name": "x" * 51}, "first_name", "longer than 50"),
        ({"last_name": "Li\x00"}, "last_name", "control characters"),
        ({"last_name": ""}, "last_name", "blank"),
        ({"city": "Shanghai", "country": "CN"}, "address_line1", "required"),
        ({"colour": "red"}, "colour", "unknown member"),
    ],
    ids=repr,
)
def test_a_wrong_member_of_the_contact_details_is_named(
    desk: Desk, changed: dict[str, Any], place: str, words: str
) -> None:
    faults = desk.faults(a_portfolio(a_customer(ADATUM, contact=CONTACT | changed)))
    assert any(fault.startswith(f"customers[0].contact.{place}: ") and words in fault for fault in faults), faults
    assert not Customer.objects.exists()


@pytest.mark.parametrize("value", [None, [], "x", 5])
@pytest.mark.parametrize("member", ["contact", "billing"])
def test_details_are_an_object(desk: Desk, member: str, value: Any) -> None:
    (fault,) = desk.faults(a_portfolio(a_customer(ADATUM, **{member: value})))
    assert fault.startswith(f"customers[0].{member}: expected an object")
