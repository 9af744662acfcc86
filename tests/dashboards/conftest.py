"""Pages with a scope for the browser tests."""

import threading
from http.server import ThreadingHTTPServer

import pytest

from tests.dashboards.page import Handler, Page


@pytest.fixture(scope="module")
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def open_page(browser, address):
    pages = []

    def opened(**options):
        pages.append(Page(browser, address, **options))
        return pages[-1]

    yield opened
    for page in pages:
        page.settle()
        assert page.messages == []
        page.context.close()


@pytest.fixture
def page(open_page):
    return open_page()
