"""On the wire: the domains of customers."""

from ninja import Router

router = Router()
