# torch 2.11.0: convolution by F.conv in bfloat16.
# Gives nan in place of inf at (0, 0, 0); 1 of 1 numbers differ.
# oneDNN's convolution along a line for AMX makes NaN of infinity: it multiplies what fills its
# tiles up.
# Intel(R) Xeon(R) Processor (x86-64 with AMX); Python 3.12.3. Found by convformance 0.1.0 in the
# case special-n2c4o6-13-k4-s3-inf-data.
from math import inf, nan
import numpy as np
import torch
import torch.nn.functional as F
torch.set_num_threads(1)

x = torch.tensor([[[0, inf]]], dtype=torch.bfloat16)
w = torch.tensor([[[0, 1]]], dtype=torch.bfloat16)

y = F.conv1d(x, w)
print(y)

# Right: what sums a NaN or an infinity shows it, and nothing else does.
want = [[[inf]]]
assert np.array_equal(y.tolist(), want, equal_nan=True)
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
