"""The order of the tests: what drives a browser begins; and the browser that it drives."""

import pytest
from playwright.sync_api import sync_playwright

from tests.browser import launch


def pytest_collection_modifyitems(items):
    """Several processes take a file each: the longest ones shall not be left for the end."""
    items.sort(key=lambda item: "browser" not in item.keywords)


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()
