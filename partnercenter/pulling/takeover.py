"""Brings what was read of a source into this portal, by the import of portfolios."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from customers.models import ResellerRelationship
from partnercenter.portfolio.faults import Fault, shown
from partnercenter.portfolio.importing import Changes, PortfolioRefused, Progress, import_records
from partnercenter.portfolio.members import UUID
from partnercenter.portfolio.reading import Record
from partnercenter.pulling.fitting import Answers, Fitting, Notes
from partnercenter.pulling.gathering import OFFERS, PARTNER
from partnercenter.pulling.offers import differences
from partnercenter.pulling.source import SourceFailed
from partnercenter.pulling.spool import CUSTOMER, END, Spool
from partnercenter.pulling.translate import lower_uuid, members, relationship
from partners.models import Partner, PartnerType

CUSTOMERS_AT_ONCE = 200
# The spool's lines count from 1: this is none of them.
PARTNER_LINE = 0
# So often an import is tried without what the last one refused of it: each time a hundred faults are known.
MOST_IMPORTS = 20


@dataclass(frozen=True)
class Outcome:
    """What came of a pull: what was written, what could not be, and what is not the same in both places."""

    partner: str
    changes: Changes
    left_out: Notes
    gone: Notes
    offers: Notes


def take_over(
    spool: Spool, *, tenant: str, source: str, is_dry_run: bool = False, progress: Progress | None = None
) -> Outcome:
    """Import what the spool holds, without what this portal cannot take in; `source` names where it is from.

    Raises `SourceFailed` where it is not clear who the partner is, `PortfolioRefused` where too much is refused,
    `PortalChanged` and `OSError`.
    """
    progress = progress or Progress()
    partner = partner_record(members(spool.last(PARTNER)), tenant=tenant)
    refused: dict[int, list[list[Fault]]] = defaultdict(list)
    for attempt in itertools.count(1):
        left_out = Notes()
        fitting = Fitting(partner["id"], refused=refused, notes=left_out)
        records = _records(spool, partner, fitting, progress)
        try:
            changes = import_records(records, source=source, is_dry_run=is_dry_run, progress=progress)
        except PortfolioRefused as error:
            if attempt == MOST_IMPORTS or not _remember(error, refused):
                raise
        else:
            break
    for customer_id, words in members(spool.last(END)).get("left_out", ()):
        left_out.add(f"{customer_id}: {words}" if customer_id else words)
    return Outcome(partner["name"], changes, left_out, _gone(spool, partner["id"]), _offers(spool))


def partner_record(answers: Mapping[str, Any], *, tenant: str) -> dict[str, Any]:
    """The partner's record, out of what the source tells of it and, for the rest, of what the portal knows.

    Raises `SourceFailed`.
    """
    organization, mpn = members(answers.get("organization")), members(answers.get("mpn"))
    partner_id = lower_uuid(organization.get("id") or organization.get("tenantId") or tenant)
    asked = lower_uuid(tenant)
    if _is_uuid(asked) and partner_id != asked:
        raise SourceFailed(_("The server answers for another partner, %s.") % shown(partner_id))
    if not _is_uuid(partner_id):
        raise SourceFailed(_("The server does not tell the partner's id; give it as --tenant."))
    known = Partner.objects.filter(pk=partner_id).first()
    name = organization.get("companyName") or mpn.get("partnerName") or (known and known.name)
    if not name:
        raise SourceFailed(
            _("The server does not tell the partner's name; add the partner %s here first.") % partner_id
        )
    mpn_id = mpn.get("mpnId") or (known.mpn_id if known else "")
    return {
        "id": partner_id,
        "name": name,
        # The protocol has no word for it.
        "type": known.type if known else PartnerType.DIRECT_RESELLER.value,
        "mpn_id": str(mpn_id),
    }


def _is_uuid(value: Any) -> bool:
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def _records(spool: Spool, partner: dict[str, Any], fitting: Fitting, progress: Progress) -> Iterator[Record]:
    yield Record("partner", PARTNER_LINE, 0, partner)
    number = itertools.count()
    for batch in itertools.batched(_customer_lines(spool), CUSTOMERS_AT_ONCE):
        yield from fitting.records([Answers(line, next(number), value) for line, value, _size in batch])
        progress.read(sum(size for _line, _value, size in batch))


def _customer_lines(spool: Spool) -> Iterator[tuple[int, Any, int]]:
    return ((line, value, size) for line, kind, value, size in spool.lines() if kind == CUSTOMER)


def _remember(error: PortfolioRefused, refused: dict[int, list[list[Fault]]]) -> bool:
    """Note what is wrong with which customers; whether it is worth to try again without."""
    by_line = defaultdict(list)
    for fault in error.faults.first:
        by_line[fault.record].append(fault)
    if PARTNER_LINE in by_line:
        return False
    for line, faults in by_line.items():
        refused[line].append(faults)
    return True


def _gone(spool: Spool, partner_id: str) -> Notes:
    """Customers of the partner here that it does not have at the source any more; they stay as they are."""
    gone = Notes()
    ended = {
        value["id"]
        for _line, value, _size in _customer_lines(spool)
        if relationship(members(value["customer"])) == "none"
    }
    end = members(spool.last(END))
    there = (spool.customer_ids - ended) | {customer_id for customer_id, _words in end.get("left_out", ())}
    told = set()
    here = ResellerRelationship.objects.filter(partner_id=partner_id, has_ended=False).order_by(
        "name_key", "customer_id"
    )
    for pk, name, domain in here.values_list("customer_id", "customer__company_name", "domain").iterator():
        if str(pk) not in there:
            told.add(str(pk))
            gone.add(f"{name} ({domain})")
    for customer_id in end.get("gone", ()):
        if customer_id not in told:
            gone.add(_("%s, while it was read") % customer_id)
    return gone


def _offers(spool: Spool) -> Notes:
    offers = Notes()
    for words in differences(spool.last(OFFERS)):
        offers.add(words)
    return offers
