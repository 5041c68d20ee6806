"""Many administrators save the matrix at the same moment: one edit goes through, the others are told."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from activity.models import ActivityRecord, Outcome
from partners.models import Staff
from tests.factories import PlatformAdministratorFactory, offer
from upgrades.matrix import MatrixChanged, edit_matrix, read_matrix
from upgrades.models import UpgradeMatrix


def save(administrator: Staff, number: int) -> bool:
    """Save an edit of one's own that starts from the first version; whether it went through."""
    cells = dict(read_matrix().cells)
    cells[offer("Business").pk, offer("E3").pk] = f"Footnote {number}"
    try:
        return bool(edit_matrix(staff=administrator, cells=cells, version=1))
    except MatrixChanged:
        return False
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_of_many_edits_at_once_one_goes_through() -> None:
    administrator = PlatformAdministratorFactory()
    with ThreadPoolExecutor(8) as threads:
        saved = list(threads.map(lambda number: save(administrator, number), range(8)))
    assert saved.count(True) == 1
    assert UpgradeMatrix.objects.get().version == 2
    winner = saved.index(True)
    assert read_matrix().cells[offer("Business").pk, offer("E3").pk] == f"Footnote {winner}"
    assert ActivityRecord.objects.filter(outcome=Outcome.DONE).count() == 1
    assert ActivityRecord.objects.filter(outcome=Outcome.REFUSED).count() == 7
