"""What the portal's pages are held against, on the same server."""

import json

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from customers.models import Customer
from partners.access import access
from partners.requests import StaffRequest


@access()
def hello(request: StaffRequest) -> HttpResponse:
    """Signs the person in and says hello."""
    return HttpResponse(f"Hello, {request.user}.")


@csrf_exempt
@access(public=True)
def bare(request: HttpRequest, size: int) -> JsonResponse:
    """JSON of so many bytes, without a question to the database; what was sent is read as JSON."""
    if request.body:
        json.loads(request.body)
    frame = len(JsonResponse({"text": ""}).content)
    return JsonResponse({"text": "x" * max(0, size - frame)})


class StockAdmin(admin.AdminSite):
    """Django admin as it comes."""


class StockCustomerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The changelist as it comes, with search and nothing else."""

    search_fields = ("company_name", "domain")


stock_admin = StockAdmin(name="stock_admin")
stock_admin.register(Customer, StockCustomerAdmin)
