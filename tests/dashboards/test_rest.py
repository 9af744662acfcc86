"""What dashboards needed for a moment goes back when they rest."""

import os
import subprocess
import sys
import threading
import time

import pytest

import workbench as wb
from workbench.dashboards import dashboard as module
from workbench.dashboards.rest import Rest

LARGE = """
import workbench as wb
import tensorflow as tf
import psutil
from workbench.dashboards.rest import give_back

def megabytes():
    return psutil.Process().memory_info().rss / 2**20

tf.ones([1000]) + 1.0
before = megabytes()
pinned = []
for _ in range(20):  # of all sizes: the C library maps the largest by themselves
    pinned += [tf.ones([3_000_000]) + 1.0, tf.ones([70_000]) + 1.0]
most = megabytes()
del pinned[::2]
give_back()
print(most - before, megabytes() - before)
"""


DRAG = """
import resource
import sys
import numpy as np
from workbench.dashboards.rest import keep

def touched():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

if sys.argv[1] == "kept":
    keep()
first = [np.ones(n * 1_000_000, np.float32) for n in (6, 12)]
del first
before = touched()
for _ in range(10):
    for n in (12, 11, 10):
        np.ones(n * 1_000_000, np.float32)  # 48 MB at most, gone at once
print(touched() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's mallopt")
def test_in_a_drag_the_system_is_not_asked_for_each_picture():
    def pages(how):
        run = [sys.executable, "-c", DRAG, how]
        return int(subprocess.run(run, capture_output=True, text=True, check=True).stdout)

    assert pages("kept") < 0.1 * pages("given back")


def test_what_is_due_waits_for_the_last_change():
    told = threading.Event()
    moments = []

    def due():
        moments.append(time.monotonic())
        told.set()

    rest = Rest(due, patience=0.3)
    for _ in range(4):
        rest.changed()
        last = time.monotonic()
        time.sleep(0.05)
    assert told.wait(10)
    assert len(moments) == 1
    assert moments[0] - last >= 0.3
    told.clear()
    rest.changed()
    assert told.wait(10)
    assert len(moments) == 2


def test_a_change_of_a_dashboard_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(module.resting, "changed", lambda: told.append(True))
    board = wb.explore("saturate", "siren")
    told.clear()
    board.set(0, drive_db=3.0)
    assert told


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc_trim")
def test_room_of_tensors_goes_back_to_the_system():
    lent = os.environ | {"TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1"}  # as docs/troubleshooting.md has it
    run = [sys.executable, "-c", LARGE]
    done = subprocess.run(run, env=lent, capture_output=True, text=True, check=True)
    most, left = map(float, done.stdout.split())
    assert most > 200
    assert left < 0.2 * most
