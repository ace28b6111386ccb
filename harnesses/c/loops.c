// A harness in C without libraries: plain loops in float32. See docs/protocol.md.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Reads the integers behind a key, a number or a list of any depth, into `out`; returns how many there are.
static int integers(const char *line, const char *key, long *out) {
    int count = 0;
    char *at = strstr(line, key) + strlen(key);
    while (*at != '"' && *at != '}') {  // where the next key begins, or the object ends
        if (*at == '-' || (*at >= '0' && *at <= '9')) out[count++] = strtol(at, &at, 10);
        else at++;
    }
    return count;
}

static long integer(const char *line, const char *key) {
    long number;
    integers(line, key, &number);
    return number;
}

typedef struct {
    long batch, in_channels, out_channels, groups;
    long input[3], output[3], kernel[3], stride[3], dilation[3], low[3];  // of depth, height, width
} Problem;

// Reads one number an axis, those of absent axes being `otherwise`; of pairs the first.
static void axes(const char *line, const char *key, int step, long otherwise, long *out) {
    long numbers[6];
    int rank = integers(line, key, numbers) / step;
    for (int axis = 0; axis < 3; axis++) out[axis] = axis < 3 - rank ? otherwise : numbers[(axis - 3 + rank) * step];
}

static Problem read_problem(const char *line) {
    Problem p = {integer(line, "\"batch\":"), integer(line, "\"in_channels\":"), integer(line, "\"out_channels\":"),
                 integer(line, "\"groups\":")};
    axes(line, "\"input_size\":", 1, 1, p.input);
    axes(line, "\"output_size\":", 1, 1, p.output);
    axes(line, "\"kernel_size\":", 1, 1, p.kernel);
    axes(line, "\"stride\":", 1, 1, p.stride);
    axes(line, "\"dilation\":", 1, 1, p.dilation);
    axes(line, "\"padding\":", 2, 0, p.low);
    return p;
}

static long flat(long plane, const long *index, const long *size) {
    return ((plane * size[0] + index[0]) * size[1] + index[1]) * size[2] + index[2];
}

// Of y[n, o, p] = sum of x[n, c, i] * w[o, c, k], any one array is the sum of products of the two others.
static void accumulate(Problem p, float *x, float *w, float *y, const float *result) {
    long ins = p.in_channels / p.groups, outs = p.out_channels / p.groups, i[3], o[3], k[3];
    for (long n = 0; n < p.batch; n++)
    for (long channel = 0; channel < p.out_channels; channel++) for (long c = 0; c < ins; c++)
    for (o[0] = 0; o[0] < p.output[0]; o[0]++) for (k[0] = 0; k[0] < p.kernel[0]; k[0]++)
    for (o[1] = 0; o[1] < p.output[1]; o[1]++) for (k[1] = 0; k[1] < p.kernel[1]; k[1]++)
    for (o[2] = 0; o[2] < p.output[2]; o[2]++) for (k[2] = 0; k[2] < p.kernel[2]; k[2]++) {
        int inside = 1;  // and not in the padding, which is 0
        for (int axis = 0; axis < 3; axis++) {
            i[axis] = o[axis] * p.stride[axis] + k[axis] * p.dilation[axis] - p.low[axis];
            inside = inside && i[axis] >= 0 && i[axis] < p.input[axis];
        }
        if (!inside) continue;
        float *xi = x + flat(n * p.in_channels + channel / outs * ins + c, i, p.input);
        float *wk = w + flat(channel * ins + c, k, p.kernel);
        float *yo = y + flat(n * p.out_channels + channel, o, p.output);
        if (result == y) *yo += *xi * *wk;
        else if (result == x) *xi += *yo * *wk;
        else *wk += *xi * *yo;
    }
}

static const char *introduction =
    "{\"version\":1,\"name\":\"c-loops\",\"language\":\"C\",\"device\":\"cpu\",\"dtypes\":[\"float32\"],"
    "\"operations\":[\"conv\",\"conv_input_grad\",\"conv_filter_grad\",\"conv_transpose\","
    "\"conv_transpose_input_grad\",\"conv_transpose_filter_grad\"],\"capabilities\":{\"bias\":false}}\n";

// Reads the operands into the arrays that they are: of a transposed convolution x is the output, dy the input.
static void read_operands(const char *line, float *arrays[3]) {
    int transposed = strstr(line, "\"conv_transpose") != NULL;
    const char *tensor = strstr(line, "\"tensors\":");
    for (int operand = 0; operand < 2; operand++) {
        tensor = strstr(tensor, "{\"name\":\"") + strlen("{\"name\":\"");
        int array = *tensor == 'w' ? 1 : (*tensor == 'x') == transposed ? 2 : 0;
        size_t bytes = integer(tensor, "\"bytes\":");
        if (fread(arrays[array], 1, bytes, stdin) != bytes) exit(1);
    }
}

static void answer(const char *line) {
    Problem p = read_problem(line);
    long taps = p.kernel[0] * p.kernel[1] * p.kernel[2], points = p.output[0] * p.output[1] * p.output[2];
    long sizes[] = {p.batch * p.in_channels * p.input[0] * p.input[1] * p.input[2],
                    p.in_channels / p.groups * p.out_channels * taps, p.batch * p.out_channels * points};
    float *arrays[3];
    for (int array = 0; array < 3; array++) arrays[array] = calloc(sizes[array] + 1, sizeof(float));
    int result = strstr(line, "\"name\":\"input\"") ? 0 : strstr(line, "\"name\":\"filter\"") ? 1 : 2;
    read_operands(line, arrays);
    accumulate(p, arrays[0], arrays[1], arrays[2], arrays[result]);
    long shape[5];
    int rank = integers(strstr(line, "\"result\":"), "\"shape\":", shape);
    printf("{\"seq\":%ld,\"tensor\":{\"dtype\":\"float32\",\"shape\":[", integer(line, "\"seq\":"));
    for (int axis = 0; axis < rank; axis++) printf(axis ? ",%ld" : "%ld", shape[axis]);
    printf("],\"bytes\":%ld}}\n", sizes[result] * (long)sizeof(float));
    fwrite(arrays[result], sizeof(float), sizes[result], stdout);
    for (int array = 0; array < 3; array++) free(arrays[array]);
}

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0 && !strstr(line, "\"stop\"")) {
        if (strstr(line, "\"start\"")) fputs(introduction, stdout);
        else answer(line);
        fflush(stdout);
    }
}
