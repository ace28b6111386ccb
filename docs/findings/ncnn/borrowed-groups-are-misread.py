# ncnn 1.0.20261020: convolution by ConvolutionDepthWise in float32, two groups of three channels.
# Gives [27, 30, 33, 36, 39] in place of [18, 21, 24, 27, 30] in channel 0; channel 1 is wrong, too.
# A Mat over NumPy's memory has no gap behind a channel; a group's part is read as if it had.
# With ncnn.Mat(image).clone() the result is right.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ncnn
import numpy as np

image = np.arange(1, 31, dtype="float32").reshape(6, 1, 5)
w = np.ones((2, 3, 1, 1), "float32")

net = ncnn.Net()
layer = "ConvolutionDepthWise y 1 1 x y 0=2 1=1 6=6 7=2"
net.load_param_mem(f"7767517\n2 2\nInput x 0 1 x\n{layer}\n")
with open("model.bin", "wb") as file:
    file.write(bytes(4) + w.tobytes())
net.load_model("model.bin")
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(image))
y = np.array(extractor.extract("y")[1])
print(y)

# Right: each group is the sum of its channels.
assert y.tolist() == [image[:3].sum(0).tolist(), image[3:].sum(0).tolist()]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
