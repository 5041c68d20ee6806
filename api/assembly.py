"""The API, put together: its routers, how it reads and writes JSON, and its addresses."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpRequest
from django.urls import URLPattern, URLResolver, path, re_path
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI, Router
from ninja.errors import HttpError
from ninja.errors import ValidationError as MembersWrong
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from api.calls import call_of
from api.description import show_description, show_docs
from api.meaning import answer_of
from api.resources import (
    audit,
    customers,
    domains,
    offers,
    orders,
    partner_profiles,
    profiles,
    relationships,
    subscriptions,
    upgrades,
)
from api.unserved import unserved
from partners.access import Access

# An address with a word where others have an id comes first: relationships before customers.
RESOURCES = [
    relationships,
    customers,
    profiles,
    domains,
    subscriptions,
    upgrades,
    offers,
    orders,
    audit,
    partner_profiles,
]
# The parameters of addresses, by which they are found whatever their case.
QUERY_NAMES = {
    name.casefold(): name
    for name in (
        "size",
        "offset",
        "filter",
        "seek",
        "seekOperation",
        "startDate",
        "endDate",
        "country",
        "offer_category_id",
        "product_id",
        "order_id",
        "mpn_id",
        "mpnId",
        "verifyAdvisor",
        "vettingVersion",
        "billingType",
        "indirectResellerId",
        "indirectCloudSolutionProviderId",
        "dualRoleIndirectRelationship",
    )
}


class WireParser(Parser):
    """Gives ninja the body that was read already, and parameters whatever the case of their names."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body, as `read_body` has found it."""
        return call_of(request).body

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        """The parameters by the names that views know; of one that is there twice, the last."""
        return {QUERY_NAMES.get(name.casefold(), name): data[name] for name in data}


class WireRenderer(JSONRenderer):
    """JSON as it is sent: Chinese as it is written."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


def assemble(routers: Iterable[Router]) -> NinjaAPI:
    """An API of these routers that reads, renders and refuses as the protocol wants it."""
    api = NinjaAPI(
        title="Partner portal",
        version="1",
        openapi_url=None,
        docs_url=None,
        urls_namespace="api",
        parser=WireParser(),
        renderer=WireRenderer(),
    )
    for router in routers:
        api.add_router("", router)
    for kind in (Exception, HttpError, MembersWrong, Http404):
        api.add_exception_handler(kind, answer_of)
    return api


def addresses(api: NinjaAPI) -> tuple[list[URLPattern | URLResolver], str, str]:
    """Every address under `/v1/`. Who may ask is decided by tokens, not by `@access`."""
    found: list[URLPattern | URLResolver] = list(api.urls[0])
    for pattern in found:
        assert isinstance(pattern, URLPattern)
        pattern.callback.access = Access(public=True)  # type: ignore[attr-defined]
    patterns = [
        path("openapi.json", show_description, name="description"),
        path("docs", show_docs, name="docs"),
        *found,
        re_path(r"^(?P<path>.*)$", unserved, name="unserved"),
    ]
    return patterns, "wire", "api"


portal_api = assemble(resource.router for resource in RESOURCES)
wire_urls = addresses(portal_api)
