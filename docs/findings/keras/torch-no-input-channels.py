# keras 3.15.1: convolution by conv in float32.
# ZeroDivisionError: integer modulo by zero.
# A convolution of no input channels gives a result of no channels, and its gradients then disagree
# about the shape.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0 in the
# case empty-n2c0o3-5x4-k2x3.
import numpy as np
import os
os.environ["KERAS_BACKEND"] = "torch"
import keras

x = keras.ops.convert_to_tensor(np.full((2, 0, 5, 4), 0).transpose(0, 2, 3, 1), "float32")
w = keras.ops.convert_to_tensor(np.full((3, 0, 2, 3), 0).transpose(2, 3, 1, 0), "float32")

y = keras.ops.conv(x, w, padding='valid')
print(y)

# Right: a result of shape (2, 4, 2, 3).
# It ends in ZeroDivisionError as long as this diverges, and with exit status 0 once it does not.
