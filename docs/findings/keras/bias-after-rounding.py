# keras 3.15.1: a convolution with a bias by keras.layers.Conv1D in float16, on JAX.
# Gives 0 in place of 1.
# The sum is rounded to float16 before the bias is added: 2048 + 1 becomes 2048, and 1 is lost.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras
import numpy as np

x = np.array([[[2048, 1]]], "float16")
kernel, bias = np.array([[[1], [1]]], "float16"), np.array([-2048], "float16")

layer = keras.layers.Conv1D(filters=1, kernel_size=1, dtype="float16")
layer.build(x.shape)
layer.set_weights([kernel, bias])
y = keras.ops.convert_to_numpy(layer(x))
print(y, y.dtype)

# Right: 2048 + 1 - 2048, whose sums are exact in float32, whatever their order.
assert y.tolist() == [[[1]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
