"""A portfolio of any size, the same rows at every run: what the measurements are taken on.

100 partners, of whom the largest has 30% of the customers and one exactly 1,000; three subscriptions a customer,
in every state and from every channel; privileges for all services mostly. Rows come one customer at a time, so
that a million of them need no memory.
"""

import datetime
import random
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import words
from customers.naming import name_key

SEED = 21
PARTNERS = 100
LARGEST, THOUSAND = 0, 1
LARGEST_SHARE = 0.3
CUSTOMERS_OF_THOUSAND = 1_000
SUBSCRIPTIONS_EACH = 3

BEGINNING = datetime.datetime(2015, 1, 1, 8, tzinfo=datetime.UTC)
DAYS = 3_650

# How many of a hundred subscriptions are of which offer, in which state, and from which channel.
OFFERS = {
    "Office 365 Business": 26,
    "Office 365 Business Essentials": 20,
    "Office 365 Business Premium": 14,
    "Office 365 ProPlus": 4,
    "Office 365 Enterprise E1": 6,
    "Office 365 Enterprise E3": 6,
    "Exchange Online (Plan 1)": 6,
    "Exchange Online (Plan 2)": 4,
    "SharePoint Online (Plan 1)": 4,
    "SharePoint Online (Plan 2)": 3,
    "Skype for Business Online (Plan 1)": 4,
    "Skype for Business Online (Plan 2)": 3,
}
STATUSES = {"active": 80, "suspended": 8, "deleted": 8, "pending": 4}
CHANNELS = {"own": 80, "another partner": 8, "direct": 12}
# Of a hundred customers: who holds the privileges for their services.
PRIVILEGES = {"own": 90, "some missing": 5, "some with another partner": 3, "none": 2}
SECOND_RESELLER = 0.1
ADD_ON = 0.06

Row = tuple[Any, ...]
# A table's rows of one customer each; the columns of every table stand in COLUMNS.
Rows = dict[str, list[Row]]

CUSTOMER = "customers_customer"
RELATIONSHIP = "customers_resellerrelationship"
PRIVILEGE = "customers_delegatedadminprivilege"
SUBSCRIPTION = "subscriptions_subscription"
COLUMNS = {
    CUSTOMER: ("id", "company_name", "domain", "name_key", "created_at"),
    RELATIONSHIP: ("partner_id", "customer_id", "name_key", "domain", "since", "has_ended", "had_subscriptions"),
    PRIVILEGE: ("customer_id", "service_id", "partner_id", "since", "revoked_at"),
    SUBSCRIPTION: (
        "id",
        "customer_id",
        "offer_id",
        "reseller_of_record_id",
        "parent_id",
        "nickname",
        "quantity",
        "status",
        "created_at",
        "suspended_at",
        "commitment_end",
        "auto_renew",
        "version",
    ),
}


@dataclass(frozen=True)
class Catalogue:
    """What the generator takes from the database: the keys of offers, by name, and of services."""

    offers: Mapping[str, str]
    services: Sequence[int]


def partner_ids() -> list[str]:
    """The partners, the largest first, as 32 hexadecimal digits."""
    chance = random.Random(SEED)
    return [_id(chance) for _ in range(PARTNERS)]


def _id(chance: random.Random) -> str:
    return uuid.UUID(int=chance.getrandbits(128), version=4).hex


class Portfolio:
    """Makes `size` customers, one after the other."""

    def __init__(self, size: int, catalogue: Catalogue) -> None:
        self.size = size
        self.catalogue = catalogue
        self.partners = partner_ids()
        self.chance = random.Random(SEED + size)
        weights = [1 / (rank + 4) for rank in range(PARTNERS - 2)]
        share = (1 - LARGEST_SHARE) / sum(weights)
        self.weights = [LARGEST_SHARE, 0.0, *(weight * share for weight in weights)]
        self.every = max(size // CUSTOMERS_OF_THOUSAND, 2)

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[Rows]:
        for block in range(0, self.size, 1_000):
            numbers = range(block, min(block + 1_000, self.size))
            sellers = self.chance.choices(range(PARTNERS), self.weights, k=len(numbers))
            for number, seller in zip(numbers, sellers, strict=True):
                yield self._customer(number, self._seller(number, seller))

    def _seller(self, number: int, seller: int) -> int:
        is_one_of_thousand = number % self.every == 1 and number // self.every < CUSTOMERS_OF_THOUSAND
        return THOUSAND if is_one_of_thousand else seller

    def _customer(self, number: int, seller: int) -> Rows:
        chance = self.chance
        name, stem = company_name(chance)
        key = name_key(name)
        customer, domain = _id(chance), f"{stem}{number}.partner.onmschina.cn"
        since = BEGINNING + _days(chance, DAYS)
        own = self.partners[seller]
        other = self.partners[chance.randrange(2, PARTNERS)]
        sellers = {own, other} if chance.random() < SECOND_RESELLER else {own}
        return {
            CUSTOMER: [(customer, name, domain, key, since)],
            RELATIONSHIP: [(partner, customer, key, domain, since, False, False) for partner in sorted(sellers)],
            PRIVILEGE: self._privileges(customer, own, other, since),
            SUBSCRIPTION: list(self._subscriptions(customer, own, other, since)),
        }

    def _privileges(self, customer: str, own: str, other: str, since: datetime.datetime) -> list[Row]:
        kind = _pick(self.chance, PRIVILEGES)
        holders = dict.fromkeys(self.catalogue.services, own) if kind != "none" else {}
        for service in self.chance.sample(self.catalogue.services, 2) if kind.startswith("some") else ():
            if kind == "some missing":
                del holders[service]
            else:
                holders[service] = other
        return [(customer, service, partner, since, None) for service, partner in holders.items()]

    def _subscriptions(self, customer: str, own: str, other: str, since: datetime.datetime) -> Iterator[Row]:
        chance = self.chance
        first = ""
        for number in range(SUBSCRIPTIONS_EACH):
            offer, status = _pick(chance, OFFERS), _pick(chance, STATUSES)
            sold_by = {"own": own, "another partner": other, "direct": None}[_pick(chance, CHANNELS)]
            created = since + _days(chance, 300)
            suspended = created + _days(chance, 300) if status == "suspended" else None
            parent = first if number and chance.random() < ADD_ON else None
            subscription = _id(chance)
            first = first or subscription
            yield (
                subscription,
                customer,
                self.catalogue.offers[offer],
                sold_by,
                parent,
                "Head office" if chance.random() < 0.1 else "",
                chance.randint(1, 300),
                status,
                created,
                suspended,
                (created + datetime.timedelta(days=365)).date(),
                chance.random() < 0.7,
                1,
            )


def _days(chance: random.Random, most: int) -> datetime.timedelta:
    return datetime.timedelta(minutes=chance.randrange(most * 24 * 60))


def _pick(chance: random.Random, table: Mapping[str, int]) -> str:
    """One of these words, as often of a hundred as its number says."""
    left = chance.random() * 100
    for word, share in table.items():
        left -= share
        if left < 0:
            return word
    return next(iter(table))


def company_name(chance: random.Random) -> tuple[str, str]:
    """A company's name, in English, Spanish or Chinese, and what its domain begins with."""
    language = chance.random()
    if language < 0.4:
        first, second = chance.choice(words.ENGLISH_FIRST), chance.choice(words.ENGLISH_SECOND)
        return f"{first} {second} {chance.choice(words.ENGLISH_LAST)}", f"{first}{second}".lower()
    if language < 0.6:
        first, second = chance.choice(words.SPANISH_FIRST), chance.choice(words.SPANISH_SECOND)
        return f"{first} {second} {chance.choice(words.SPANISH_LAST)}", "empresa"
    parts = (words.CHINESE_PLACE, words.CHINESE_BRAND, words.CHINESE_TRADE, words.CHINESE_LAST)
    return "".join(map(chance.choice, parts)), "gongsi"
