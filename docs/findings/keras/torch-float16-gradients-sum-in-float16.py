# keras 3.15.1: gradient in the image of a convolution by vjp in float16.
# Gives -17600 in place of -17584 at (0, 0, 1, 2, 0); 1 of 18 numbers differ.
# On the CPU the float16 gradients and the transposed convolution multiply and sum in float16;
# forward sums in float32.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n3c6o4-7x4x3-k2x3x1-s2x1x3-p1x0x2-g2.
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras
import torch

dy = keras.ops.convert_to_tensor([[[[[52.25], [-25.5], [61.75]], [[6.25], [58], [-30.75]]],
    [[[51.5], [6.5], [58.25]], [[-29.75], [63.75], [-53.5]]]]], "float16")
w = keras.ops.convert_to_tensor([[[[[58]]], [[[-256]]]]], "float16")

x = keras.ops.zeros((1, 2, 3, 3, 1), dy.dtype).requires_grad_()
y = torch.autograd.grad(keras.ops.conv(x, w, padding='valid'), x, dy)[0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[[3030], [-1479], [3582]], [[-13016], [9888], [-17584]], [[-1600], [-14848], [7872]]],
    [[[2988], [377], [3378]], [[-14912], [2034], [-18016]], [[7616], [-16320], [13696]]]]]
assert keras.ops.convert_to_numpy(y).tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
