"""Everything that computes: engines, pipeline, media, jobs. Headless; no Qt anywhere."""

import os

# Threads of torch that wait for each other must sleep. By default they spin, which on a machine that is busy
# with anything else made a network 10 to 20 times slower (docs/benchmarks.md). OpenMP reads this once, when torch
# is imported, so it stands here, above every module that could import it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
