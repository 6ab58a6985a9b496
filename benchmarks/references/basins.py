"""The minimum that Adam reaches, with one run per start. Prints the seconds per start.

python basins.py STARTS
"""

import sys
import time

import torch

STEPS = 200


def himmelblau(x):
    """The function of a tensor of shape (2,)."""
    return (x[0] ** 2 + x[1] - 11) ** 2 + (x[0] + x[1] ** 2 - 7) ** 2


def run(start):
    """The last point of a race, shape (2,)."""
    x = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=0.3)
    for _ in range(STEPS):
        optimizer.zero_grad()
        himmelblau(x).backward()
        optimizer.step()
    return x.detach()


count = int(sys.argv[1])
starts = (torch.rand(count, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 10 - 5).tolist()
run(starts[0])  # The first optimizer imports a part of torch.
began = time.perf_counter()
for start in starts:
    run(start)
print((time.perf_counter() - began) / count)
