"""The order of the tests: what drives a browser begins."""


def pytest_collection_modifyitems(items):
    """Several processes take a file each: the longest ones shall not be left for the end."""
    items.sort(key=lambda item: "browser" not in item.keywords)
