"""Layers and chains as files for other runtimes, each checked against what it was made of."""
