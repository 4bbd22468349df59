"""Respecting file permissions even as the superuser."""

import ctypes
import os
import sys
from contextlib import contextmanager

import pytest

_VERSION_3 = 0x20080522
_DAC_OVERRIDE_AND_READ_SEARCH = 0b110


@contextmanager
def bound_by_permissions():
    """Drop the capability to ignore permissions, in this thread and for the duration of the block."""
    if sys.platform == "win32":
        pytest.skip("permissions are of another kind here")
    if os.geteuid():
        yield
        return
    if sys.platform != "linux":
        pytest.skip("the superuser is bound by nothing here")
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    reduced = (ctypes.c_uint32 * 6)(*before)
    reduced[0] &= ~_DAC_OVERRIDE_AND_READ_SEARCH
    assert libc.capset(header, reduced) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0
