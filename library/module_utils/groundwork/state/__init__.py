"""The desired state, the state that is found, and what lies between them."""

from . import checks, info, plan, teardown
from .desired import Desired
from .info import ARGUMENT_SPEC, observe

__all__ = ["ARGUMENT_SPEC", "Desired", "checks", "info", "observe", "plan", "teardown"]
