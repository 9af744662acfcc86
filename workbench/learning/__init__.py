"""Scalars to make small, and gradient descent on the parameters of a chain."""
