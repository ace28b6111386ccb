# mlx 0.32.4: gradient in the image of a convolution by input_dilation in float32, stride=(2,),
# padding=((0, 1),).
# The result has shape (1, 1, 1); wanted (1, 1, 2).
# A negative padding crops the input before zeros are inserted into it: a transposed convolution
# whose padding is wider than the extent of its kernel less one has the wrong size, as has ...
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case sweep-n1c3o6-5-k1-s4-pm1.2-d2-g3.
import mlx.core as mx
mx.set_default_device(mx.cpu)

dy = mx.array([[[1], [0]]], mx.float32)
w = mx.array([[[1]]], mx.float32)

y = mx.conv_general(dy, w, padding=((0,), (-1,)), input_dilation=(2,), flip=True)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[1], [0]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
