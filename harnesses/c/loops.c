// A harness in C without libraries: the seven operations as plain loops in float32. See docs/protocol.md.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Reads the integers behind a key, a number or a list of any depth, into `out`; returns how many there are.
static int integers(const char *line, const char *key, long *out) {
    const char *at = strstr(line, key) + strlen(key);
    int depth = 0, count = 0;
    do {
        if (*at == '[') depth++;
        if (*at == ']') depth--;
        if (*at == '-' || (*at >= '0' && *at <= '9')) {
            char *end;
            out[count++] = strtol(at, &end, 10);
            at = end - 1;
        }
        at++;
    } while (depth > 0 || count == 0);
    return count;
}

static long integer(const char *line, const char *key) {
    long number;
    integers(line, key, &number);
    return number;
}

typedef struct {
    long batch, in_channels, out_channels, groups;
    long input[3], output[3], kernel[3], stride[3], dilation[3], low[3];  // depth, height, width; 1, or 0 for low, where there is no such axis
} Problem;

// Reads one number an axis, those of absent axes being `otherwise`; of pairs the first.
static void axes(const char *line, const char *key, int step, long otherwise, long *out) {
    long numbers[6];
    int rank = integers(line, key, numbers) / step;
    for (int axis = 0; axis < 3; axis++) out[axis] = axis < 3 - rank ? otherwise : numbers[(axis - 3 + rank) * step];
}

static Problem read_problem(const char *line) {
    Problem p = {integer(line, "\"batch\":"), integer(line, "\"in_channels\":"), integer(line, "\"out_channels\":"), integer(line, "\"groups\":")};
    axes(line, "\"input_size\":", 1, 1, p.input);
    axes(line, "\"output_size\":", 1, 1, p.output);
    axes(line, "\"kernel_size\":", 1, 1, p.kernel);
    axes(line, "\"stride\":", 1, 1, p.stride);
    axes(line, "\"dilation\":", 1, 1, p.dilation);
    axes(line, "\"padding\":", 2, 0, p.low);
    return p;
}

// Every product of the convolution, x[n, c, i] * w[o, c, k] for y[n, o, p]: of the three arrays, `result` is summed up.
static void accumulate(Problem p, float *x, float *w, float *y, const float *result) {
    long ins = p.in_channels / p.groups, outs = p.out_channels / p.groups, i[3], o[3], k[3];
    for (long n = 0; n < p.batch; n++)
    for (long channel = 0; channel < p.out_channels; channel++)
    for (long c = 0; c < ins; c++)
    for (o[0] = 0; o[0] < p.output[0]; o[0]++)
    for (o[1] = 0; o[1] < p.output[1]; o[1]++)
    for (o[2] = 0; o[2] < p.output[2]; o[2]++)
    for (k[0] = 0; k[0] < p.kernel[0]; k[0]++)
    for (k[1] = 0; k[1] < p.kernel[1]; k[1]++)
    for (k[2] = 0; k[2] < p.kernel[2]; k[2]++) {
        int inside = 1;
        for (int axis = 0; axis < 3; axis++) {
            i[axis] = o[axis] * p.stride[axis] + k[axis] * p.dilation[axis] - p.low[axis];
            inside = inside && i[axis] >= 0 && i[axis] < p.input[axis];
        }
        if (!inside) continue;
        long from = channel / outs * ins + c;
        float *xi = x + (((n * p.in_channels + from) * p.input[0] + i[0]) * p.input[1] + i[1]) * p.input[2] + i[2];
        float *wk = w + (((channel * ins + c) * p.kernel[0] + k[0]) * p.kernel[1] + k[1]) * p.kernel[2] + k[2];
        float *yo = y + (((n * p.out_channels + channel) * p.output[0] + o[0]) * p.output[1] + o[1]) * p.output[2] + o[2];
        if (result == y) *yo += *xi * *wk;
        else if (result == x) *xi += *yo * *wk;
        else *wk += *xi * *yo;
    }
}

static float *numbers(long count) { return calloc(count + 1, sizeof(float)); }

int main(void) {
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, stdin) > 0 && !strstr(line, "\"stop\"")) {
        if (strstr(line, "\"start\"")) {
            puts("{\"version\":1,\"name\":\"c-loops\",\"language\":\"C\",\"device\":\"cpu\",\"dtypes\":[\"float32\"],\"operations\":"
                 "[\"conv\",\"conv_input_grad\",\"conv_filter_grad\",\"conv_bias_grad\",\"conv_transpose\",\"conv_transpose_input_grad\","
                 "\"conv_transpose_filter_grad\"]}");
            fflush(stdout);
            continue;
        }
        Problem p = read_problem(line);
        long taps = p.kernel[0] * p.kernel[1] * p.kernel[2], points = p.output[0] * p.output[1] * p.output[2];
        long inputs = p.input[0] * p.input[1] * p.input[2], shape[5];
        long sizes[] = {p.batch * p.in_channels * inputs, p.in_channels / p.groups * p.out_channels * taps, p.batch * p.out_channels * points, p.out_channels};
        float *arrays[] = {numbers(sizes[0]), numbers(sizes[1]), numbers(sizes[2]), numbers(sizes[3])};  // input, filter, output, bias
        int result = strstr(line, "\"name\":\"input\"") ? 0 : strstr(line, "\"name\":\"filter\"") ? 1 : strstr(line, "\"name\":\"output\"") ? 2 : 3;
        int transposed = strstr(line, "\"conv_transpose") != NULL;
        for (const char *tensor = strstr(line, "\"tensors\":"); (tensor = strstr(tensor, "{\"name\":\"")) && strstr(tensor, "\"result\":"); tensor++) {
            const char *name = tensor + strlen("{\"name\":\"");
            int array = *name == 'w' ? 1 : *name == 'b' ? 3 : (*name == 'x') == transposed ? 2 : 0;
            long count = integer(tensor, "\"bytes\":") / (long)sizeof(float), channels = transposed ? p.in_channels : p.out_channels;
            if (array == 3) arrays[3] = realloc(arrays[3], (channels + 1) * sizeof(float));
            if (fread(arrays[array], sizeof(float), count, stdin) != (size_t)count) return 1;
            if (array == 3)
                for (long at = 0, each = sizes[result] / (p.batch * channels ? p.batch * channels : 1); at < sizes[result]; at++)
                    arrays[result][at] = arrays[3][at / (each ? each : 1) % channels];
        }
        if (result < 3) accumulate(p, arrays[0], arrays[1], arrays[2], arrays[result]);
        else for (long at = 0; at < sizes[2]; at++) arrays[3][at / points % p.out_channels] += arrays[2][at];
        int rank = integers(strstr(line, "\"result\":"), "\"shape\":", shape);
        printf("{\"seq\":%ld,\"tensor\":{\"dtype\":\"float32\",\"shape\":[", integer(line, "\"seq\":"));
        for (int axis = 0; axis < rank; axis++) printf(axis ? ",%ld" : "%ld", shape[axis]);
        printf("],\"bytes\":%ld}}\n", sizes[result] * (long)sizeof(float));
        fwrite(arrays[result], sizeof(float), sizes[result], stdout);
        fflush(stdout);
        for (int array = 0; array < 4; array++) free(arrays[array]);
    }
    return 0;
}
