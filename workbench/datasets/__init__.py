"""Sound files in, tensors out: `tf.data` pipelines through the layers of a chain.

`sources.py` (with `manifests.py`) says which files there are and what class each is of,
`examples.py` looks at their headers, `report.py` keeps what was found and what was not used,
`steps.py` is what happens to an example, `pipeline.py` puts it in a row.
"""
