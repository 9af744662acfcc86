"""What there is to know about an op before a signal comes: filters, windows, bands, errors.

NumPy goes in, NumPy in float64 comes out. `values` are an op's checked parameters, as
`spec(op).check` returns them. What core designs is read from there, nothing is designed again.
"""
