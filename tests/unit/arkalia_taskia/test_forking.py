"""The pool's processes: they end with the worker's first one, and cost little."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from unit.arkalia_taskia.conftest import eventually

PARENT = """
import os, signal, sys, time
from arkalia_taskia.forking import end_with_parent
reading, writing = os.pipe()
child = os.fork()
if not child:
    end_with_parent(signal.SIGKILL)
    os.write(writing, b"x")
    time.sleep(60)
os.read(reading, 1)
print(child, flush=True)
sys.stdin.read()
"""
POOL = """
import ctypes, os, sys
from arkalia_taskia import forking
forking.prepare()
from celery import platforms
platforms.set_pdeathsig("SIGKILL")
found = ctypes.c_int()
ctypes.CDLL(None).prctl(2, ctypes.byref(found))  # PR_GET_PDEATHSIG
print(found.value, "pycparser" in sys.modules)
"""


def test_process_of_the_pool_ends_when_its_parent_is_killed():
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    child = int(parent.stdout.readline())
    assert is_running(child)

    os.kill(parent.pid, signal.SIGKILL)

    parent.communicate(timeout=10)
    eventually(lambda: not is_running(child))


def test_celery_sets_the_signal_without_a_compiler_of_c():
    printed = subprocess.run(
        [sys.executable, "-c", POOL], capture_output=True, text=True, check=True, timeout=30
    )

    assert printed.stdout.split() == [str(int(signal.SIGKILL)), "False"]


def is_running(pid):
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
