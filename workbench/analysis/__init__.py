"""What there is to know about an op before a signal comes: filters, windows, bands, errors.

NumPy goes in, NumPy in float64 comes out. `values` are an op's checked parameters, as a layer's
`values` or `spec(op).check` returns them. What core designs is read from there, nothing is designed
again. The public names stand in `__init__.pyi`; each is loaded on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
