"""What the API remembers: answers for whoever asks again, and how much each client asked for."""

import uuid

from django.db import connections, models, router
from django.utils import timezone

# Whoever read the clock just before the minute ended may come after those who did in the next one, and must not
# let that begin anew.
_ONCE_MORE = """
    INSERT INTO {table} (client, kind, minute, count) VALUES (%s, %s, %s, 1)
    ON CONFLICT (client, kind) DO UPDATE SET
        count = CASE
            WHEN {table}.minute IN (excluded.minute, excluded.minute + 1) THEN {table}.count + 1 ELSE 1
        END,
        minute = CASE WHEN {table}.minute = excluded.minute + 1 THEN {table}.minute ELSE excluded.minute END
    RETURNING count
"""


class KeptAnswer(models.Model):
    """What was answered to a change that was asked for under a key, for a day.

    `scope` is a digest of who asked for what under which key, `digest` one of what was asked. Without a `status` it
    is a reservation: whoever has written it has not answered yet.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(default=timezone.now)
    scope = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    location = models.CharField(max_length=500, default="")
    etag = models.CharField(max_length=200, default="")

    class Meta:
        verbose_name = "kept answer"
        verbose_name_plural = "kept answers"
        indexes = [models.Index(fields=["at"], name="kept_answer_by_age")]

    def __str__(self) -> str:
        return f"{self.scope[:8]} {self.status}"


class RequestCount(models.Model):
    """How often somebody has asked for something of one kind in the latest minute in which they did."""

    client = models.CharField(max_length=64)
    kind = models.CharField(max_length=10)
    minute = models.PositiveBigIntegerField()
    count = models.PositiveIntegerField()

    class Meta:
        verbose_name = "count of requests"
        verbose_name_plural = "counts of requests"
        constraints = [models.UniqueConstraint(fields=["client", "kind"], name="request_count_once")]

    def __str__(self) -> str:
        return f"{self.client} {self.kind}: {self.count}"

    @classmethod
    def once_more(cls, *, client: str, kind: str, minute: int) -> int:
        """Count one more request of this kind, and return how many there were in this minute, this one among them.

        `minute` is the number of minutes since 1970. One statement, so that none is lost where many ask at once.
        """
        statement = _ONCE_MORE.format(table=cls._meta.db_table)
        with connections[router.db_for_write(cls)].cursor() as cursor:
            cursor.execute(statement, [client, kind, minute])
            count: int = cursor.fetchone()[0]
        return count
