# ncnn 1.0.20261020: convolution by Convolution3D in float32, padding SAME_UPPER.
# Kernel (1, 1, 3), stride (3, 1, 1). Gives [3, 4] in place of [1, 2]: the first plane is cut off.
# SAME on an axis whose stride passes the kernel becomes a negative padding where another axis is
# padded.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ncnn
import numpy as np

image = np.array([[[[1, 2]], [[3, 4]], [[5, 6]]]], "float32")
w = np.array([0, 1, 0], "float32")  # along the last axis: gives the number in the middle

net = ncnn.Net()
layer = "Convolution3D y 1 1 x y 0=1 1=3 11=1 21=1 23=3 4=-233 14=-233 24=-233 6=3"
net.load_param_mem(f"7767517\n2 2\nInput x 0 1 x\n{layer}\n")
with open("model.bin", "wb") as file:
    file.write(bytes(4) + w.tobytes())
net.load_model("model.bin")
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(image).clone())
y = np.array(extractor.extract("y")[1])
print(y)

# Right: one plane comes out, and no padding is needed for it, so that it is the first one.
assert y.tolist() == [[[[1, 2]]]]
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
