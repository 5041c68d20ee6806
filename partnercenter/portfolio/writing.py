"""Brings the portal in line with the staged rows: set-based, and only where something differs."""

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from catalog.models import Offer
from customers.models import (
    BillingProfile,
    ContactDetails,
    Customer,
    DelegatedAdminPrivilege,
    Ending,
    Recipient,
    ResellerRelationship,
)
from partnercenter.portfolio.staging import (
    BILLINGS,
    CONTACTS,
    CUSTOMERS,
    ORDER_LINES,
    ORDERS,
    PARTNERS,
    PRIVILEGES,
    RELATIONSHIPS,
    SUBSCRIPTIONS,
    Staging,
    Table,
)
from partners.models import Partner
from subscriptions.models import Order, OrderLine, Subscription, a_year_later
from upgrades.models import PathConflict, PathService, UpgradePath

# So many records are written by one statement: PostgreSQL keeps the checks of its foreign keys in memory until then.
RECORDS_AT_ONCE = 25_000
# From so many rows on PostgreSQL's planner is told at once what its tables hold.
MANY = 1_000


@dataclass(frozen=True)
class Counts:
    """How many of one kind are new, differ, and are the same."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0

    @property
    def written(self) -> int:
        """How many are not the same."""
        return self.added + self.updated


@dataclass(frozen=True)
class Kind:
    """One kind of row: where it is staged, where it belongs, and what its columns become.

    In the expressions `s` is the staged row, `t` the portal's row that `match` finds for it, and `:now` and
    `:next_year` the moment of the import. `changed` are the columns that are compared and set where a row is
    there, `new` those of a row that is not.
    """

    code: str
    words: Promise | str
    table: Table
    model: type[models.Model]
    match: str
    changed: Mapping[str, str]
    new: Mapping[str, str]
    also: Mapping[str, str] = field(default_factory=dict)
    # Where this holds, the portal's row is revoked and a new one takes its place.
    replaced: str = ""

    @property
    def target(self) -> str:
        """The portal's table."""
        return self.model._meta.db_table

    @property
    def key(self) -> str:
        """The column that tells the portal's rows apart."""
        return str(self.model._meta.pk.column)

    def differs(self, staged: Staging) -> str:
        """Whether the portal's row is not as the staged one says."""
        distinct = "IS DISTINCT FROM" if staged.is_postgresql else "IS NOT"
        compared = [f"t.{column} {distinct} {value}" for column, value in self.changed.items()]
        return f"({' OR '.join(compared + ([self.replaced] if self.replaced else []))})"


# Of a privilege of the portal, whose end nobody may have written down yet.
_HAS_EXPIRED = "COALESCE(t.expires_at <= :now, FALSE)"


def _same(*columns: str) -> dict[str, str]:
    return {column: f"s.{column}" for column in columns}


def _details(code: str, words: Promise, table: Table, model: type[Recipient]) -> Kind:
    """Details that stand beside the customer's row."""
    return Kind(
        code=code,
        words=words,
        table=table,
        model=model,
        match="t.customer_id = s.customer_id",
        changed=_same(*model.VALUES),
        new=_same("customer_id", *model.VALUES),
        # Whoever looks at the older version must not save over this one.
        also={"version": "t.version + 1", "changed_at": ":now"},
    )


_SUBSCRIPTION = _same(
    "offer_id",
    "nickname",
    "quantity",
    "status",
    "reseller_of_record_id",
    "parent_id",
    "suspended_at",
    "auto_renew",
    "suspended_with_parent",
)
_ORDER_LINE = _same(
    "subscription_id",
    "offer_id",
    "quantity",
    "nickname",
    "provisioning",
    "attempts",
    "next_attempt_at",
    "failure_code",
    "failure",
    "provisioned_at",
)
KINDS = (
    Kind(
        code="partners",
        words=_("Partners"),
        table=PARTNERS,
        model=Partner,
        match="t.id = s.id",
        changed=_same("name", "type", "mpn_id"),
        new=_same("id", "name", "type", "mpn_id"),
    ),
    Kind(
        code="customers",
        words=_("Customers"),
        table=CUSTOMERS,
        model=Customer,
        match="t.id = s.id",
        changed=_same("company_name", "domain"),
        also=_same("name_key"),
        new=_same("id", "company_name", "name_key", "domain"),
    ),
    _details("contact_details", _("Contact details"), CONTACTS, ContactDetails),
    _details("billing_profiles", _("Billing profiles"), BILLINGS, BillingProfile),
    Kind(
        code="reseller_relationships",
        words=_("Reseller relationships"),
        table=RELATIONSHIPS,
        model=ResellerRelationship,
        match="t.partner_id = s.partner_id AND t.customer_id = s.customer_id",
        # A file that does not name a reseller ends no relationship; one that ended keeps the customer in sight.
        changed={
            "has_ended": "(t.has_ended AND NOT s.in_force)",
            "had_subscriptions": "(t.had_subscriptions OR (t.has_ended AND NOT s.in_force))",
            "since": "COALESCE(s.since, t.since)",
        },
        new={
            **_same("partner_id", "customer_id", "since"),
            "has_ended": "NOT s.in_force",
            "had_subscriptions": "NOT s.in_force",
        },
    ),
    Kind(
        code="delegated_admin_privileges",
        words=_("Delegated admin privileges"),
        table=PRIVILEGES,
        model=DelegatedAdminPrivilege,
        match="t.customer_id = s.customer_id AND t.service_id = s.service_id AND t.revoked_at IS NULL",
        # One that has expired says nothing any more of when the one in the file ends.
        changed={
            "since": "COALESCE(s.since, t.since)",
            "expires_at": f"COALESCE(s.expires_at, CASE WHEN NOT {_HAS_EXPIRED} THEN t.expires_at END)",
        },
        replaced="t.partner_id <> s.partner_id",
        new=_same("customer_id", "service_id", "partner_id", "since", "expires_at"),
    ),
    Kind(
        code="subscriptions",
        words=_("Subscriptions"),
        table=SUBSCRIPTIONS,
        model=Subscription,
        match="t.id = s.id",
        changed={
            **_SUBSCRIPTION,
            "created_at": "COALESCE(s.created_at, t.created_at)",
            "commitment_end": "COALESCE(s.commitment_end, t.commitment_end)",
        },
        # Whoever looks at the older version must not act on it.
        also={"version": "t.version + 1"},
        new={
            **_SUBSCRIPTION,
            **_same("id", "customer_id"),
            "created_at": "COALESCE(s.created_at, :now)",
            "commitment_end": "COALESCE(s.commitment_end, :next_year)",
        },
    ),
    Kind(
        code="orders",
        words=_("Orders"),
        table=ORDERS,
        model=Order,
        match="t.id = s.id",
        changed=_same("partner_id", "reference", "billing_cycle", "created_at"),
        also={"version": "t.version + 1"},
        new=_same("id", "customer_id", "partner_id", "reference", "billing_cycle", "created_at"),
    ),
    Kind(
        code="order_lines",
        words=_("Lines of orders"),
        table=ORDER_LINES,
        model=OrderLine,
        match="t.order_id = s.order_id AND t.number = s.line",
        changed=_ORDER_LINE,
        new={**_ORDER_LINE, "order_id": "s.order_id", "number": "s.line"},
    ),
)
SUBSCRIPTION_KIND = next(kind for kind in KINDS if kind.model is Subscription)
# Too small for PostgreSQL to look at them by itself; its guesses at them spoil the plans of all verdicts.
RULES: tuple[type[models.Model], ...] = (Offer, UpgradePath, PathService, PathConflict)


class Writer:
    """Compares the staged rows with the portal's, and writes what differs."""

    def __init__(self, staged: Staging, *, now: datetime.datetime, progress: Callable[[int], None]) -> None:
        self.staged = staged
        self.progress = progress
        prepared = {
            "now": Subscription._meta.get_field("created_at").get_db_prep_save(now, staged.connection),
            "next_year": Subscription._meta.get_field("commitment_end").get_db_prep_save(
                a_year_later(now.date()), staged.connection
            ),
        }
        self.moment = prepared

    def compare(self) -> dict[str, Counts]:
        """How many of each kind are new, differ, and are the same."""
        return {kind.code: self._count(kind) for kind in KINDS}

    def write(self, changes: Mapping[str, Counts]) -> None:
        """Write what `compare` counted, in the caller's transaction."""
        if self.staged.is_postgresql:
            # Each statement checks its own foreign keys, instead of the commit those of all.
            self._run("SET CONSTRAINTS ALL IMMEDIATE")
        else:
            for kind in KINDS:
                self._run(f"CREATE INDEX temp.{kind.table.name}_record ON {kind.table.name} (record)")
        for kind in KINDS:
            self._write(kind, changes[kind.code])
        if self.staged.is_postgresql and sum(counts.written for counts in changes.values()) >= MANY:
            for model in [*(kind.model for kind in KINDS), *RULES]:
                self._run(f"ANALYZE {model._meta.db_table}")

    def _count(self, kind: Kind) -> Counts:
        there = f"t.{kind.key} IS NOT NULL"
        sql = f"""
            SELECT count(*) FILTER (WHERE NOT {there}), count(*) FILTER (WHERE {there} AND {{differs}}), count(*)
            FROM {kind.table.name} AS s LEFT JOIN {kind.target} AS t ON {kind.match}
        """
        added, updated, staged = self._rows(sql.format(differs=kind.differs(self.staged)))[0]
        return Counts(added=added, updated=updated, unchanged=staged - added - updated)

    def _write(self, kind: Kind, counts: Counts) -> None:
        if counts.updated:
            self._update(kind)
        if counts.added or (kind.replaced and counts.updated):
            if counts.updated or counts.unchanged:
                self._leave_out_present(kind)
            self._insert(kind)

    def _update(self, kind: Kind) -> None:
        if kind is KINDS[1]:
            self._free_domains(kind)
        if kind.replaced:
            self._run(
                f"UPDATE {kind.target} AS t SET revoked_at = CASE WHEN {_HAS_EXPIRED} THEN t.expires_at ELSE :now END, "
                f"ending = CASE WHEN {_HAS_EXPIRED} THEN '{Ending.EXPIRED}' ELSE '{Ending.MOVED}' END "
                f"FROM {kind.table.name} AS s WHERE {kind.match} AND {kind.replaced}"
            )
        values = {**kind.changed, **kind.also}
        settings = ", ".join(f"{column} = {value}" for column, value in values.items())
        self._run(
            f"UPDATE {kind.target} AS t SET {settings} FROM {kind.table.name} AS s "
            f"WHERE {kind.match} AND {kind.differs(self.staged)}"
        )

    def _free_domains(self, kind: Kind) -> None:
        """Let customers who pass their domains on to one another do so: a unique index looks at each row alone."""
        self._run(
            f"UPDATE {kind.target} AS t SET domain = 'moving-' || t.id || '.invalid' FROM {kind.table.name} AS s "
            f"WHERE {kind.match} AND lower(t.domain) <> lower(s.domain) AND EXISTS ("
            f"SELECT 1 FROM {kind.table.name} AS heir WHERE lower(heir.domain) = lower(t.domain) AND heir.id <> t.id)"
        )

    def _leave_out_present(self, kind: Kind) -> None:
        """Keep only the staged rows that are new, so that each is looked for once."""
        self._run(
            f"DELETE FROM {kind.table.name} AS s WHERE EXISTS (SELECT 1 FROM {kind.target} AS t WHERE {kind.match})"
        )

    def _insert(self, kind: Kind) -> None:
        constants = dict(self._constants(kind))
        columns = ", ".join([*kind.new, *constants])
        values = ", ".join([*kind.new.values(), *(f":{column}" for column in constants)])
        sql = (
            f"INSERT INTO {kind.target} ({columns}) SELECT {values} FROM {kind.table.name} AS s "
            "WHERE s.record >= :first AND s.record < :end"
        )
        for first in range(0, self._end(kind), RECORDS_AT_ONCE):
            written = self._run(sql, first=first, end=first + RECORDS_AT_ONCE, **constants)
            self.progress(written)

    def _constants(self, kind: Kind) -> Iterator[tuple[str, Any]]:
        """What the model puts into the columns of which the file says nothing."""
        for column in kind.model._meta.concrete_fields:
            name = column.column
            if name and name not in kind.new and not isinstance(column, models.AutoField | models.GeneratedField):
                yield name, column.get_db_prep_save(column.get_default(), self.staged.connection)

    def _end(self, kind: Kind) -> int:
        last = self._rows(f"SELECT max(record) FROM {kind.table.name}")[0][0]
        return 0 if last is None else int(last) + 1

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.staged.connection.cursor() as cursor:
            cursor.execute(*self._with_moment(sql))
            return list(cursor.fetchall())

    def _run(self, sql: str, **values: Any) -> int:
        """Run one statement, in which `:name` stands for a value, and return how many rows it wrote."""
        with self.staged.connection.cursor() as cursor:
            cursor.execute(*self._with_moment(sql, **values))
            return int(cursor.rowcount)

    def _with_moment(self, sql: str, **values: Any) -> tuple[str, dict[str, Any] | None]:
        names = {**self.moment, **values}
        for name in sorted(names, key=len, reverse=True):
            sql = sql.replace(f":{name}", f"%({name})s")
        return sql, names if "%(" in sql else None
