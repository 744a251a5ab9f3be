"""The network and what surrounds it: normal scores, statistics, quantile function, gradient. Only PyTorch and SciPy."""
