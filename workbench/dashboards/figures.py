"""Numbers and names in a sentence, as people write them."""

from __future__ import annotations

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def figure(value: float, digits: int = 3) -> str:
    """A number with so many digits, a power of ten beside it where it is very large or small.

    >>> [figure(each) for each in (0, -0.25, 3.832e-05, -1.04e9)]
    ['0', '−0.25', '3.83 × 10⁻⁵', '−1.04 × 10⁹']
    """
    mantissa, _, exponent = f"{value:.{digits}g}".partition("e")
    text = mantissa.replace("-", "−")
    return f"{text} × 10{str(int(exponent)).translate(_RAISED)}" if exponent else text


_UNITS = {
    "_hertz": "Hz",
    "_db": "dB",
    "_meters_per_second": "m/s",
    "_meters": "m",
    "_seconds": "s",
}


def name_and_unit(name: str) -> tuple[str, str]:
    """The words of a parameter's name, and the unit that it ends with, or none.

    >>> name_and_unit("lower_edge_hertz"), name_and_unit("seconds")
    (('lower edge', 'Hz'), ('seconds', ''))
    """
    ending = next((each for each in _UNITS if name.endswith(each)), "")
    return name.removesuffix(ending).replace("_", " "), _UNITS.get(ending, "")
