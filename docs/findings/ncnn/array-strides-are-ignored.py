# ncnn 1.0.20261020: an image with strides of its own, as ncnn.Mat reads it, in float32.
# Gives [1, 2, 3, 4] in place of [1, 3, 2, 4].
# ncnn.Mat reads the memory of a NumPy array from its first element on, whatever its strides are.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ncnn
import numpy as np

image = np.array([[1, 2], [3, 4]], "float32").T
y = np.array(ncnn.Mat(image))
print(y)

assert y.tolist() == image.tolist()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
