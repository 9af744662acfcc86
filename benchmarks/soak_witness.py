"""What the soak checks after each action, and what it weighs: page against kernel."""

import ast
import json
import re
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.live import MIB
from tests.lab import Lab
from workbench.dashboards.page_module import page_module

HERE = Path(__file__).parent
NO_PICTURE = "the values must be finite"  # what the page says of a range that has none
PATIENCE = 90.0  # seconds until page and kernel must agree
MOVING = 5  # times that both agree where what is shown goes on moving
ROOM = 300  # pixels that a picture has across, however small a window the user makes
_ASK = """async ([code, expression]) => {
    const { context } = window.jupyterapp.shell.currentWidget;
    const { kernel } = context.sessionContext.session;
    const asked = { code, user_expressions: { found: expression }, store_history: false };
    const { content } = await kernel.requestExecute(asked).done;
    const { found } = content.user_expressions ?? {};
    if (found?.status !== "ok") {
        throw new Error(((found ?? content).traceback ?? ["died"]).join("\\n"));
    }
    return found.data["text/plain"];
}"""
# The last: a page that loads asks for all states by a control comm, whose id has hyphens. It may
# ask twice at once (when its notebook opens and when its kernel connects); the kernel keeps
# the newer comm only, the older one is collected, and what the page still sends by it, a question
# or its close, is logged. Nothing is lost: the answer to the second question makes all models, and
# the first, given up after four seconds, finds them made. Widgets' comms have no hyphens, so that
# those of a widget that was closed too early are faults as ever.
_HARMLESS = re.compile(
    r"Connection lost, reconnecting|oneDNN supports|NUMA node|No such comm: [0-9a-f]{8}-"
)
# What the server logs when a page goes away, as by a reload, while something is written to it.
_WENT_AWAY = re.compile(
    r"Task exception was never retrieved\n"
    r"future: [^\n]*WebSocketClosedError\(\)>\n"
    r"Traceback [\s\S]*?\ntornado\.websocket\.WebSocketClosedError\n"
)


class StaleError(AssertionError):
    """The page shows something other than what is, or something went wrong unsaid."""


class Witness:
    """Looks at both sides of an open gallery.

    Args:
        lab: Where it is.

    Attributes:
        kernel: What the kernel said last.
        page: What the page said last.
        redrawn: How many pictures were compared with those of a fresh page.
        anew: How many frames were compared with those of a fresh controller.
    """

    def __init__(self, lab: Lab):
        self.lab = lab
        self.kernel: dict[str, Any] = {}
        self.page: dict[str, Any] = {}
        self.redrawn = self.anew = 0
        self._provoked = ""  # the line of status that was expected last
        self._read = 0
        source = (HERE / "soak_page.js").read_text().replace("MODULE", json.dumps(page_module()))
        lab.page.add_init_script(source)
        lab.page.evaluate(source)

    def begin(self) -> None:
        """Tell the kernel how to answer."""
        self._ask((HERE / "soak_kernel.py").read_text(), "None")

    def ask(self, function: str) -> Any:
        """Call a function of `soak_kernel`."""
        return json.loads(ast.literal_eval(self._ask("import json", f"json.dumps({function}())")))

    def look(self, redraw: bool = False) -> list[str]:
        """See both sides once; return in what they differ."""
        self.kernel = self.ask("soak_facts")
        if "opening" in self.kernel:
            return [self.kernel["opening"]]
        asked = [self.kernel["comm"], redraw]
        self.page = self.lab.page.evaluate("([comm, redraw]) => soak.facts(comm, redraw)", asked)
        return [*self._differences()]

    def agree(self, provoked: bool) -> None:
        """Wait until nothing is going on and both sides agree, twice in a row.

        A view that follows what plays never comes to rest: there they agree several times.

        Raises:
            StaleError: They never do, or something has been complained of; `provoked`: a line of
                status is expected.
        """
        end = time.monotonic() + PATIENCE
        before, agreed = None, 0
        while True:
            found = self.look(redraw=before is not None)
            status = self.page.get("status", "")
            without = self.kernel.get("given_up") or NO_PICTURE in status
            if provoked or without:
                self._provoked = status  # it stays until something else is changed
            elif status and status != self._provoked:
                found.append(f"status: {status}")
            state = tuple(self.kernel.get(name) for name in ("comm", "sent", "hash"))
            agreed += not found
            if not found and (state == before or agreed >= MOVING):
                self.redrawn += self.page["pixels"] is not None
                break
            before = None if found else state
            if time.monotonic() > end:
                raise StaleError("\n".join(found))
            self.complaints()
        self.complaints()

    def complaints(self) -> None:
        """Raise what page, kernel or server have complained of."""
        said = [*self.lab.messages]
        self.lab.messages.clear()
        said += self.lab.page.evaluate("() => window.soak?.complaints.splice(0) ?? []")
        found = [m for m in said if not _HARMLESS.search(m)]
        printed = self.lab.output
        new, self._read = printed[self._read :], len(printed)
        new = _WENT_AWAY.sub("", new)
        found += [new] if "Traceback" in new else []
        if found:
            raise StaleError("\n".join(found))

    def compare_anew(self) -> None:
        """Compare the frame with that of a controller made anew in the same state."""
        found = self.ask("soak_fresh")
        self.anew += 1
        if found:
            raise StaleError("afresh: " + "\n".join(found))

    def weigh(self) -> dict[str, float]:
        """What is held, on both sides: MiB and numbers of things."""
        metrics = self.lab.metrics()
        kernel = psutil.Process(self.lab.kernel_pids[0])
        return {
            **self.ask("soak_memory"),
            "page MiB": metrics["JSHeapUsedSize"] / MIB,
            "system threads": kernel.num_threads(),
            "open files": kernel.num_fds(),
            "nodes": metrics["Nodes"],
            "listeners": metrics["JSEventListeners"],
        }

    def _ask(self, code: str, expression: str) -> str:
        """What an expression is after the code: what is printed may be taken for another's."""
        return self.lab.page.evaluate(_ASK, [code, expression])

    def _differences(self):
        kernel, page = self.kernel, self.page
        if page.get("scopes") != 1:
            yield f"the page has {page.get('scopes')} pictures"
            return
        if page["room"] < ROOM:
            yield f"the picture has {page['room']} pixels across"
        if kernel["under_way"]:
            yield "a frame is under way"
        if kernel["job"]:
            yield f"a job is {kernel['job']}"
        if page["busy"] or page["job"]:
            yield "the page says that the kernel computes"
        yield from kernel["apart"]
        yield from map("error: {}".format, [kernel["error"]] if kernel["error"] else [])
        for alert in page["alerts"]:
            if not _is_ours(alert):
                yield f"alert: {alert}"
        yield from _pairs("possible", kernel["possible"] + list(_ALWAYS), page["possible"])
        yield from _lists("control", kernel["controls"], page["controls"])
        yield from self._picture()

    def _picture(self):
        kernel, page = self.kernel, self.page
        message, drawn = page["message"], page["drawn"]
        if drawn is None:
            yield "nothing is drawn"
            return
        yield from _pairs("drawn number", kernel["sent"], drawn["id"])
        for name, value in kernel["values"].items():
            yield from _pairs(f"drawn {name}", value, drawn["values"].get(name))
        yield from _pairs("summary", kernel["frame"]["summary"], page["summary"])
        if message is not None:
            for name, value in kernel["frame"].items():
                yield from _pairs(f"frame {name}", value, message.get(name))
            yield from _pairs("buffers", kernel["hash"], page["hash"])
        for found in page["pixels"] or ():
            yield f"the pixels are not those of a fresh page: {found}"


_ALWAYS = ("copy", "save", "load", "download", "export")


def _is_ours(alert: str) -> bool:
    """Whether a refusal says what to do, as in `op: name must ...`, or that a file is none."""
    return " must " in alert or ".wav" in alert


def _pairs(name: str, kernel: Any, page: Any):
    if json.loads(json.dumps(kernel)) != page:
        yield f"{name}: kernel {str(kernel)[:300]}, page {str(page)[:300]}"


def _lists(name: str, kernel: list, page: list):
    if len(kernel) != len(page):
        yield f"{name}s: kernel {len(kernel)}, page {len(page)}"
    for number, (one, other) in enumerate(zip(kernel, page, strict=False)):
        if one != other and not _close(one[1], other[1]):
            yield f"{name} {number}: kernel {one}, page {other}"


def _close(one: Any, other: Any) -> bool:
    """Whether a field shows a number: it has no more digits than ten."""
    numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
    return numbers and abs(one - other) <= 1e-9 * abs(one)
