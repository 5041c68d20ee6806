"""The portal's production settings, with some pages more that it is measured against."""

import os
from pathlib import Path

from partnercenter.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
STATIC_ROOT = Path(os.environ["BENCHMARK_STATIC_ROOT"])
# Everyone of a measurement comes from one address.
ACCOUNT_RATE_LIMITS = {}
# And every request to the API from one program.
API_READS_PER_MINUTE = API_WRITES_PER_MINUTE = 1_000_000
