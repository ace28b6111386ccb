"""Wrong only where two things meet: each is right in every question that has but one of them."""

import numpy as np


def _conv(x, w, stride, padding, dilation, groups):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    rows, columns = ((size - 1) * dilation + 1 for size in w.shape[2:])
    view = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), axis=(2, 3))
    view = view[:, :, ::stride, ::stride, ::dilation, ::dilation]
    view = view.reshape(len(x), groups, x.shape[1] // groups, *view.shape[2:])
    result = np.einsum("ngchwij,gocij->ngohw", view, w.reshape(groups, -1, *w.shape[1:]))
    return result.reshape(len(x), -1, *result.shape[3:])


def _biased(result, bias):
    return result if bias is None else result + bias[:, None, None]


def right(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _biased(_conv(x, w, stride, padding, dilation, groups), bias)


def bias_with_padding(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _biased(_conv(x, w, stride, padding, dilation, groups), None if padding else bias)


def bias_with_groups(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _biased(_conv(x, w, stride, padding, dilation, groups), None if groups > 1 else bias)


def bias_with_dilation(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _biased(_conv(x, w, stride, padding, dilation, groups), None if dilation > 1 else bias)


def point_with_padding(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _biased(_conv(x, w, stride, 0 if w.shape[2:] == (1, 1) else padding, dilation, groups), bias)


def groups_with_stride(x, w, bias=None, stride=1, padding=0, dilation=1, groups=1):
    result = _conv(x, w, stride, padding, dilation, groups)
    if groups > 1 < stride:
        result = _conv(x, w, 1, padding, dilation, groups)[:, :, : result.shape[2], : result.shape[3]]
    return _biased(result, bias)
