"""The catalogue in Django admin: services, service plans, offers; and what offers cost."""

from catalog.admin import catalogue, prices

__all__ = ["catalogue", "prices"]
