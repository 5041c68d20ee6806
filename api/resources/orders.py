"""On the wire: orders."""

from ninja import Router

router = Router()
