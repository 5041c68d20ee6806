"""On the wire: upgrades of a subscription."""

from ninja import Router

router = Router()
