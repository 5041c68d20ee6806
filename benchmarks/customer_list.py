"""The customer list: however large the portfolio, however far the page, whatever is searched for."""

import time
from collections.abc import Iterator
from functools import partial
from itertools import cycle

from benchmarks.database import PLATFORM, STAFF
from benchmarks.portfolio import LARGEST, THOUSAND, partner_ids
from benchmarks.report import Row, milliseconds
from benchmarks.visitor import Answer, Open, Visitor, at_once, compare
from customers.models import ResellerRelationship
from desk.paging import encode_cursor

LIST, STOCK = "/customers/", "/stock-admin/customers/customer/"
CLIENTS = 8
# Pieces that many, few and none of the largest partner's customers have in their name or domain. Of those that
# none has, some are made of letters that never stand together and some of pairs that stand in many names.
LATIN = {"software": "many", "ware": "many", "diseños á": "some", "zephyrzinc": "none", "esoreso": "none", "qx": "none"}
CHINESE = {"软件": "many", "有限": "most", "翠竹": "some", "软翠": "none", "公司软件": "none", "鱗": "none"}


async def measure(address: str) -> list[Row]:
    """The rows of this table."""
    async with (
        Visitor(address, STAFF[LARGEST]) as large,
        Visitor(address, STAFF[THOUSAND]) as small,
        Visitor(address, PLATFORM) as platform,
    ):
        return [
            await _size(large, small),
            await _far(large),
            await _stock(large, platform),
            await _stock_under_load(large, platform),
            await _search(large, "Latin", LATIN),
            await _search(large, "Chinese", CHINESE),
        ]


async def _size(large: Visitor, small: Visitor) -> Row:
    first, of_thousand = await compare(partial(large.get, LIST), partial(small.get, LIST))
    return Row(
        "customer list, first page",
        "the same of a partner of 1,000 customers",
        1.2,
        first / of_thousand,
        details={"ms": milliseconds(first), "small ms": milliseconds(of_thousand)},
    )


async def _far(large: Visitor) -> Row:
    cursors = cycle(_places())

    async def somewhere() -> Answer:
        return await large.get(LIST, after=next(cursors))

    first, far = await compare(partial(large.get, LIST), somewhere)
    return Row(
        "customer list, pages from all along it",
        "its first page",
        1.2,
        far / first,
        details={"ms": milliseconds(far), "first ms": milliseconds(first)},
    )


def _places() -> Iterator[str]:
    """Twelve places all along the largest partner's list, to a page before its end."""
    rows = ResellerRelationship.objects.filter(partner_id=partner_ids()[LARGEST]).in_order()
    last = rows.count() - 60
    for number in range(1, 13):
        place = last * number // 12
        row = rows[place : place + 1].get()
        yield encode_cursor(row.name_key, row.customer_id)


async def _stock(large: Visitor, platform: Visitor) -> Row:
    ours, stock = await compare(partial(large.get, LIST), partial(platform.get, STOCK))
    return Row(
        "customer list with counts and flags",
        "stock Django admin of the table",
        20,
        stock / ours,
        is_floor=True,
        details={"ms": milliseconds(ours), "admin ms": milliseconds(stock)},
    )


async def _stock_under_load(large: Visitor, platform: Visitor) -> Row:
    """How many pages a second the server answers when eight people ask at once."""
    ours = await _a_second(partial(large.get, LIST), requests=160)
    stock = await _a_second(partial(platform.get, STOCK), requests=32)
    return Row(
        f"the same, {CLIENTS} clients, pages a second",
        "stock Django admin of the table",
        20,
        ours / stock,
        is_floor=True,
        details={"a second": round(ours, 1), "admin a second": round(stock, 1)},
    )


async def _a_second(page: Open, *, requests: int) -> float:
    await at_once([page] * CLIENTS * 2, clients=CLIENTS)
    begin = time.perf_counter()
    answers = await at_once([page] * requests, clients=CLIENTS)
    if failed := [answer.status for answer in answers if answer.status != 200]:
        raise RuntimeError(f"Pages answered {failed}")
    return requests / (time.perf_counter() - begin)


async def _search(large: Visitor, script: str, pieces: dict[str, str]) -> Row:
    pages: list[Open] = [partial(large.get, LIST, q=piece) for piece in pieces]
    first, *searched = await compare(partial(large.get, LIST), *pages)
    worst = max(searched)
    times = {
        f"{piece} ({found})": milliseconds(taken)
        for (piece, found), taken in zip(pieces.items(), searched, strict=True)
    }
    slowest = next(piece for piece, taken in zip(pieces, searched, strict=True) if taken == worst)
    return Row(
        f"search for a piece, {script}, the slowest",
        "the unfiltered first page",
        2,
        worst / first,
        details={"ms": milliseconds(worst), "of": f"“{slowest}”", "unfiltered ms": milliseconds(first), "all": times},
    )
