"""A convolution of plain lists, as one writes it on the first day."""


def conv2d(image, kernel):
    rows = len(image) - len(kernel) + 1
    columns = len(image[0]) - len(kernel[0]) + 1
    result = []
    for i in range(rows):
        line = []
        for j in range(columns):
            total = 0.0
            for a in range(len(kernel)):
                for b in range(len(kernel[0])):
                    total += image[i + a][j + b] * kernel[a][b]
            line.append(total)
        result.append(line)
    return result
