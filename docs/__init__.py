"""The documentation, and the scripts that make its pages and pictures."""
