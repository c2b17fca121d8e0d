"""Services asked in their own protocol, and waited for."""

from . import probe, wait
from .probe import HealthResult, aim, choose
from .report import Unhealthy
from .wait import ATTEMPT, ProbeAnswer, probe_all

__all__ = [
    "ATTEMPT",
    "HealthResult",
    "ProbeAnswer",
    "Unhealthy",
    "aim",
    "choose",
    "probe",
    "probe_all",
    "wait",
]
