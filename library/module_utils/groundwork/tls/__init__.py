"""The certificates of services with `tls: true`."""

from . import certificates
from .certificates import CA, KeyPair, ca_file_of

__all__ = ["CA", "KeyPair", "ca_file_of", "certificates"]
