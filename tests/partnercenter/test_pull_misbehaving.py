"""`pull_portfolio` against a server that misbehaves, and after it was broken off."""

import dataclasses
import datetime
import json
import resource
import signal
import subprocess
import sys
from email.utils import format_datetime
from pathlib import Path

import pytest
import time_machine
from django.utils import timezone

from customers.models import Customer, DelegatedAdminPrivilege
from partnercenter.management.commands.pull_portfolio import Command
from partnercenter.pulling.gathering import gather
from partnercenter.pulling.paging import by_offset
from partnercenter.pulling.source import Account, Malformed, Patience, Source
from partnercenter.pulling.spool import CUSTOMER, FILE, SpoolRefused, spool_in
from partners.models import Partner
from scripts.places import ROOT
from subscriptions.models import Subscription
from tests.partnercenter.misbehaving import (
    CLIENT,
    SECRET,
    Answering,
    Misdeed,
    Wire,
    a_list,
    a_wire_customer,
    a_wire_subscription,
    breaks_off,
    hangs_up,
    refuses,
    says,
    says_text,
    sends_half,
    stays_silent,
)
from tests.partnercenter.portfolios import ADATUM, LITWARE, OURS, THEIRS
from tests.partnercenter.pulls import Puller

pytestmark = pytest.mark.django_db

TOKEN = f"/{OURS}/oauth2/token"
SUBSCRIPTIONS = f"/customers/{ADATUM}/subscriptions"
PASSING: list[Misdeed] = [
    refuses(408),
    refuses(429),
    refuses(500),
    refuses(502),
    refuses(503),
    says_text(b"<html>Bad gateway</html>", status=502),
    hangs_up,
    breaks_off,
    sends_half,
    says_text(b"", content_type="application/json"),
    says_text(b'{"items": [NaN]}', content_type="application/json"),
    says_text(b'{"items": "\xff"}', content_type="application/json"),
]
PASSING_NAMES = "408 429 500 502 503 page-502 hangs-up breaks-off sends-half sends-nothing no-number no-utf8".split()
PATHS = [TOKEN, "/profiles/mpn", "/offers", "/customers", f"/customers/{ADATUM}", SUBSCRIPTIONS]


@pytest.fixture
def held(wire: Wire) -> Wire:
    wire.holds(ADATUM, a_wire_subscription(), services=("Exchange",))
    return wire


@pytest.mark.parametrize("misdeed", PASSING, ids=PASSING_NAMES)
def test_what_passes_is_waited_for_and_asked_again(puller: Puller, held: Wire, misdeed: Misdeed) -> None:
    for path in PATHS:
        held.misdeeds[path] = [misdeed]
    puller.pull()
    assert Subscription.objects.get().quantity == 25
    assert len(puller.waits) == len(PATHS)
    assert all(1 <= wait <= 2 for wait in puller.waits)


def test_waits_grow_and_end(puller: Puller, held: Wire) -> None:
    held.misdeeds[SUBSCRIPTIONS] = [refuses(500)] * 7
    puller.pull()
    assert [int(wait) for wait in puller.waits] != sorted({int(puller.waits[0])})
    assert all(2**turn <= wait <= 2**turn + 1 for turn, wait in enumerate(puller.waits[:6]))
    assert len(puller.waits) == 7


@pytest.mark.parametrize("path", PATHS)
def test_a_server_that_says_when_to_come_back_is_obeyed(puller: Puller, held: Wire, path: str) -> None:
    held.misdeeds[path] = [
        refuses(429, Retry_After="57"),
        refuses(503, Retry_After="120"),
        refuses(429, Retry_After="0"),
    ]
    puller.pull()
    assert puller.waits == [57, 120, 0]


def test_a_moment_to_come_back_at_is_obeyed(puller: Puller, held: Wire) -> None:
    now = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
    later, earlier = (format_datetime(now + datetime.timedelta(seconds=gap), usegmt=True) for gap in (90, -90))
    held.misdeeds["/offers"] = [refuses(503, Retry_After=later), refuses(503, Retry_After=earlier)]
    with time_machine.travel(now, tick=False):
        puller.pull()
    assert puller.waits == [90, 0]


def test_a_wait_that_makes_no_sense_is_ours_to_choose(puller: Puller, held: Wire) -> None:
    held.misdeeds["/offers"] = [refuses(429, Retry_After="soon"), refuses(429, Retry_After="-5")]
    puller.pull()
    assert 1 <= puller.waits[0] <= 2 <= puller.waits[1] <= 3


def test_a_server_that_wants_to_be_left_alone_for_long_is(puller: Puller, held: Wire) -> None:
    held.misdeeds["/customers"] = [refuses(429, Retry_After="86400")]
    assert "answers 429 and asks to be left alone for 86400 seconds" in puller.failure()
    assert puller.waits == []


def test_a_server_that_does_not_answer_in_time_is_asked_again(puller: Puller, held: Wire) -> None:
    # However slow this machine is at times.
    puller.patience = dataclasses.replace(puller.patience, timeout=0.3, attempts=100, first_attempts=100)
    held.misdeeds[SUBSCRIPTIONS] = [stays_silent]
    puller.pull()
    assert puller.waits
    assert held.asked.count(f"GET {SUBSCRIPTIONS}") >= 2
    assert Subscription.objects.exists()


def test_an_answer_that_does_not_come_to_its_end_is_given_up(held: Wire) -> None:
    ticks = iter(range(0, 100_000, 200))
    waits: list[float] = []
    patience = Patience(sleep=waits.append, clock=lambda: float(next(ticks)), whole_timeout=100)
    with (
        Source(_account(held), patience=patience) as source,
        pytest.raises(Exception, match="does not come to its end"),
    ):
        source.get("/customers")
    assert len(waits) == 2


def _account(wire: Wire) -> Account:
    return Account(wire.url, wire.url, OURS, CLIENT, SECRET)


def test_the_secret_is_in_no_words(held: Wire) -> None:
    assert SECRET not in repr(_account(held))


def test_a_token_that_expires_on_the_way_is_renewed_once(puller: Puller, held: Wire) -> None:
    def expires(answering: Answering) -> None:
        answering.wire.revoked = answering.wire.tokens
        answering.fault(401, 400)

    held.misdeeds[SUBSCRIPTIONS] = [expires]
    puller.pull()
    assert held.tokens == 2
    assert held.asked.count(f"GET {SUBSCRIPTIONS}") == 2
    assert puller.waits == []


def test_a_token_is_renewed_before_it_ends(held: Wire) -> None:
    now = [0.0]
    held.token_seconds = 600
    with Source(_account(held), patience=Patience(clock=lambda: now[0])) as source:
        for now[0] in (0, 539, 540, 1079, 1080):
            source.get("/offers")
    assert held.tokens == 3


@pytest.mark.parametrize("seconds", [None, "soon", 0, -1, [], "3600", "9" * 5000])
def test_a_token_without_a_sensible_life_is_used_all_the_same(puller: Puller, held: Wire, seconds: object) -> None:
    held.token_seconds = seconds
    puller.pull()
    assert held.tokens == 1


def test_credentials_that_are_refused_are_told_in_the_servers_words(
    puller: Puller, held: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULL_CLIENT_SECRET", "wrong")
    said = puller.failure()
    assert said.startswith(
        "The server refused the credentials. invalid_client: The client id or secret is not valid.\n"
    )
    assert held.asked == [f"POST {TOKEN}"]


def test_credentials_refused_on_the_way_end_the_pull_and_it_goes_on_later(puller: Puller, held: Wire) -> None:
    held.misdeeds[SUBSCRIPTIONS] = [refuses(401, 400), refuses(401, 400)]
    assert "the server does not accept the token that it gave. No." in puller.failure()
    puller.pull()
    assert Customer.objects.exists()


@pytest.mark.parametrize("misdeed", [refuses(404), says({}), refuses(403), hangs_up], ids="404 none 403 cut".split())
def test_trouble_with_a_token_is_never_taken_for_an_answer_about_a_customer(
    puller: Puller, held: Wire, misdeed: Misdeed
) -> None:
    def expires(answering: Answering) -> None:
        held.misdeeds[TOKEN] = [misdeed] * 8
        answering.fault(401, 400)

    held.misdeeds[f"/customers/{ADATUM}"] = [expires]
    assert "oauth2/token" in puller.failure()


@pytest.mark.parametrize("path", ["/customers", f"/customers/{ADATUM}", SUBSCRIPTIONS])
def test_a_right_that_is_missing_is_told(puller: Puller, held: Wire, path: str) -> None:
    held.misdeeds[path] = [refuses(403, 900150)]
    assert "the API client has no right to this; give it the role it needs. No." in puller.failure()


@pytest.mark.parametrize("status", [403, 501])
def test_managed_services_that_the_server_keeps_back_are_left_out_and_told(
    puller: Puller, held: Wire, status: int
) -> None:
    held.misdeeds[f"/customers/{ADATUM}/managedservices"] = [refuses(status)]
    (told,) = puller.left_out()
    assert "managedservices" in told
    assert Subscription.objects.exists()
    assert not DelegatedAdminPrivilege.objects.exists()


@pytest.mark.parametrize("misdeed", [refuses(403), refuses(404), refuses(501), says([]), says({"items": 7})])
def test_offers_that_cannot_be_had_stop_nothing(puller: Puller, held: Wire, misdeed: Misdeed) -> None:
    held.misdeeds["/offers"] = [misdeed]
    assert "The offers of the source cannot be compared: " in puller.pull()
    assert Subscription.objects.exists()


@pytest.mark.parametrize(
    ("path", "misdeed", "words"),
    [
        (TOKEN, says_text(b"<html>Welcome</html>"), "a web page instead of JSON. Is the base URL right?"),
        (TOKEN, says_text(b"<html>Nothing</html>", status=404), "answers 404, not as the protocol does."),
        (TOKEN, says({"token": "x"}), "answers without an access token."),
        (TOKEN, says({"access_token": "a\nb"}), "answers without an access token."),
        ("/customers", says_text(b"<html>Welcome</html>"), "a web page instead of JSON. Is the base URL right?"),
        ("/customers", says_text(b"<html>Nothing</html>", status=404), "Is the base URL right?"),
        (
            "/customers",
            says_text(b"", status=301, Location="https://x.example/"),
            "leads elsewhere, to https://x.example/",
        ),
        ("/customers", refuses(501, 900127), "answers 501. No."),
        ("/customers", refuses(505), "answers 505. No."),
        ("/customers", says([]), "answers with no object."),
        ("/customers", says({"items": {}}), "answers with no list."),
        ("/customers", says({"items": None}), "answers with no list."),
    ],
)
def test_what_will_not_pass_ends_the_pull_with_its_reason(
    puller: Puller, held: Wire, path: str, misdeed: Misdeed, words: str
) -> None:
    held.misdeeds[path] = [misdeed]
    assert words in puller.failure()
    assert puller.waits == []
    assert not Partner.objects.exists()


def test_a_server_that_is_not_there_is_told_soon(puller: Puller, wire: Wire) -> None:
    assert "ConnectError" in puller.failure(base_url="http://127.0.0.1:9")
    assert len(puller.waits) == 2


def test_words_of_the_server_cannot_move_the_cursor_or_fill_the_screen(puller: Puller, held: Wire) -> None:
    fault = {"code": 1, "description": "a\x1b[2J\nb" + "x" * 5000}
    held.misdeeds["/customers"] = [lambda answering: answering.say(418, fault)]
    said = puller.failure()
    assert "\x1b" not in said
    assert "answers 418. a�[2J�bxxx" in said
    assert len(said) < 1000


def test_a_page_that_comes_twice_counts_once(puller: Puller, wire: Wire) -> None:
    first, second, third = ADATUM, LITWARE, "dddddddd-dddd-4ddd-8ddd-dddddddddddd"
    for customer_id in (first, second, third):
        wire.holds(customer_id)

    def repeats(answering: Answering) -> None:
        wire.misdeeds["/customers"].append(
            says(a_list([a_wire_customer(first), a_wire_customer(second)], continuationToken="2"))
        )
        answering._page()

    wire.misdeeds["/customers"] = [repeats]
    puller.pull(page_size=2)
    assert Customer.objects.count() == 3
    assert wire.asked.count(f"GET /customers/{first}") == 1


def test_pages_that_go_round_in_a_circle_are_broken_off(puller: Puller, wire: Wire) -> None:
    wire.misdeeds["/customers"] = [says(a_list([a_wire_customer(ADATUM)], continuationToken="1"))] * 10
    assert "The server repeats the pages of /customers without end." in puller.failure()
    assert wire.asked.count("GET /customers") == 4


def test_offers_whose_pages_have_no_end_are_broken_off(wire: Wire) -> None:
    page = a_list([{"id": "1"}])
    page["links"] = {"next": {"uri": "https://elsewhere.example/", "method": "GET", "headers": []}}
    wire.misdeeds["/offers"] = [says(page)] * 10
    with Source(_account(wire), patience=Patience()) as source, pytest.raises(Malformed, match="without end"):
        list(by_offset(source, "/offers", query={}, size=1))


def test_a_token_of_a_page_that_stands_in_the_link_alone_does(puller: Puller, wire: Wire) -> None:
    wire.holds(ADATUM)
    wire.holds(LITWARE)
    page = a_list([a_wire_customer(ADATUM)])
    page["links"] = {"next": {"uri": "/customers", "headers": [7, {"key": "ms-continuationtoken", "value": "1"}]}}
    wire.misdeeds["/customers"] = [says(page)]
    puller.pull(page_size=1)
    assert Customer.objects.count() == 2


def test_a_token_of_a_page_that_is_not_valid_any_more_makes_the_list_begin_anew_once(
    puller: Puller, wire: Wire
) -> None:
    wire.holds(ADATUM)
    wire.holds(LITWARE)
    turn = lambda answering: answering._page()  # noqa: E731
    wire.misdeeds["/customers"] = [turn, refuses(400, 800002)]
    puller.pull(page_size=1)
    assert Customer.objects.count() == 2
    wire.misdeeds["/customers"] = [turn, refuses(400, 800002), turn, refuses(400, 800002)]
    assert "answers 400" in puller.failure(page_size=1)


@pytest.mark.parametrize("path", [f"/customers/{ADATUM}", SUBSCRIPTIONS, f"/customers/{ADATUM}/managedservices"])
def test_a_customer_that_vanished_between_two_questions_is_told_and_the_rest_comes_in(
    puller: Puller, held: Wire, path: str
) -> None:
    held.holds(LITWARE)
    held.misdeeds[path] = [refuses(404, 60003)]
    assert f"  {ADATUM}, while it was read" in puller.pull()
    assert [str(pk) for pk in Customer.objects.values_list("pk", flat=True)] == [LITWARE]


@pytest.mark.parametrize(
    ("path", "misdeed"),
    [
        (f"/customers/{ADATUM}", says([])),
        (f"/customers/{ADATUM}", says(a_wire_customer(LITWARE))),
        (SUBSCRIPTIONS, says({"items": "none"})),
        (SUBSCRIPTIONS, says(None)),
    ],
)
def test_an_answer_about_a_customer_that_is_none_leaves_out_that_customer(
    puller: Puller, held: Wire, path: str, misdeed: Misdeed
) -> None:
    held.holds(LITWARE)
    held.misdeeds[path] = [misdeed]
    (told,) = puller.left_out()
    assert told.startswith(f"  {ADATUM}: ")
    assert [str(pk) for pk in Customer.objects.values_list("pk", flat=True)] == [LITWARE]


def test_one_customer_without_an_answer_is_left_out_and_does_not_count_as_gone(puller: Puller, held: Wire) -> None:
    held.holds(LITWARE)
    puller.pull()
    held.misdeeds[SUBSCRIPTIONS] = [refuses(500)] * 8
    (told,) = puller.left_out()
    assert told == f"  {ADATUM}: GET {held.url}/v1{SUBSCRIPTIONS}: the server answers 500"


@pytest.mark.parametrize("status", [400, 409, 501])
def test_one_customer_that_the_server_refuses_is_left_out(puller: Puller, held: Wire, status: int) -> None:
    held.holds(LITWARE)
    held.misdeeds[SUBSCRIPTIONS] = [refuses(status)]
    (told,) = puller.left_out()
    assert told == f"  {ADATUM}: GET {held.url}/v1{SUBSCRIPTIONS} answers {status}. No."
    assert [str(pk) for pk in Customer.objects.values_list("pk", flat=True)] == [LITWARE]


def test_a_server_that_falls_silent_ends_the_pull_which_goes_on_from_there(puller: Puller, held: Wire) -> None:
    others = [f"dddddddd-dddd-4ddd-8ddd-{value:012d}" for value in range(5)]
    for value, customer_id in enumerate(others):
        company = {"companyName": f"Company {value}", "domain": f"company-{value}.example.cn"}
        held.holds(customer_id, companyProfile=company)
        held.misdeeds[f"/customers/{customer_id}"] = [hangs_up] * 8
    said = puller.failure()
    assert "RemoteProtocolError" in said
    assert "Nothing was written. What was read is kept in" in said
    assert not any(f"GET /customers/{customer_id}" in held.asked for customer_id in others[3:])
    held.misdeeds.clear()
    said = puller.pull()
    assert "Going on after 1 customer that an earlier run read" in said
    assert held.asked.count(f"GET {SUBSCRIPTIONS}") == 1
    assert Customer.objects.count() == 6


def test_a_pull_that_was_killed_goes_on_where_it_was(puller: Puller, held: Wire) -> None:
    held.holds(LITWARE)
    held.misdeeds[f"/customers/{LITWARE}/subscriptions"] = [stays_silent]
    command = [sys.executable, "manage.py", "pull_portfolio", "--state", str(puller.state)]
    command += ["--base-url", held.url, "--tenant", OURS, "--client-id", CLIENT]
    with subprocess.Popen(command, cwd=ROOT) as pull:
        try:
            assert held.is_silent.wait(240)
        finally:
            pull.kill()
    assert pull.returncode == -signal.SIGKILL
    assert puller.state
    path = puller.state / FILE
    # As if it had been killed in the middle of a line.
    path.write_bytes(path.read_bytes() + b'{"customer": {"id": "' + LITWARE.encode())
    held.asked.clear()
    assert "Going on after 1 customer" in puller.pull()
    assert f"GET /customers/{ADATUM}" not in held.asked
    assert f"GET /customers/{LITWARE}" in held.asked
    assert Customer.objects.count() == 2


def test_an_interrupted_pull_says_how_it_goes_on(puller: Puller, held: Wire) -> None:
    def interrupt(seconds: float) -> None:
        raise KeyboardInterrupt

    puller.patience = dataclasses.replace(puller.patience, sleep=interrupt)
    held.misdeeds["/offers"] = [refuses(500)]
    said = puller.failure(returncode=130)
    assert said.startswith("Interrupted; nothing was written. What was read is kept in")


def test_what_was_read_longer_than_a_day_ago_is_read_anew(puller: Puller, held: Wire) -> None:
    now = timezone.now()
    with time_machine.travel(now - datetime.timedelta(hours=25), tick=False):
        puller.pull(dry_run=True)
    held.subscriptions[ADATUM] = [a_wire_subscription(quantity=30)]
    with time_machine.travel(now, tick=False):
        assert "earlier run" not in puller.pull()
    assert Subscription.objects.get().quantity == 30


def test_a_state_of_another_tenant_or_server_is_refused(puller: Puller, held: Wire) -> None:
    puller.pull(dry_run=True)
    said = puller.failure(tenant=THEIRS)
    assert said == f"{puller.state} holds what was read of {OURS} at {held.url}. Name another --state."
    assert "holds what was read" in puller.failure(tenant=THEIRS, fresh=True)


def test_a_state_that_no_pull_wrote_is_refused(puller: Puller, held: Wire) -> None:
    assert puller.state
    puller.state.mkdir()
    path = puller.state / FILE
    for content in (b"shopping list\n", b"[]\n", b'{"customer": {}}\n', b'{"origin": {"begun": "x"}}\n', b"\xff\n"):
        path.write_bytes(content)
        assert f"Line 1 of {FILE} is not one that a pull wrote." in puller.failure()
        assert path.read_bytes() == content


def test_two_pulls_of_one_state_do_not_meet(puller: Puller, held: Wire, tmp_path: Path) -> None:
    with spool_in(tmp_path / "state", {}, now=timezone.now()):
        assert "Another pull is at work in" in puller.failure()


def test_a_state_that_cannot_be_written_is_told(puller: Puller, held: Wire) -> None:
    assert puller.state
    puller.state.write_text("")
    assert f"{puller.state} cannot be used: " in puller.failure()


def test_a_disk_that_is_full_keeps_what_was_whole(held: Wire, tmp_path: Path) -> None:
    held.holds(LITWARE, *[a_wire_subscription(value) for value in range(400)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    origin = {"tenant": OURS}
    with Source(_account(held), patience=Patience()) as source:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (64 << 10, hard))
            with (
                pytest.raises(OSError, match="File too large"),
                spool_in(tmp_path, origin, now=timezone.now()) as spool,
            ):
                gather(source, spool, size=500)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        with spool_in(tmp_path, origin, now=timezone.now()) as spool:
            assert spool.customer_ids == {ADATUM}
            gather(source, spool, size=500)
            assert spool.customer_ids == {ADATUM, LITWARE}
    kinds = [next(iter(json.loads(line))) for line in (tmp_path / FILE).read_text().splitlines()]
    assert kinds.count(CUSTOMER) == 2


def test_a_spool_is_legible_again_after_each_byte_that_a_break_may_leave(tmp_path: Path) -> None:
    origin, now = {"tenant": OURS}, timezone.now()
    with spool_in(tmp_path, origin, now=now) as spool:
        head = spool.path.stat().st_size
        spool.add(CUSTOMER, {"id": ADATUM})
        spool.add(CUSTOMER, {"id": LITWARE})
    whole = spool.path.read_bytes()
    first = whole.index(b"\n", head) + 1
    for size in range(len(whole) + 1):
        spool.path.write_bytes(whole[:size])
        with spool_in(tmp_path, origin, now=now) as again:
            expected = {ADATUM, LITWARE} if size == len(whole) else {ADATUM} if size >= first else set()
            assert again.customer_ids == expected
            assert again.is_resumed == (size >= head)


def test_a_torn_line_is_cut_off_however_long(tmp_path: Path) -> None:
    origin, now = {"tenant": OURS}, timezone.now()
    with spool_in(tmp_path, origin, now=now) as spool:
        spool.add(CUSTOMER, {"id": ADATUM})
    whole = spool.path.read_bytes()
    spool.path.write_bytes(whole + b"x" * 300_000)
    with spool_in(tmp_path, origin, now=now) as spool:
        assert spool.customer_ids == {ADATUM}
    assert spool.path.read_bytes() == whole


def test_a_spool_broken_in_the_middle_is_refused(tmp_path: Path) -> None:
    with spool_in(tmp_path, {}, now=timezone.now()) as spool:
        spool.add(CUSTOMER, {"id": ADATUM})
    spool.path.write_bytes(spool.path.read_bytes().replace(b'{"customer"', b'{"cust'))
    with pytest.raises(SpoolRefused, match="Line 2"), spool_in(tmp_path, {}, now=timezone.now()):
        pass


def test_a_pull_waits_by_the_real_clock() -> None:
    assert Command.patience == Patience()


def test_a_terminal_shows_how_far_it_is_and_what_is_waited_for(
    puller: Puller, held: Wire, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    held.misdeeds["/offers"] = [refuses(429, Retry_After="57")]
    puller.pull()
    said = capsys.readouterr().err
    assert "the server answers 429; asking again in 57 s" in said
    assert "Reading" in said
    held.misdeeds["/offers"] = [refuses(429, Retry_After="57")]
    puller.pull(verbosity=0)
    assert capsys.readouterr().err == ""
