"""The lists as files: what is filtered and chosen, harmless, sent while it is read, and recorded."""

import csv
import datetime
import gc
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.utils import timezone, translation
from openpyxl import load_workbook

from activity.models import ActivityRecord
from activity.words import sentence
from desk import sheets, subscription_listing
from desk.columns import CUSTOMER_COLUMNS
from desk.sheets import TooManyRows, csv_file, csv_line, workbook
from desk.subscription_filter import SubscriptionFilter
from desk.subscription_listing import SubscriptionList
from desk.views import customers as customers_view
from desk.views import files
from partners.models import Partner, Staff
from subscriptions.models import Status, Subscription
from tests.desk.conftest import signed_in
from tests.factories import CustomerFactory, PartnerFactory, StaffFactory, SubscriptionFactory, customer_of, offer, sold

PATH = "/subscriptions/"


def table(response: Any) -> list[list[str]]:
    """The rows of a CSV answer."""
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = b"".join(response.streaming_content).decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def sheet(response: Any) -> list[tuple[Any, ...]]:
    """The rows of an Excel answer."""
    assert response["Content-Disposition"].endswith('.xlsx"')
    book = load_workbook(io.BytesIO(b"".join(response.streaming_content)))
    return list(book.active.values)


def test_the_file_holds_the_chosen_columns_of_what_is_filtered(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="Contoso", domain="contoso.partner.onmschina.cn")
    created = datetime.datetime(2026, 3, 1, 20, 30, tzinfo=datetime.UTC)
    wanted = sold(
        partner, customer, quantity=25, created_at=created, commitment_end=datetime.date(2028, 2, 29), auto_renew=False
    )
    sold(partner, customer_of(partner), "E3", quantity=30)
    sold(PartnerFactory(), customer_of(partner), quantity=31)
    columns = ["licences", "created", "renewal", "auto_renew", "upgrade", "id", "customer_id", "domain", "deletion"]
    response = client.get(PATH, {"offer": str(offer("Business").pk), "columns": columns, "format": "csv"})
    assert response["Content-Disposition"].startswith('attachment; filename="subscriptions-')
    assert response["Cache-Control"] == "no-store"
    heading, *lines = table(response)
    assert heading == [
        "Company",
        "Offer",
        "Primary domain",
        "Licences",
        "Deletion",
        "Created",
        "Renewal",
        "Renews by itself",
        "Upgrade",
        "Subscription id",
        "Tenant id",
    ]
    assert lines == [
        [
            "Contoso",
            "Office 365 Business",
            "contoso.partner.onmschina.cn",
            "25",
            "",
            # As the clocks of Shanghai have it.
            "2026-03-02T04:30:00+08:00",
            "2028-02-29",
            "No",
            "Upgrade possible",
            str(wanted.pk),
            str(customer.pk),
        ]
    ]


def test_excel_gets_numbers_days_and_words(client: Client, partner: Partner) -> None:
    customer = customer_of(partner, company_name="北京华信")
    sold(
        partner,
        customer,
        quantity=25,
        created_at=datetime.datetime(2026, 3, 1, 20, 30, tzinfo=datetime.UTC),
        commitment_end=datetime.date(2028, 2, 29),
    )
    suspended = sold(partner, customer, status=Status.SUSPENDED, quantity=7)
    columns = ["licences", "created", "renewal", "deletion"]
    heading, first, second = sheet(
        client.get(PATH, {"columns": columns, "format": "xlsx", "sort": "-licences", "status": ["active", "suspended"]})
    )
    assert heading == ("Company", "Offer", "Licences", "Deletion", "Created", "Renewal")
    told = tuple(cell.isoformat() if isinstance(cell, datetime.datetime) else cell for cell in first)
    assert told == (
        "北京华信",
        "Office 365 Business",
        25,
        None,
        "2026-03-02T04:30:00",
        "2028-02-29T00:00:00",
    )
    with timezone.override("Asia/Shanghai"):
        assert suspended.deletion_time
        assert second[3].date() == timezone.localtime(suspended.deletion_time).date()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_file_speaks_the_persons_language(partner: Partner, kind: str) -> None:
    sold(partner, customer_of(partner))
    client = signed_in(StaffFactory(partner=partner, language="es"))
    response = client.get(PATH, {"format": kind})
    # The middleware has ended, and whatever the process speaks now is somebody else's.
    with translation.override("en"):
        rows: Any = table(response) if kind == "csv" else sheet(response)
    assert rows[0][0] == "Empresa"


DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", '=HYPERLINK("http://x","y")', "=cmd|' /C calc'!A0"]


@pytest.mark.parametrize("name", DANGEROUS)
def test_no_cell_is_a_formula(client: Client, partner: Partner, name: str) -> None:
    sold(partner, customer_of(partner, company_name=f"x{name}"), nickname=name)
    query = {"columns": "nickname", "format": "csv"}
    assert table(client.get(PATH, query))[1][2] == f"'{name}"
    response: Any = client.get(PATH, query | {"format": "xlsx"})
    content = b"".join(response.streaming_content)
    cell = load_workbook(io.BytesIO(content)).active["C2"]
    assert (cell.data_type, cell.value) == ("s", name)
    markup = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in markup
    assert b'r="C2" t="inlineStr"' in markup


@pytest.mark.parametrize("name", ["a\x01b", "a\x0bb", "x" * 200, "<b>&amp;</b>", "a\ufffeb", "\u202eabc"])
def test_excel_takes_every_character(client: Client, partner: Partner, name: str) -> None:
    sold(partner, customer_of(partner), nickname=name)
    rows = sheet(client.get(PATH, {"columns": "nickname", "format": "xlsx"}))
    assert rows[1][2] == sheets.NOT_IN_XML.sub(" ", name)


def test_verdicts_are_judged_chunk_by_chunk(client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscription_listing, "CHUNK", 2)
    monkeypatch.setattr(customers_view, "CHUNK", 2)
    for number in range(5):
        status = Status.SUSPENDED if number % 2 else Status.ACTIVE
        sold(partner, customer_of(partner, company_name=f"Contoso {number}"), "Business", status=status)
    query = {"upgrade": "one_step", "columns": ["upgrade", "obstacles"], "format": "csv"}
    assert table(client.get(PATH, query))[1:] == [
        [f"Contoso {number}", "Office 365 Business", "1 step away", "The subscription is not active"]
        for number in (1, 3)
    ]
    shown = table(client.get("/customers/", {"show": "upgradable", "format": "csv"}))
    assert [row[0] for row in shown[1:]] == ["Contoso 0", "Contoso 2", "Contoso 4"]


def test_a_file_comes_in_every_order(client: Client, partner: Partner) -> None:
    for name, number, quantity in (("Contoso", "E3", 7), ("Adatum", "Business", 9), ("Fabrikam", "E1", 8)):
        sold(partner, customer_of(partner, company_name=name), number, quantity=quantity)
    for sort, expected in (
        ("company", ["Adatum", "Contoso", "Fabrikam"]),
        ("-company", ["Fabrikam", "Contoso", "Adatum"]),
        ("offer", ["Adatum", "Fabrikam", "Contoso"]),
        ("-licences", ["Adatum", "Fabrikam", "Contoso"]),
    ):
        rows = table(client.get(PATH, {"sort": sort, "format": "csv"}))
        assert [row[0] for row in rows[1:]] == expected, sort


def test_an_export_leaves_one_record(client: Client, partner: Partner, staff: Staff) -> None:
    sold(partner, customer_of(partner, company_name="Contoso"), status=Status.SUSPENDED)
    query = {"status": "suspended", "q": "conto", "columns": "id", "format": "csv"}
    client.get(PATH, query)
    # It stands before the first line is sent: whoever breaks off has taken something all the same.
    record = ActivityRecord.objects.get()
    assert (record.operation, record.actor_id, record.partner_id) == ("export_subscriptions", staff.pk, partner.pk)
    assert record.after == {
        "format": "csv",
        "filter": {"status": "suspended", "q": "conto", "columns": "id"},
        "columns": ["company", "offer", "id"],
        "rows": 1,
    }
    assert sentence(record) == "Li Na exported subscriptions to a file (CSV)."
    client.head(PATH, query)
    client.get(PATH, query | {"format": ""})
    assert ActivityRecord.objects.count() == 1


def test_customers_are_exported_as_filtered(client: Client, partner: Partner) -> None:
    contoso = customer_of(partner, company_name="Contoso", domain="contoso.partner.onmschina.cn")
    sold(partner, contoso)
    customer_of(partner, company_name="Fabrikam")
    customer_of(PartnerFactory(), company_name="Contoso of another partner")
    query = {"q": "conto", "format": "csv"}
    assert table(client.get("/customers/", query)) == [
        ["Company", "Primary domain", "Relationship", "Subscriptions", "Upgrade", "Tenant id"],
        ["Contoso", "contoso.partner.onmschina.cn", "Reseller", "1", "Upgrade possible", str(contoso.pk)],
    ]
    assert ActivityRecord.objects.get().operation == "export_customers"
    rows = sheet(client.get("/customers/", {"sort": "-company", "format": "xlsx"}))
    assert [row[0] for row in rows[1:]] == ["Fabrikam", "Contoso"]
    assert rows[2][3] == 1


def test_a_customer_filter_that_there_is_not_exports_nothing(client: Client, partner: Partner) -> None:
    customer_of(partner)
    response = client.get("/customers/", {"show": "nonsense", "format": "csv"})
    assert "There is no such filter" in response.content.decode()
    assert client.get("/customers/", {"format": "pdf"}).status_code == 400
    assert not ActivityRecord.objects.exists()


@pytest.mark.parametrize(
    ("path", "query"),
    [(PATH, {}), (PATH, {"upgrade": "possible"}), ("/customers/", {}), ("/customers/", {"show": "upgradable"})],
)
def test_too_many_rows_for_excel_are_refused_in_favour_of_csv(
    client: Client, partner: Partner, monkeypatch: pytest.MonkeyPatch, path: str, query: dict[str, str]
) -> None:
    monkeypatch.setattr(files, "MOST_IN_A_WORKBOOK", 2)
    for number in range(3):
        sold(partner, customer_of(partner, company_name=f"Contoso {number}"))
    response = client.get(path, query | {"format": "xlsx"})
    assert response.status_code == 422
    assert "too many for an Excel file" in response.content.decode()
    assert not ActivityRecord.objects.exists()
    assert len(table(client.get(path, query | {"format": "csv"}))) == 4
    monkeypatch.setattr(files, "MOST_IN_A_WORKBOOK", 3)
    assert len(sheet(client.get(path, query | {"format": "xlsx"}))) == 4


def test_a_refused_workbook_leaves_no_file_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    columns = CUSTOMER_COLUMNS[:1]
    with pytest.raises(TooManyRows):
        workbook("Customers", columns, [type("Line", (), {"name": str(n)})() for n in range(3)], most=2)
    with pytest.raises(ZeroDivisionError):
        workbook("Customers", columns, (type("Line", (), {"name": str(1 // n)})() for n in (1, 0)), most=5)
    workbook("Customers", columns, [], most=5).close()
    assert list(tmp_path.iterdir()) == []


def test_the_first_lines_come_before_the_last_are_read() -> None:
    read: list[int] = []

    def chunks() -> Iterator[list[int]]:
        for number in range(1_000):
            read.append(number)
            yield [number] * 500

    lines = csv_file(lambda: ["Number"], chunks(), lambda number: [number])
    assert next(lines) == "\ufeffNumber\r\n"
    assert read == []
    assert next(lines).count("\r\n") == 500
    assert read == [0]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_file_of_many_rows_is_read_by_a_cursor_of_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process holds at a time is a chunk: whatever came before can be gone."""
    staff: Staff = StaffFactory(partner=PartnerFactory())
    customer = customer_of(staff.partner, services=[])
    Subscription.objects.bulk_create(
        SubscriptionFactory.build_batch(
            6_000,
            customer=customer,
            reseller_of_record=staff.partner,
            offer=offer("E3"),
            commitment_end=datetime.date(2027, 1, 1),
        )
    )
    asked = SubscriptionFilter(QueryDict("sort=created"), offers=[], targets=[])
    asked.full_clean()
    most, lines = 0, 0
    for chunk in SubscriptionList(staff, asked, []).chunks():
        lines += len(chunk)
        most = max(most, sum(isinstance(one, Subscription) for one in gc.get_objects()))
    assert lines == 6_000
    assert most <= 3 * sheets.CHUNK


def test_a_line_is_quoted_as_spreadsheets_read_it() -> None:
    assert csv_line(['a"b', "c,d", None, 5, datetime.date(2026, 1, 2)]) == '"a""b","c,d",,5,2026-01-02\r\n'


def test_who_has_another_partner_exports_nothing_of_this(partner: Partner) -> None:
    sold(partner, customer_of(partner, company_name="Contoso"))
    CustomerFactory()
    client = signed_in(StaffFactory())
    assert len(table(client.get(PATH, {"format": "csv"}))) == 1
    assert len(table(client.get("/customers/", {"format": "csv"}))) == 1
