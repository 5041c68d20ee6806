"""On the wire: customers."""

from ninja import Router

router = Router()
