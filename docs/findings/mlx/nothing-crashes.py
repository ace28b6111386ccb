# mlx 0.32.4: convolution by conv_general in float32, of no input channels.
# The process ends by SIGFPE.
# A size is divided by the number of channels, which is 0.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import mlx.core as mx
mx.set_default_device(mx.cpu)

x = mx.zeros((1, 3, 0))
w = mx.zeros((1, 3, 0))

y = mx.conv_general(x, w)
print(y)

# Right: [[[0]]], the sum of nothing, or an exception.
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
