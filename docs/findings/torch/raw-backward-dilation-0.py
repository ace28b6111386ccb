# torch 2.13.0+cpu: gradient in the image of a convolution by nn.grad with dilation 0. Seen:
# dilation 0 is accepted: a result of shape (2, 4, 6), where the arguments have no meaning.
# The gradients do not look at the dilation, which the convolution itself refuses: taps read the
# same place.
# Right: an exception.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case refusals-n2c4o6-6-k2-dilation_0.
import numpy as np
import torch

torch.set_num_threads(1)

dy = torch.tensor(np.arange(60).reshape((2, 6, 5)) % 5, dtype=torch.float32)
w = torch.tensor(np.arange(48).reshape((6, 4, 2)) % 5, dtype=torch.float32)
try:
    y = torch.nn.grad.conv1d_input((2, 4, 6), w, dy, dilation=(0,))
    print(y)
except Exception as error:
    print("refused:", error)
else:
    raise AssertionError("a result, although dilation 0 has no meaning")
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
