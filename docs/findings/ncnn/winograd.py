# ncnn 1.0.20261020: convolution by Convolution in float32, 3x3 taps of 0.1, 16 channels.
# Where nothing but zeros are multiplied numbers up to 10.9 come, beside a window that holds 1e6.
# Winograd's transforms do it; with net.opt.use_winograd_convolution = False these are zeros.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ncnn
import numpy as np

image = np.zeros((16, 8, 8), "float32")
image[:, 2, 2] = 1e6
w = np.full((16, 16, 3, 3), 0.1, "float32")

net = ncnn.Net()
layer = f"Convolution y 1 1 x y 0=16 1=3 4=1 6={w.size}"
net.load_param_mem(f"7767517\n2 2\nInput x 0 1 x\n{layer}\n")
with open("model.bin", "wb") as file:
    file.write(bytes(4) + w.tobytes())
net.load_model("model.bin")
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(image).clone())
y = np.array(extractor.extract("y")[1])
y[:, 1:4, 1:4] = 0  # the windows that hold 1e6
print(y[0])

# Right: products with 0 are 0, and so are their sums.
assert not y.any()
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
