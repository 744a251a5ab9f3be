import sys

import torch

# The tests' networks are tiny: threads would only wait for each other, above all on a busy machine.
torch.set_num_threads(1)

# These compare with the reference's own simulators, whose JAX 0.4.26 has no wheels for Python 3.13 and later
# (requirements-reference.txt): there, pip leaves it out and these tests cannot be imported.
collect_ignore = ["test_families.py"] if sys.version_info >= (3, 13) else []
