# keras 3.15.1 (backend=tensorflow): convolution by conv in float32.
# InvalidArgumentError: Computed output size would be negative: -1 [input_size: 1,
# effective_filter_size: 3, stride: 1] [Op:Conv2D] name:.
# A dilated convolution is made of a rearranged batch, which TensorFlow cannot put back where the
# result is empty.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); KERAS_BACKEND=tensorflow TF_ENABLE_ONEDNN_OPTS=0;
# Python 3.11.7. Found by convformance 0.1.0 in the case regression-n2c2o3-11x12-k7x1-d2x1.
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

x = keras.ops.convert_to_tensor([[[[1]]]], "float32")
w = keras.ops.convert_to_tensor([[[[1]]], [[[2]]], [[[3]]]], "float32")

y = keras.ops.conv(x, w, padding='valid')
print(y)

# Right: a result of shape (1, 0, 1, 1).
# It ends in InvalidArgumentError as long as this diverges, and with exit status 0 once it does not.
