"""On the wire: audit records, which are what the activity log holds."""

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field, model_serializer
from pydantic_core import PydanticCustomError

from activity.models import ActivityRecord, ActorKind
from activity.querysets import ActivityQuerySet
from api.audit_words import (
    RESOURCE_TYPE,
    RESOURCE_TYPES,
    STATUSES,
    UpgradedOffers,
    customized_data,
    new_value,
    old_value,
    operation_type,
    unnamed_upgrades,
)
from api.faults import ENUMERATION, UNREADABLE, members_fault
from api.filters import FieldFilter, asked_filter
from api.paging import Seek, SeekQuery, asked_seek, seek_collection
from api.serving import CallRequest, id_in, serves
from api.shapes import Attributes, Collection, Moment, OperationStatus, WireOut, read_moment
from customers.models import ResellerRelationship
from customers.naming import can_be_stored, name_key
from desk.activity_filter import Criterion, of_customers
from desk.listing import clean
from desk.log import NEWEST_FIRST, PACE, Asked, wanted
from desk.paging import encode_cursor, gather
from desk.scan import search_through
from partners.models import Partner, Staff
from partners.roles import Permission
from upgrades.models import Upgrade

router = Router()
TAG = "Audit records"
FIELDS = {"CompanyName": "substring", "CustomerId": "equals", "ResourceType": "equals"}
DAYS_BACK, MOST_DAYS_BACK = 30, 90
# How the protocol's pages write a day, beside ISO 8601.
DAY_FORMATS = ("%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y")
# What no record meets.
NOTHING = Criterion(Q(pk__in=[]), is_indexed=True)
# What stands for the program where people used the pages.
PAGES = "portal"


class Datum(WireOut):
    """A name and a value, which is sent as null where there is none."""

    key: str
    value: str | None

    @model_serializer
    def _whole(self) -> dict[str, str | None]:
        return {"key": self.key, "value": self.value}


class AuditRecordOut(WireOut):
    """One thing that was done or refused, in the words of that day."""

    id: str
    partner_id: str
    customer_id: str | None = None
    customer_name: str | None = None
    user_principal_name: str | None = None
    application_id: str
    resource_type: str
    resource_old_value: str | None = None
    resource_new_value: str | None = None
    operation_type: str
    operation_date: Moment
    operation_status: OperationStatus
    original_correlation_id: str
    customized_data: list[Datum]
    attributes: Attributes = Attributes(object_type="AuditRecord")


class AuditQuery(SeekQuery):
    """Which days are meant, first and last, beside what pages ask for."""

    start_date: str | None = Field(None, alias="startDate")
    end_date: str | None = Field(None, alias="endDate")


@dataclass(frozen=True)
class Days:
    """The days of which records are asked for, in UTC, both included."""

    first: datetime.date
    last: datetime.date

    def of(self, records: ActivityQuerySet) -> ActivityQuerySet:
        """Those of these records that are of these days."""
        since = datetime.datetime.combine(self.first, datetime.time.min, datetime.UTC)
        until = datetime.datetime.combine(self.last, datetime.time.max, datetime.UTC)
        return records.filter(at__gte=since, at__lte=until)


@serves(
    router,
    "GET",
    "/auditrecords",
    may=Permission.SEE_ACTIVITY,
    answer=Collection[AuditRecordOut],
    faults=(UNREADABLE, ENUMERATION),
    tag=TAG,
)
def list_audit_records(request: CallRequest, query: Query[AuditQuery]) -> Collection[AuditRecordOut]:
    """What the partner's people and programs did, and what was done to the partner, the newest first."""
    partner = request.call.partner
    days, seek = asked_days(query), asked_seek(request, query)
    criterion = _criterion(asked_filter(query.filter, FIELDS), partner)
    records = days.of(ActivityRecord.objects.of_partner(partner.pk).annotate(kind=RESOURCE_TYPE))
    found, cursor = _page(records, criterion, seek)
    return seek_collection(request, _told(found, partner), cursor=cursor)


def asked_days(query: AuditQuery) -> Days:
    """The days that are asked for: the last 30, if nothing is said. Raises `WireFault` (400/3000)."""
    today = timezone.now().astimezone(datetime.UTC).date()
    first = _day("startDate", query.start_date) or today - datetime.timedelta(days=DAYS_BACK)
    last = _day("endDate", query.end_date) or today
    if first < today - datetime.timedelta(days=MOST_DAYS_BACK):
        said = _("must not be more than %(days)s days ago") % {"days": MOST_DAYS_BACK}
        raise members_fault([f"startDate: {said}"])
    if last < first:
        raise members_fault([f"endDate: {_('must not be before startDate')}"])
    return Days(first, last)


def _day(name: str, text: str | None) -> datetime.date | None:
    if not text or not text.strip():
        return None
    for read in (_iso_day, _iso_moment, _written_day):
        if (day := read(text.strip())) is not None:
            return day
    raise members_fault([f"{name}: {_('must be a day, such as 2026-03-31')}"])


def _iso_day(text: str) -> datetime.date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def _iso_moment(text: str) -> datetime.date | None:
    try:
        return read_moment(text).date()
    except PydanticCustomError:
        return None


def _written_day(text: str) -> datetime.date | None:
    for form in DAY_FORMATS:
        try:
            return datetime.datetime.strptime(text, form).date()  # noqa: DTZ007 - only the day is taken
        except ValueError:
            continue
    return None


def _criterion(asked: FieldFilter | None, partner: Partner) -> Criterion | None:
    """What a record must meet to be sent, if anything. Raises `WireFault` for a kind of resource that there is not."""
    if asked is None or not asked.value.strip():
        return None
    return {"CompanyName": _of_name, "CustomerId": _of_customer, "ResourceType": _of_type}[asked.field](
        asked.value, partner
    )


def _of_name(value: str, partner: Partner) -> Criterion | None:
    if not can_be_stored(value):
        # No name holds that; cleaned of it, it would ask for every record.
        return NOTHING
    text = clean(value)[0]
    if not text:
        return None
    named = ResellerRelationship.objects.filter(partner_id=partner.pk).search(text, partner_id=partner.pk)
    return of_customers(named.filter(name_key__contains=name_key(text)), text, partner_id=partner.pk)


def _of_customer(value: str, partner: Partner) -> Criterion:
    customer_id = id_in(value.strip())
    return NOTHING if customer_id is None else Criterion(Q(customer_id=customer_id), is_indexed=True)


def _of_type(value: str, partner: Partner) -> Criterion:
    try:
        return Criterion(Q(kind=RESOURCE_TYPES.read(value.strip())), is_indexed=False)
    except PydanticCustomError as error:
        said = _("must be one of: %(names)s") % {"names": ", ".join(RESOURCE_TYPES.members)}
        raise members_fault([f"filter.Value: {said}"], code=ENUMERATION) from error


def _page(
    records: ActivityQuerySet, criterion: Criterion | None, seek: Seek
) -> tuple[Sequence[ActivityRecord], str | None]:
    """The records of this page, and where the next one begins.

    What no index finds is looked for among a bounded number: such a page may be short, and lead on all the same.
    """
    if criterion is not None and not criterion.is_indexed:
        return _looked_through(Asked(records, [criterion]), seek)
    if criterion is not None:
        records = records.filter(criterion.wanted)
    found = gather(NEWEST_FIRST.runs(records, seek.place), seek.size + 1)
    page = found[: seek.size]
    return page, NEWEST_FIRST.cursor(page[-1]) if len(found) > seek.size else None


def _looked_through(asked: Asked, seek: Seek) -> tuple[Sequence[ActivityRecord], str | None]:
    place = QueryDict(mutable=True)
    if seek.place is not None:
        place["after"] = encode_cursor(*seek.place)
    page = search_through(asked.flagged(), NEWEST_FIRST, place, wanted, size=seek.size, pace=PACE).page
    read = ActivityRecord.objects.annotate(kind=RESOURCE_TYPE).in_bulk([row.pk for row in page.rows])
    return [read[row.pk] for row in page.rows], page.after


def _told(records: Sequence[ActivityRecord], partner: Partner) -> list[AuditRecordOut]:
    addresses, upgraded = _addresses(records, partner), _upgraded(records)
    return [_record_out(record, addresses, upgraded) for record in records]


def _addresses(records: Iterable[ActivityRecord], partner: Partner) -> Mapping[uuid.UUID, str]:
    """The e-mail addresses of the partner's own people who acted."""
    people = {record.actor_id for record in records if record.actor_kind == ActorKind.STAFF and record.actor_id}
    return dict(Staff.objects.filter(partner=partner, pk__in=people).values_list("pk", "email")) if people else {}


def _upgraded(records: Iterable[ActivityRecord]) -> UpgradedOffers:
    ids = unnamed_upgrades(records)
    found = Upgrade.objects.filter(pk__in=ids).values_list("pk", "source_offer_id", "target_offer_id") if ids else ()
    return {str(pk): (source, target) for pk, source, target in found}


def _record_out(record: Any, addresses: Mapping[uuid.UUID, str], upgraded: UpgradedOffers) -> AuditRecordOut:
    data = [Datum(key=key, value=value) for key, value in customized_data(record, upgraded)]
    return AuditRecordOut(
        id=str(record.pk),
        partner_id=str(record.partner_id),
        customer_id=str(record.customer_id) if record.customer_id else None,
        customer_name=record.customer_name or None,
        user_principal_name=addresses.get(record.actor_id) or record.actor_name or None,
        application_id=record.application or PAGES,
        resource_type=record.kind,
        resource_old_value=old_value(record, upgraded),
        resource_new_value=new_value(record, upgraded),
        operation_type=operation_type(record),
        operation_date=record.at,
        operation_status=STATUSES[record.outcome],
        original_correlation_id=record.correlation or str(record.correlation_id),
        customized_data=data,
    )
