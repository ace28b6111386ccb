# tensorflow 2.21.0: gradient in the filter of a convolution by by-hand in bfloat16.
# AbortedError: Operation received an exception:Status: 3, message: could not create a primitive
# descriptor for the convolution forward propagation primitive. Run workload with environment ...
# TensorFlow sees AVX-512 by itself and asks oneDNN for bfloat16 kernels that a limit such as
# ONEDNN_MAX_CPU_ISA=AVX2 takes away.
# AMD EPYC (x86-64 with AVX2); ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2
# XLA_FLAGS=--xla_cpu_max_isa=AVX2; Python 3.11.7. Found by convformance 0.1.0 in the case
# regression-n1c1o1-2-k2.
import tensorflow as tf
tf.config.set_visible_devices([], "GPU")

x = tf.constant([[[1]]], tf.bfloat16)
dy = tf.constant([[[1]]], tf.bfloat16)

images = tf.transpose(x, (2, 1, 0))
filters = tf.transpose(dy, (1, 0, 2))
dw = tf.nn.convolution(images, filters, (1,), "VALID")
y = tf.transpose(dw, (1, 0, 2))
print(y)

# Right: [[[1]]].
# It ends in AbortedError as long as this diverges, and with exit status 0 once it does not.
