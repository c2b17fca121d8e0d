"""The certificates of services with `tls: true`."""

from . import certificates
from .certificates import AUTHORITY, Pair, authority_file

__all__ = ["AUTHORITY", "Pair", "authority_file", "certificates"]
