"""On the wire: offers."""

from ninja import Router

router = Router()
