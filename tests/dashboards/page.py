"""A scope's page in a real browser, and the server that it comes from; the test is the kernel."""

import base64
import io
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
from PIL import Image

from workbench.dashboards.page_module import MODULES, PAGE, page_module

LEFT, RIGHT, BARE, TITLE, AXIS, GAP = 62, 72, 24, 22, 40, 8  # the page's margins

FILES = {
    "/": (Path(__file__).with_name("scope_page.html").read_bytes(), "text/html"),
    "/scope.js": (page_module().encode(), "text/javascript"),
    "/microphone.html": (Path(__file__).with_name("microphone.html").read_bytes(), "text/html"),
    "/microphone.js": ((PAGE / "microphone.js").read_bytes(), "text/javascript"),
    "/microphone.css": ((PAGE / "microphone.css").read_bytes(), "text/css"),
    "/scope.css": ((PAGE / "scope.css").read_bytes(), "text/css"),
    **{
        f"/page/{name}.js": ((PAGE / f"{name}.js").read_bytes(), "text/javascript")
        for name in MODULES
    },
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body, kind = FILES[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Page:
    """A page with a scope; the methods are what the kernel and the user do."""

    def __init__(self, browser, address, **options):
        options = {"viewport": {"width": 900, "height": 1000}, "color_scheme": "light"} | options
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.messages = []
        self.page.on("console", lambda message: self.messages.append(message.text))
        self.page.on("pageerror", lambda error: self.messages.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_function("window.scopes?.first.model.sent.length")
        self.count = 0

    def receive(self, content, buffers=(), scope="first"):
        texts = [base64.b64encode(buffer).decode() for buffer in buffers]
        self.page.evaluate(
            "([scope, content, texts]) => window.scopes[scope].model.receive(content, texts)",
            [scope, content, texts],
        )

    def show(self, frame, scope="first", asker=""):
        self.count += 1
        content, buffers = frame.encode()
        head = {"kind": "frame", "id": self.count, "for": asker}
        self.receive({**head, **content}, buffers, scope)
        self.page.wait_for_function(
            "id => window.drawn.some((detail) => detail.id === id)", arg=self.count
        )

    def sent(self, kind, scope="first"):
        every = self.page.evaluate("scope => window.scopes[scope].model.sent", scope)
        return [message for message in every if message["kind"] == kind]

    def last_view(self):
        """Answer the page's questions until there are no more, and return the last one."""
        asked = {"first": None, "last": None}
        while True:
            newest = (self.sent("view") or self.sent("hello"))[-1]
            if newest == asked:
                return newest
            asked = newest
            self.receive({"kind": "viewed", "id": asked["id"]})
            self.settle()

    def settle(self):
        """Let two animation frames pass."""
        self.page.evaluate(
            "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def pixels(self, canvas, scope="first"):
        text = self.page.evaluate(
            "([id, name]) => document.querySelector(`#${id} .workbench-${name}`).toDataURL()",
            [scope, canvas],
        )
        data = base64.b64decode(text.partition(",")[2])
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGBA")).astype(int)

    def move(self, x, y, scope="first"):
        box = self.page.locator(f"#{scope} .workbench-figure").bounding_box()
        self.page.mouse.move(box["x"] + x, box["y"] + y)
        self.settle()

    @property
    def readout(self):
        self.settle()
        return self.page.locator("#first .workbench-readout").text_content()
