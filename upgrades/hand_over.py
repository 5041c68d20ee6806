"""What remains for the Office 365 admin centre operated by 21Vianet after an upgrade.

Partners cannot manage users' licences in this cloud, so each upgrade ends with a list made from the plans
gained, replaced and lost. A step is stored by code and values and worded when it is shown.
"""

from typing import Any

from upgrades.changes import Change

Step = dict[str, Any]

SAVE_FIRST = {
    "Microsoft Bookings": "lost_bookings",
    "OneDrive for Business (Plan 1)": "lost_onedrive",
}


def hand_over_steps(*, change: Change, target: str, quantity_before: int, quantity_after: int) -> list[Step]:
    """The steps of one upgrade, in the order in which they are best done."""
    kept = min(quantity_before, quantity_after)
    steps = [_step(SAVE_FIRST.get(plan, "lost"), plan=plan) for plan in change.lost]
    steps += [_step("reassign", before=pair.before, after=pair.after) for pair in change.replaced]
    steps += [_step("assign", plan=plan, count=kept) for plan in change.gained]
    if quantity_after > quantity_before:
        steps.append(_step("assign_new", count=quantity_after - quantity_before))
    if quantity_after < quantity_before:
        steps.insert(0, _step("take_back", count=quantity_before - quantity_after))
    steps.append(_step("check", offer=target))
    return steps


def _step(code: str, **values: Any) -> Step:
    return {"code": code, "values": values, "done_at": None, "done_by": None, "done_by_name": ""}
