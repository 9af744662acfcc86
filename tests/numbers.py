"""How far numbers lie apart, and what a coarser number format makes of them."""

import numpy as np


def relative(found, expected):
    """The largest error, as a part of the largest value expected."""
    found, expected = np.asarray(found), np.asarray(expected)
    return np.max(np.abs(found - expected)) / (np.max(np.abs(expected)) + 1e-30)


def rounded_to_ten_bits(x):
    """What TF32 makes of a float32: 10 bits behind the point, to nearest."""
    bits = np.asarray(x).view(np.int32) + (1 << 12)
    return (bits & ~((1 << 13) - 1)).view(np.float32)
