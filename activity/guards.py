"""The triggers that refuse to change or remove what is recorded, and whether they are all there."""

from django.db import connection

# By the name of its table, what each refuses; SQLite knows no TRUNCATE.
_REFUSED = {
    "activity_activityrecord": ("activity_never_changed", "activity_never_removed", "activity_never_emptied"),
    "activity_activitychain": (
        "activity_chain_only_grows",
        "activity_chain_never_removed",
        "activity_chain_never_emptied",
    ),
    "activity_activityseal": (
        "activity_seal_never_changed",
        "activity_seal_never_removed",
        "activity_seal_never_emptied",
    ),
    "activity_sealedchain": (
        "activity_sealed_never_changed",
        "activity_sealed_never_removed",
        "activity_sealed_never_emptied",
    ),
}
_AT_WORK = {
    "postgresql": """
        SELECT t.tgname FROM pg_trigger AS t
        WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
    """,
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s",
}


def missing_triggers() -> list[str]:
    """Those that are missing or switched off, so that somebody could change what was recorded."""
    missing: list[str] = []
    for table, names in _REFUSED.items():
        with connection.cursor() as cursor:
            cursor.execute(_AT_WORK[connection.vendor], [table])
            there = {name for (name,) in cursor.fetchall()}
        known = names if connection.vendor == "postgresql" else names[:2]
        missing += [name for name in known if name not in there]
    return missing
