"""What an activity record says was there before and afterwards, in words a person reads."""

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import ActivityRecord
from catalog.models import Offer, Price, Service, ServicePlan
from customers.models import BillingProfile, ContactDetails, Customer, DelegatedAdminPrivilege, Invitation
from desk.models import SavedView
from partners.models import ApiClient, Partner, Staff
from partners.roles import Role
from subscriptions.models import Order, OrderLine, Subscription

# What a record is about is asked first; the others in this order.
MODELS: tuple[type[models.Model], ...] = (
    Subscription,
    Order,
    OrderLine,
    Offer,
    Price,
    Invitation,
    ContactDetails,
    BillingProfile,
    Customer,
    DelegatedAdminPrivilege,
    Staff,
    ApiClient,
    Partner,
    ServicePlan,
    Service,
    SavedView,
)
BY_RESOURCE = {model.__name__.lower(): model for model in MODELS}
# Members that are no field of what they tell about.
MEMBERS: dict[str, Promise] = {
    "asked": gettext_lazy("Asked for"),
    "cells": gettext_lazy("cells"),
    "columns": gettext_lazy("Columns"),
    "company": gettext_lazy("company"),
    "days": gettext_lazy("days left"),
    "deletion": gettext_lazy("deletion is due"),
    "expires": gettext_lazy("expires"),
    "filter": gettext_lazy("Filter"),
    "finished": gettext_lazy("Finished"),
    "format": gettext_lazy("kind of file"),
    "held": gettext_lazy("in force"),
    "in_force": gettext_lazy("in force"),
    "lines": gettext_lazy("order lines"),
    "next_attempt": gettext_lazy("next attempt"),
    "offers": gettext_lazy("offers"),
    "page": gettext_lazy("page"),
    "password": gettext_lazy("Password"),
    "prerequisite_offers": gettext_lazy("add-on of"),
    "prices": gettext_lazy("prices"),
    "reason": gettext_lazy("Reason"),
    "redirect_uris": gettext_lazy("addresses to come back to"),
    "relationship": gettext_lazy("reseller relationship"),
    "roles": gettext_lazy("roles"),
    "rows": gettext_lazy("lines of the file"),
    "service_plans": gettext_lazy("service plans"),
    "services": gettext_lazy("services"),
    "source": gettext_lazy("the file"),
    "step": gettext_lazy("step"),
    "target": gettext_lazy("target offer"),
    "user_permissions": gettext_lazy("permissions"),
    "with": gettext_lazy("add-on of"),
}
# By it the portal tells that a form is stale.
UNTOLD = {"version"}
# Where an offer is named by its id.
BY_ID = "target"
NOTHING = "–"
EMPTY: tuple[Any, ...] = (None, "", [], {})
DAY, MOMENT = re.compile(r"\d{4}-\d\d-\d\d\Z"), re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
DEEPEST = 6


@dataclass(frozen=True)
class Change:
    """One thing that a record tells: what it is called, what it was before and what it is afterwards."""

    label: str
    before: str
    after: str


def changes_of(record: ActivityRecord, offers: Mapping[str, str] = MappingProxyType({})) -> list[Change]:
    """What the record tells was different before and afterwards, or was asked for.

    `offers` are the names of the offers that records name by their id alone (`offer_ids`).
    """
    before, after = _members(record.before), _members(record.after)
    if isinstance(target := after.get(BY_ID), str) and target in offers:
        after = {**after, BY_ID: offers[target]}
    model = BY_RESOURCE.get(record.resource_type)
    told = [name for name, value in {**before, **after}.items() if name not in UNTOLD and not _is_id(value)]
    names = [name for name in told if name not in before or before[name] != after.get(name)]
    return [
        Change(_label(name, model), _words(before.get(name), name, model), _words(after.get(name), name, model))
        for name in names
    ]


def offer_ids(records: Iterable[ActivityRecord]) -> set[str]:
    """The offers that these records name by their id alone."""
    named = (_members(record.after).get(BY_ID) for record in records)
    return {value for value in named if isinstance(value, str) and _is_id(value)}


def _members(state: Any) -> dict[str, Any]:
    """By name; what has no names, as the record of another version of the portal may be, under its own."""
    if isinstance(state, dict):
        return state
    return {} if state is None else {"": state}


@lru_cache(maxsize=1_000)
def _field(name: str, model: type[models.Model] | None) -> models.Field[Any, Any] | None:
    for one in [*([model] if model else []), *MODELS]:
        for field in one._meta.concrete_fields:
            if name in {field.name, field.attname} and not field.is_relation:
                return field
    return None


def _label(name: str, model: type[models.Model] | None) -> str:
    if name in MEMBERS:
        return capfirst(str(MEMBERS[name]))
    field = _field(name, model) or next((one for one in _relations() if one.name == name), None)
    return capfirst(str(field.verbose_name) if field else name.replace("_", " "))


def _relations() -> Iterator[models.Field[Any, Any]]:
    return (field for model in MODELS for field in model._meta.concrete_fields if field.is_relation)


def _words(value: Any, name: str, model: type[models.Model] | None, depth: int = 0) -> str:
    if value in EMPTY or depth > DEEPEST:
        return NOTHING
    if isinstance(value, Mapping):
        told = ((key, one) for key, one in value.items() if key not in UNTOLD and one not in EMPTY and not _is_id(one))
        return ", ".join(f"{_label(key, None)}: {_words(one, key, None, depth + 1)}" for key, one in told) or NOTHING
    if isinstance(value, list):
        return "; ".join(_words(one, name, model, depth + 1) for one in value)
    if isinstance(value, bool):
        return capfirst(_("yes") if value else _("no"))
    return number_format(value) if isinstance(value, int | float) else _text_words(str(value), name, model)


def _text_words(value: str, name: str, model: type[models.Model] | None) -> str:
    field = _field(name, model)
    choices = dict(Role.choices) if name == "roles" else dict((field and field.flatchoices) or ())
    if value in choices:
        return str(choices[value])
    try:
        if MOMENT.match(value) and (moment := parse_datetime(value)) and timezone.is_aware(moment):
            return date_format(timezone.localtime(moment), "DATETIME_FORMAT")
        if DAY.match(value) and (day := parse_date(value)):
            return date_format(day, "DATE_FORMAT")
    except (ValueError, OverflowError):
        # It only looked like one.
        return value
    return value


def _is_id(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(uuid.UUID(value)) == value
    except ValueError:
        return False
