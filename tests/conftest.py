"""Tests run in processes side by side: each has one BLAS thread, set before NumPy is loaded, and draws without a screen."""

import os

for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
    os.environ[threads] = "1"
os.environ["MPLBACKEND"] = "Agg"
