"""An empty comm round trip through the server: what every answer of a dashboard takes at least."""

import re
import time
import urllib.request

from benchmarks.kernel_socket import KernelSocket
from benchmarks.report import Report, percentiles
from tests.lab import Served, Server, notebook

ROUND_TRIPS = 200
TARGET_P95 = 12.0  # ms
WITHOUT = ["--ServerApp.jpserver_extensions=workbench.server=False"]
_ECHO = """
import comm
def _echo(channel, message):
    channel.on_msg(lambda message: channel.send(message["content"]["data"]))
comm.get_comm_manager().register_target("echo", _echo)
"""


def round_trips(server: Server, count: int = ROUND_TRIPS) -> list[float]:
    """Send `count` small messages, one after another; return how long each answer took, in ms."""
    with KernelSocket(server.url, server.token) as kernel:
        kernel.execute(_ECHO)
        return _exchange(kernel, count)


def served() -> Served:
    """A `workbench serve` whose page can be asked for round trips."""
    return Served(notebook([_ECHO]))


def served_round_trips(server: Served, count: int = ROUND_TRIPS) -> list[float]:
    """The same for a page of `served`, which may not run code: its notebook has."""
    with urllib.request.urlopen(server.address) as answer:
        page = answer.read().decode()
    identity = re.search(r'"kernelId": "([\w-]+)"', page).group(1)
    with KernelSocket(server.url, server.token, identity) as kernel:
        return _exchange(kernel, count)


def _exchange(kernel: KernelSocket, count: int) -> list[float]:
    times = []
    name = {"comm_id": "echo-1"}
    kernel.send("comm_open", {**name, "target_name": "echo", "data": {}})
    for number in range(-10, count):  # the first ones warm up
        start = time.perf_counter()
        kernel.send("comm_msg", {**name, "data": {"number": number}})
        kernel.receive(
            lambda m, number=number: (
                m["msg_type"] == "comm_msg" and m["content"]["data"]["number"] == number
            )
        )
        if number >= 0:
            times.append((time.perf_counter() - start) * 1000)
        kernel.receive(
            lambda m: m["msg_type"] == "status" and m["content"]["execution_state"] == "idle"
        )
    return times


def main(report: Report) -> None:
    """Measure with and without the server extension, in turn."""
    with Server() as server:
        ours = percentiles(round_trips(server))
    with Server(arguments=WITHOUT) as server:
        plain = percentiles(round_trips(server))
    with served() as server:
        page = percentiles(served_round_trips(server))
    report.table(
        "Empty comm round trip",
        ["server", "p50 ms", "p95 ms"],
        [
            ["workbench lab", *ours],
            ["the same without TCP_NODELAY", *plain],
            ["workbench serve", *page],
        ],
    )
    report.target("comm round trip p95", ours[1], "<=", TARGET_P95, "ms")
    report.target("comm round trip p95, served page", page[1], "<=", TARGET_P95, "ms")
