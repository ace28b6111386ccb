"""A filter of a signal, a step at a time, and one that leaves the last step out."""


def fir(signal, taps, step=1):
    places = range(0, len(signal) - len(taps) + 1, step)
    return [sum(signal[place + tap] * taps[tap] for tap in range(len(taps))) for place in places]


def fir_short(signal, taps, step=1):
    return [*fir(signal, taps, step)[:-1], 0.0]
