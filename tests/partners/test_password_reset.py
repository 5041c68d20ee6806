"""A forgotten password: a link by real mail, that works once, and tells nobody who has an account."""

import datetime
import logging
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings
from pytest_django.asserts import assertContains, assertNotContains, assertRedirects

from activity.models import ActivityRecord
from activity.words import sentence
from partners.models import QueuedMail, Staff
from tests.factories import PASSWORD, StaffFactory
from tests.mailbox import Mailbox
from tests.partners.signing_in import is_signed_in, later, link_in, set_up_app, sign_in, text_of
from tests.subscriptions.working import work

FORGOTTEN = "/sign-in/forgotten/"
NEW = "quite-another-passphrase"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _fresh_limits(transactional_db: None) -> None:
    # No rollback takes back what was counted in the cache, and its table is not emptied with the others.
    cache.clear()


@pytest.fixture
def staff() -> Staff:
    staff: Staff = StaffFactory.create(email="lina@partner.example", name="Li Na")
    return staff


def ask(client: Client, email: str = "lina@partner.example", **more: Any) -> Any:
    return client.post(FORGOTTEN, {"email": email}, **more)


def mailed_link(client: Client, mailbox: Mailbox, **more: Any) -> str:
    ask(client, **more)
    work()
    return link_in(mailbox.mails[-1])


def choose(client: Client, link: str, password: str = NEW) -> Any:
    """Open the link, then choose a password on the page that it leads to."""
    page = client.get(link, follow=True)
    return client.post(page.redirect_chain[-1][0], {"password1": password, "password2": password})


def test_the_mailed_link_leads_to_a_new_password(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link = mailed_link(client, mailbox)
    assert mailbox.mails[0]["To"] == "lina@partner.example"
    assert "within 60 minutes" in text_of(mailbox.mails[0])
    assertRedirects(choose(client, link), "/sign-in/", fetch_redirect_response=False)
    assertContains(client.get("/sign-in/"), "Your password is changed. Sign in with it.")
    assert not is_signed_in(client)
    assertRedirects(sign_in(client, staff, NEW), "/", fetch_redirect_response=False)
    record = ActivityRecord.objects.get(operation="reset_password")
    assert sentence(record) == "Li Na chose a new password by the link in a mail."


def test_the_address_may_be_written_in_any_case(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    assert mailed_link(client, mailbox, email="LiNa@Partner.Example").startswith("/sign-in/new-password/")


def test_the_link_never_leads_to_the_host_that_was_asked(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    ask(client, headers={"host": "localhost"})
    work()
    assert "http://localhost" not in text_of(mailbox.mails[0])


@pytest.mark.parametrize(("language", "subject"), [("es", "Elija"), ("zh-hans", "新密码")])
def test_the_mail_is_in_the_persons_language(
    client: Client, mailbox: Mailbox, staff: Staff, language: str, subject: str
) -> None:
    Staff.objects.update(language=language)
    ask(client)
    work()
    assert subject in mailbox.mails[0]["Subject"]


def test_that_it_was_changed_is_mailed_too(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    choose(client, mailed_link(client, mailbox))
    work()
    told = mailbox.mails[-1]
    assert told["Subject"] == "Your password was changed"
    assert "From where: 127.0.0.1" in text_of(told)
    assert NEW not in told.as_string()


def test_every_session_ends(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    elsewhere = Client()
    sign_in(elsewhere, staff)
    choose(client, mailed_link(client, mailbox))
    assert "/sign-in/" in elsewhere.get("/settings/profile/")["Location"]


def test_the_second_factor_is_asked_for_all_the_same(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    sign_in(client, staff)
    set_up_app(client)
    client.logout()
    choose(client, mailed_link(client, mailbox))
    assertRedirects(sign_in(client, staff, NEW), "/sign-in/second-factor/")
    assert not is_signed_in(client)


def test_a_link_shows_nobody_who_sits_there(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    sign_in(client, staff)
    with later():
        choose(client, mailed_link(client, mailbox))
        assert "/sign-in/" in client.get("/settings/security/app/")["Location"]


def test_a_letter_that_merely_becomes_the_same_in_capitals_is_another(
    client: Client, mailbox: Mailbox, staff: Staff
) -> None:
    for email in ("l\u0131na@partner.example", "lina@par\u017fner.example", "LINA@PARTNER.EXAMPLE"):
        ask(client, email)
    work()
    assert [mail["To"] for mail in mailbox.mails] == ["lina@partner.example"]


def test_logs_hold_no_link(client: Client, caplog: pytest.LogCaptureFixture, staff: Staff) -> None:
    link = f"/sign-in/new-password/{staff.pk.hex}/abc-the-key/"
    with caplog.at_level("INFO"):
        logging.getLogger("gunicorn.access").info("%(r)s", {"r": f"GET {link} HTTP/1.1"})
    assert "/sign-in/new-password/" in caplog.text
    assert "abc-the-key" not in caplog.text


def test_who_waits_after_wrong_attempts_waits_no_more(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    for _ in range(5):
        sign_in(client, staff, "wrong")
    assert sign_in(client, staff).status_code == 429
    choose(client, mailed_link(client, mailbox))
    assertRedirects(sign_in(client, staff, NEW), "/", fetch_redirect_response=False)


def test_an_unknown_address_gets_the_same_answer_in_the_same_way(
    client: Client, mailbox: Mailbox, staff: Staff
) -> None:
    Staff.objects.filter(pk=StaffFactory(email="gone@partner.example").pk).update(is_active=False)
    answers = []
    for email in ("lina@partner.example", "nobody@partner.example", "gone@partner.example"):
        cache.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = ask(Client(), email)
        shapes = [query["sql"].split(" ")[0] for query in queries if "SAVEPOINT" not in query["sql"]]
        answers.append((answer.status_code, answer["Location"], shapes))
    assert answers[0] == answers[1] == answers[2]
    assert not QueuedMail.objects.exists()
    work()
    assert [mail["To"] for mail in mailbox.mails] == ["lina@partner.example"]


def test_a_link_works_once(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link = mailed_link(client, mailbox)
    choose(client, link)
    assertContains(Client().get(link), "This link does not work")


def test_of_two_who_opened_a_link_one_changes_the_password(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link, other = mailed_link(client, mailbox), Client()
    page = other.get(link, follow=True)
    choose(client, link)
    answer = other.post(
        page.redirect_chain[-1][0], {"password1": "a-third-passphrase", "password2": "a-third-passphrase"}
    )
    assertContains(answer, "This link does not work")
    staff.refresh_from_db()
    assert staff.check_password(NEW)


def test_a_link_is_worth_nothing_after_an_hour(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link = mailed_link(client, mailbox)
    with time_machine.travel(timezone.now() + datetime.timedelta(minutes=61)):
        assertContains(client.get(link), "This link does not work")


def test_a_link_is_worth_nothing_to_the_deactivated(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link = mailed_link(client, mailbox)
    Staff.objects.update(is_active=False)
    assertContains(client.get(link), "This link does not work")


def test_a_link_is_worth_nothing_where_the_address_is_another(client: Client, mailbox: Mailbox, staff: Staff) -> None:
    link = mailed_link(client, mailbox)
    Staff.objects.update(email="other@partner.example")
    assertContains(client.get(link), "This link does not work")


def changed_links(link: str, somebody_else: str) -> dict[str, str]:
    head, uid, key, _end = link.rsplit("/", 3)
    return {
        "capitals": f"{head}/{uid.upper()}/{key.upper()}/",
        "cut": f"{head}/{uid}/{key[: len(key) // 2]}/",
        "another person's": f"{head}/{somebody_else}/{key}/",
        "guessed": f"{head}/{uid}/{key[:-1]}{'0' if key[-1] != '0' else '1'}/",
        "nobody": f"{head}/0/{key}/",
        "odd": f"{head}/%00/%00/",
        "the page itself": f"{head}/{uid}/set-password/",
    }


@pytest.mark.parametrize("how", ["capitals", "cut", "another person's", "guessed", "nobody", "odd", "the page itself"])
def test_a_link_that_is_not_the_mailed_one(client: Client, mailbox: Mailbox, staff: Staff, how: str) -> None:
    other: Staff = StaffFactory.create()
    link = changed_links(mailed_link(client, mailbox), other.pk.hex)[how]
    for answer in (client.get(link, follow=True), client.post(link, {"password1": NEW, "password2": NEW}, follow=True)):
        assertContains(answer, "This link does not work")
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)


@pytest.mark.parametrize(
    "passwords", [("", ""), ("short", "short"), ("1" * 20, "1" * 20), (NEW, "another"), ("x" * 10_000, "x" * 10_000)]
)
def test_a_weak_password_is_refused(client: Client, mailbox: Mailbox, staff: Staff, passwords: tuple[str, str]) -> None:
    page = client.get(mailed_link(client, mailbox), follow=True)
    answer = client.post(page.redirect_chain[-1][0], {"password1": passwords[0], "password2": passwords[1]})
    assertContains(answer, "Please look at this again")
    staff.refresh_from_db()
    assert staff.check_password(PASSWORD)
    assert not ActivityRecord.objects.exists()


@pytest.mark.parametrize("typed", ["", "nobody", "a@b", "\0@partner.example", "a" * 10_000, "a" * 300 + "@b.example"])
def test_what_is_no_address_is_refused(client: Client, typed: str) -> None:
    answer = ask(client, typed)
    assertContains(answer, "Please look at this again")


def test_asking_again_and_again_is_limited(client: Client, settings: Settings) -> None:
    answers = [ask(client, "nobody@partner.example") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
    assertNotContains(answers[-1], "nobody@", status_code=429)
