import numpy as np


def pad(x, amount):
    return np.pad(x, ((0, 0), (0, 0), (amount, amount), (amount, amount)))
