"""Samples to figures, figures to verdicts."""
import math
from dataclasses import dataclass
from statistics import median

# Budgets: milliseconds by key size, the rest for any.
RENEWAL_MILLISECONDS = {2048: 20, 4096: 35}
SHARE_OF_SCRIPT = 0.40
CALLS = {"C_Initialize": 2, "C_OpenSession": 2, "C_Login": 1, "C_GenerateKeyPair": 1, "C_Sign": 3}
HANDSHAKES = 2
PEAK_KILOBYTES = 16 * 1024
NOTHING_DUE_RATIO = 2.0
NONE_DUE_MILLISECONDS = 50


@dataclass
class Spread:
    n: int
    median: float
    p90: float
    min: float
    max: float


def spread(samples):
    ordered = sorted(samples)
    return Spread(len(ordered), median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1],
                  ordered[0], ordered[-1])


@dataclass
class Figure:
    """One number beside its budget."""
    measured: float
    budget: float  # None: there is none

    @property
    def verdict(self):
        if self.budget is None:
            return ""
        return "met" if self.measured <= self.budget else "OVER BUDGET"
