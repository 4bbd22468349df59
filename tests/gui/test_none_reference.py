"""PySide6 6.12.0 on CPython 3.11 drops a reference to None per void call, and aborts after a while."""

import sys

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import shiboken6
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QLabel

N_CALLS = 10_000
ALLOWED = 100
"""References that come and go with other work of the interpreter."""


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal there: its references are not counted")
def test_a_void_method_takes_no_reference_to_none(qapp: object):
    label, thing = QLabel(), QObject()
    before = sys.getrefcount(None)
    for _ in range(N_CALLS):
        label.setText("")
        thing.setObjectName("")
    lost = before - sys.getrefcount(None)
    shiboken6.delete(label)
    assert lost < ALLOWED
