# keras 3.15.1 (backend=tensorflow): transposed convolution by conv_transpose in float32.
# AbortedError: Operation received an exception:Status: 2, message: could not create a primitive
# descriptor for the convolution forward propagation primitive. Run workload with environment ...
# oneDNN does not take an output padding of the stride or more, and TensorFlow hands it one: could
# not create a primitive descriptor.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); KERAS_BACKEND=tensorflow; Python 3.11.7. Found by
# convformance 0.1.0 in the case outputs-n2c4o6-12x9-k2x3-s2x3-y3x2-d5x2.
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras

x = keras.ops.convert_to_tensor([[[[1]]]], "float32")
w = keras.ops.convert_to_tensor([[[[1]]]], "float32")

y = keras.ops.conv_transpose(x, w, padding='valid', output_padding=(0, 3))
print(y)

# Right: [[[[1], [0], [0], [0]]]].
# It ends in AbortedError as long as this diverges, and with exit status 0 once it does not.
