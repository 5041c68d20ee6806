"""On the wire: profiles of a customer."""

from ninja import Router

router = Router()
