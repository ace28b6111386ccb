# mlx 0.32.4: convolution by conv in float64.
# Gives -5156421238784 in place of -5156421182641 at (0, 0, 0, 0); 1 of 1 numbers differ.
# A convolution of float64 returns float64 and computes in float32; a matrix product of float64 does
# not.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n1c1o1-1x1-k1x1.
import mlx.core as mx
mx.set_default_device(mx.cpu)

x = mx.array([[[[-5156421182641]]]], mx.float64)
w = mx.array([[[[1]]]], mx.float64)

y = mx.conv_general(x, w)
print(y)

# Right: sums of these numbers are exact in float64, whatever their order.
want = [[[[-5156421182641]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
