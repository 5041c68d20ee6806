"""What the portal's pages are held against, on the same server."""

from django.contrib import admin
from django.http import HttpResponse

from customers.models import Customer
from partners.access import access
from partners.requests import StaffRequest


@access()
def hello(request: StaffRequest) -> HttpResponse:
    """Signs the person in and says hello."""
    return HttpResponse(f"Hello, {request.user}.")


class StockAdmin(admin.AdminSite):
    """Django admin as it comes."""


class StockCustomerAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The changelist as it comes, with search and nothing else."""

    search_fields = ("company_name", "domain")


stock_admin = StockAdmin(name="stock_admin")
stock_admin.register(Customer, StockCustomerAdmin)
