# keras 3.15.1: transposed convolution by conv_transpose in bfloat16.
# Gives 0 in place of 0.02734375 at (0, 0, 0, 0); 1 of 1 numbers differ.
# The processor's products of bfloat16 take subnormal numbers for 0, in whatever mode it is (Intel's
# manual, VDPBF16PS).
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case ranges-n3c4o6-5x7-k2x2-subnormal.
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras

x = keras.ops.convert_to_tensor([[[[-1.4887353552791058e+38]]]], "bfloat16")
w = keras.ops.convert_to_tensor([[[[-1.8367099231598242e-40]]]], "bfloat16")

y = keras.ops.conv_transpose(x, w, padding='valid')
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[0.02734375]]]]
assert keras.ops.convert_to_numpy(y).tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
