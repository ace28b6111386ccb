# ncnn 1.0.20261020: transposed convolution by Deconvolution of a copy of an image without rows.
# The process ends by SIGFPE; without the copy extract returns -100.
# Mat.clone of a Mat without elements has an element size of 0, by which the layer divides.
# AMD EPYC (x86-64 with AVX-512 and bfloat16); Python 3.11.7. Found by convformance 0.1.0.
import ncnn
import numpy as np

image = np.zeros((1, 0, 4), "float32")
w = np.zeros((1, 1, 2, 1), "float32")

net = ncnn.Net()
layer = "Deconvolution y 1 1 x y 0=1 1=1 11=2 6=2"
net.load_param_mem(f"7767517\n2 2\nInput x 0 1 x\n{layer}\n")
with open("model.bin", "wb") as file:
    file.write(bytes(4) + w.tobytes())
net.load_model("model.bin")
extractor = net.create_extractor()
extractor.input("x", ncnn.Mat(image).clone())
print(extractor.extract("y"))

# Right: a status that says that there is nothing, as without the copy.
# It ends by SIGFPE as long as this diverges, and with exit status 0 once it does not.
