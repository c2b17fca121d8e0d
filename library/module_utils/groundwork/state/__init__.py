"""The desired state, the state that is found, and what lies between them."""

from . import info, teardown
from .desired import Desired
from .examples import example_files
from .info import ARGUMENT_SPEC, stack_info
from .model import Inspection, ServiceState, State, Usage
from .reset import refuse_near, reset_of
from .unwell import unwell
from .volumes import for_volumes

__all__ = [
    "ARGUMENT_SPEC",
    "Desired",
    "Inspection",
    "ServiceState",
    "State",
    "Usage",
    "example_files",
    "for_volumes",
    "info",
    "refuse_near",
    "reset_of",
    "stack_info",
    "teardown",
    "unwell",
]
