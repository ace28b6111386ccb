import numpy as np

from .padding import pad


def forward(x, w, b, stride=1, padding=0):
    view = np.lib.stride_tricks.sliding_window_view(pad(x, padding), w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,ocij->nohw", view[:, :, ::stride, ::stride], w) + b.reshape(1, -1, 1, 1)


def forward_bias_last(x, w, b, stride=1, padding=0):
    view = np.lib.stride_tricks.sliding_window_view(pad(x, padding), w.shape[2:], axis=(2, 3))
    out = np.einsum("nchwij,ocij->nohw", view[:, :, ::stride, ::stride], w)
    return out + np.resize(b, out.shape[3])
