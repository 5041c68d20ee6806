"""`manage.py pull_portfolio`: what a partner has on another server of the Partner Center protocol, into the portal."""

import getpass
import ipaddress
import logging
import os
import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partnercenter.portfolio.importing import PortalChanged, PortfolioRefused
from partnercenter.portfolio.progress import progress_bars
from partnercenter.portfolio.telling import is_anything_written, refusal, told_changes
from partnercenter.pulling.fitting import Notes
from partnercenter.pulling.gathering import gather
from partnercenter.pulling.progress import reading_bar
from partnercenter.pulling.source import Account, Patience, Source, SourceFailed
from partnercenter.pulling.spool import Spool, SpoolRefused, spool_in
from partnercenter.pulling.takeover import Outcome, take_over

SECRET = "PULL_CLIENT_SECRET"  # noqa: S105 (the name of a variable)
LARGEST_PAGE = 500
# What the command ends with where everything came in but for what the portal cannot hold.
SOMETHING_LEFT_OUT = 3
INTERRUPTED = 130
FAILURES: dict[type[BaseException], Promise | str] = {
    KeyboardInterrupt: gettext_lazy("Interrupted; nothing was written."),
    SourceFailed: gettext_lazy("%(error)s\nNothing was written."),
    SpoolRefused: "%(error)s",
    PortalChanged: gettext_lazy("Someone else changed the portal at the same moment; nothing was written. (%(error)s)"),
    OSError: gettext_lazy("%(folder)s cannot be used: %(error)s"),
    DatabaseError: gettext_lazy("The database refused; nothing was written. (%(error)s)"),
}
# After these the same command goes on where it was.
RESUMABLE = (KeyboardInterrupt, SourceFailed, PortalChanged, DatabaseError)


class Command(BaseCommand):
    """Reads politely, keeps what it read until it is in, and writes through the import of portfolios alone."""

    help = (
        "Bring the customers, subscriptions and privileges that a partner has on another server of the Partner Center "
        f"REST protocol into this portal. The client's secret is read from {SECRET} or asked for."
    )
    patience = Patience()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--base-url", required=True, type=_address, help="the server, such as https://portal.example"
        )
        parser.add_argument("--tenant", required=True, type=_tenant, help="the partner's id there, or its domain")
        parser.add_argument("--client-id", required=True, help="the API client's id")
        parser.add_argument("--authority", type=_address, help="who gives tokens, if not the server itself")
        parser.add_argument("--resource", help="what tokens are asked for, if not for the server's address")
        parser.add_argument("--state", metavar="DIR", type=Path, help="where to keep what was read until it is in")
        parser.add_argument("--fresh", action="store_true", help="forget what an earlier pull read")
        parser.add_argument("--page-size", type=_page_size, default=LARGEST_PAGE, help="customers a page (1 to 500)")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        account = _account(options)
        folder = options["state"] or _default_folder(account)
        # Each question and answer would be a line of the log.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        try:
            outcome = self._pull(account, folder, options)
        except PortfolioRefused as refused:
            raise CommandError(f"{refusal(str(folder), refused.faults)}\n{_goes_on(folder)}") from refused
        except tuple(FAILURES) as failure:
            raise _failed(failure, folder) from failure
        if options["verbosity"]:
            self._say(outcome, folder, is_dry_run=options["dry_run"])
        if outcome.left_out.count:
            raise CommandError(_left_out(outcome.left_out), returncode=SOMETHING_LEFT_OUT)

    def _pull(self, account: Account, folder: Path, options: dict[str, Any]) -> Outcome:
        origin = {"base_url": account.base_url, "tenant": account.tenant}
        with spool_in(folder, origin, now=timezone.now(), is_fresh=options["fresh"]) as spool:
            self._gather(account, spool, options)
            with progress_bars(spool.path, is_quiet=not options["verbosity"]) as progress:
                outcome = take_over(
                    spool,
                    tenant=account.tenant,
                    source=account.base_url,
                    is_dry_run=options["dry_run"],
                    progress=progress,
                )
            if not options["dry_run"]:
                spool.forget()
            return outcome

    def _gather(self, account: Account, spool: Spool, options: dict[str, Any]) -> None:
        if spool.is_resumed and options["verbosity"]:
            self._say_resumed(spool)
        with (
            reading_bar(is_quiet=not options["verbosity"]) as (progress, waiting),
            Source(account, patience=self.patience, waiting=waiting) as source,
        ):
            gather(source, spool, size=options["page_size"], progress=progress)

    def _say_resumed(self, spool: Spool) -> None:
        count = len(spool.customer_ids)
        if spool.is_complete:
            words = ngettext(
                "Taking %d customer as an earlier run read it; --fresh reads anew.",
                "Taking %d customers as an earlier run read them; --fresh reads anew.",
                count,
            )
        else:
            words = ngettext(
                "Going on after %d customer that an earlier run read; --fresh reads anew.",
                "Going on after %d customers that an earlier run read; --fresh reads anew.",
                count,
            )
        self.stdout.write(words % count)

    def _say(self, outcome: Outcome, folder: Path, *, is_dry_run: bool) -> None:
        for sentence in told_changes(outcome.changes):
            self.stdout.write(sentence)
        self._list(_("Offers are not the same; the catalogue here stays as it is:"), outcome.offers)
        self._list(_("No longer the partner's customers at the source; here they stay as they are:"), outcome.gone)
        if is_dry_run:
            words = _("A dry run: nothing was written. What was read is kept in %s for the next run of today.")
            self.stdout.write(words % folder)
        elif is_anything_written(outcome.changes):
            self.stdout.write(self.style.SUCCESS(_("Pulled what %s has there.") % outcome.partner))

    def _list(self, head: str, notes: Notes) -> None:
        if notes.count:
            self.stdout.write("\n".join([head, *_lines(notes)]))


def _failed(failure: BaseException, folder: Path) -> CommandError:
    words = next(words for kind, words in FAILURES.items() if isinstance(failure, kind))
    told = str(words) % {"error": failure, "folder": folder}
    if isinstance(failure, RESUMABLE):
        told = f"{told} {_goes_on(folder)}"
    return CommandError(told, returncode=INTERRUPTED if isinstance(failure, KeyboardInterrupt) else 1)


def _goes_on(folder: Path) -> str:
    return _("What was read is kept in %s: the same command goes on from there, --fresh reads anew.") % folder


def _left_out(notes: Notes) -> str:
    head = ngettext("%d thing was left out:", "%d things were left out:", notes.count) % notes.count
    return "\n".join([head, *_lines(notes)])


def _lines(notes: Notes) -> list[str]:
    rest = notes.count - len(notes.first)
    more = [ngettext("… and %d more.", "… and %d more.", rest) % rest] if rest else []
    return [f"  {words}" for words in [*notes.first, *more]]


def _account(options: dict[str, Any]) -> Account:
    base_url = options["base_url"]
    secret = os.environ.get(SECRET) or _asked_secret(options["client_id"])
    return Account(
        base_url=base_url,
        authority=options["authority"] or base_url,
        tenant=options["tenant"],
        client_id=options["client_id"],
        client_secret=secret,
        resource=options["resource"] or "",
    )


def _asked_secret(client_id: str) -> str:
    if not sys.stdin.isatty():
        raise CommandError(_("Set %s to the API client's secret.") % SECRET)
    secret = getpass.getpass(_("Secret of the API client %s: ") % client_id)
    if not secret:
        raise CommandError(_("No secret was given."))
    return secret


def _default_folder(account: Account) -> Path:
    host = urlsplit(account.base_url).netloc.replace(":", "_")
    return Path(settings.BASE_DIR) / "var" / "pull" / host / account.tenant


def _address(value: str) -> str:
    """An address without a slash or version at its end; the secret goes there, so it is https but on this machine."""
    try:
        parts = urlsplit(value)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ArgumentTypeError(_("%s is no address.") % value) from error
    if parts.scheme not in {"http", "https"} or not host or parts.query or parts.fragment or parts.username:
        raise ArgumentTypeError(_("expected an address such as https://portal.example, not %s") % value)
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ArgumentTypeError(_("%s would carry the secret in clear: use https") % value)
    return re.sub(r"(/v1(\.0)?)?/*\Z", "", value, flags=re.IGNORECASE)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tenant(value: str) -> str:
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.-]{0,252}", value):
        raise ArgumentTypeError(_("expected a partner's id or domain, not %s") % value)
    return value.lower()


def _page_size(value: str) -> int:
    if not value.isascii() or not value.isdecimal() or not 1 <= int(value[:9]) <= LARGEST_PAGE:
        raise ArgumentTypeError(_("expected a number from 1 to 500, not %s") % value)
    return int(value)
