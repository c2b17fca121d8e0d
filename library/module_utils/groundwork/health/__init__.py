"""Services asked in their own protocol, and waited for."""

from . import probe, wait
from .report import Unhealthy
from .wait import ATTEMPT

__all__ = ["ATTEMPT", "Unhealthy", "probe", "wait"]
