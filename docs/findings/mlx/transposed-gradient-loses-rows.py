# mlx 0.32.4: gradient in the image of a transposed convolution by vjp in float32, stride=(2,),
# padding='valid'.
# The result has shape (1, 1, 0); wanted (1, 1, 1).
# The gradient of a transposed convolution for its input lacks as many rows as the output padding is
# larger than the padding.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n3c1o7-7-k1-s4-full.
import mlx.core as mx
mx.set_default_device(mx.cpu)

dy = mx.array([[[1], [0]]], mx.float32)
w = mx.array([[[1]]], mx.float32)

y = mx.vjp(lambda x: mx.conv_transpose1d(x, w, stride=2, output_padding=1),
    [mx.zeros((1, 1, 1), dy.dtype)], [dy])[1][0]
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[1]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
