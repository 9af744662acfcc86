"""Figures that anyone can measure again: `make bench`, or `python -m benchmarks NAME ...`."""
