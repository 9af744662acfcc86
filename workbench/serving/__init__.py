"""`workbench serve`: the dashboards as a web page, for one person or for a class."""
