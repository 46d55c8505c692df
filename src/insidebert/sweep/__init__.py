"""Many models on many machines: what a zoo asks, sent to a Dask cluster, kept as one machine would keep it."""
