// A harness for XNNPACK, float32 in one or two axes, channels last: see docs/protocol.md.
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <xnnpack.h>

using nlohmann::json;
using Sizes = std::vector<size_t>;

// Numbers in memory that XNNPACK may read a little beyond.
struct Numbers {
    std::vector<float> memory;
    size_t count = 0;
    explicit Numbers(size_t size = 0) : memory(size + XNN_EXTRA_BYTES / sizeof(float)), count(size) {}
    float *data() { return memory.data(); }
    char *bytes() { return reinterpret_cast<char *>(memory.data()); }
    size_t size() const { return count * sizeof(float); }
};

struct Failure { const char *call; xnn_status status; };
static void check(xnn_status status, const char *call) {
    if (status != xnn_status_success) throw Failure{call, status};
}
using Owner = std::unique_ptr<xnn_operator, decltype(&xnn_delete_operator)>;

// The geometry of a question in two axes: what has one axis is an image with one row.
struct Geometry {
    size_t batch, in, out, groups;
    Sizes input, output, kernel, stride, dilation, low, high, adjustment;
    explicit Geometry(const json &p) :
        batch(p["batch"]), in(p["in_channels"]), out(p["out_channels"]), groups(p["groups"]),
        input(two(p["input_size"], 1)), output(two(p["output_size"], 1)), kernel(two(p["kernel_size"], 1)),
        stride(two(p["stride"], 1)), dilation(two(p["dilation"], 1)), adjustment(two(p["output_padding"], 0)) {
        Sizes before, after;
        for (const auto &pair : p["padding"]) before.push_back(pair[0]), after.push_back(pair[1]);
        low = two(before, 0), high = two(after, 0);
    }
    static Sizes two(Sizes each, size_t first) {
        if (each.size() == 1) each.insert(each.begin(), first);
        return each;
    }
};

static Numbers convolve(const Geometry &g, Numbers &x, Numbers &w, const float *bias) {
    Numbers y(g.batch * g.output[0] * g.output[1] * g.out);
    xnn_operator_t made = nullptr;
    check(xnn_create_convolution2d_nhwc_f32(g.low[0], g.high[1], g.high[0], g.low[1], g.kernel[0], g.kernel[1],
        g.stride[0], g.stride[1], g.dilation[0], g.dilation[1], g.groups, g.in / g.groups, g.out / g.groups, g.in,
        g.out, w.data(), bias, -INFINITY, INFINITY, 0, &made), "xnn_create_convolution2d_nhwc_f32");
    const Owner owner(made, xnn_delete_operator);
    check(xnn_setup_convolution2d_nhwc_f32(made, g.batch, g.input[0], g.input[1], x.data(), y.data(), nullptr),
          "xnn_setup_convolution2d_nhwc_f32");
    check(xnn_run_operator(made, nullptr), "xnn_run_operator");
    return y;
}

// The filter of a deconvolution has the channels of its result in front: its two axes of channels are exchanged.
static Numbers turned(const Geometry &g, Numbers &w) {
    Numbers result(w.count);
    const size_t in = g.in / g.groups, out = g.out / g.groups, taps = g.kernel[0] * g.kernel[1];
    for (size_t group = 0; group < g.groups; group++)
        for (size_t o = 0; o < out; o++)
            for (size_t tap = 0; tap < taps; tap++)
                for (size_t c = 0; c < in; c++)
                    result.data()[((group * in + c) * taps + tap) * out + o] =
                        w.data()[((group * out + o) * taps + tap) * in + c];
    return result;
}

static Numbers transpose(const Geometry &g, Numbers &y, Numbers &w, const float *bias) {
    Numbers x(g.batch * g.input[0] * g.input[1] * g.in), filter = turned(g, w);
    xnn_operator_t made = nullptr;
    check(xnn_create_deconvolution2d_nhwc_f32(g.low[0], g.high[1], g.high[0], g.low[1], g.kernel[0], g.kernel[1],
        g.stride[0], g.stride[1], g.dilation[0], g.dilation[1], g.groups, g.out / g.groups, g.in / g.groups, g.out,
        g.in, filter.data(), bias, -INFINITY, INFINITY, 0, &made), "xnn_create_deconvolution2d_nhwc_f32");
    const Owner owner(made, xnn_delete_operator);
    check(xnn_setup_deconvolution2d_nhwc_f32(made, g.batch, g.output[0], g.output[1], g.adjustment[0], g.adjustment[1],
        y.data(), x.data(), nullptr), "xnn_setup_deconvolution2d_nhwc_f32");
    check(xnn_run_operator(made, nullptr), "xnn_run_operator");
    return x;
}

static void reply(const json &question) {
    std::vector<Numbers> operands;
    for (const auto &tensor : question["tensors"]) {
        operands.emplace_back(tensor["bytes"].get<size_t>() / sizeof(float));
        if (!std::cin.read(operands.back().bytes(), operands.back().size())) std::exit(1);
    }
    const std::string operation = question["operation"];
    const bool forward = operation == "conv" || operation == "conv_transpose_input_grad";
    const float *bias = operands.size() > 2 ? operands[2].data() : nullptr;
    json header{{"seq", question["seq"]}};
    Numbers result;
    try {
        result = (forward ? convolve : transpose)(Geometry(question["problem"]), operands[0], operands[1], bias);
        header["tensor"] = {{"dtype", "float32"}, {"shape", question["result"]["shape"]}, {"bytes", result.size()}};
    } catch (const Failure &failure) {
        const bool is_refusal = failure.status == xnn_status_unsupported_parameter;
        header[is_refusal ? "refused" : "error"] = failure.call + (" says status " + std::to_string(failure.status));
    }
    std::cout << header.dump() << "\n";
    std::cout.write(result.bytes(), result.size());
}

int main() {
    if (xnn_initialize(nullptr) != xnn_status_success) return 1;
    const json introduction{{"version", 1}, {"name", "xnnpack"}, {"language", "C++"}, {"device", "cpu"},
        {"dtypes", {"float32"}}, {"spatial", {1, 2}}, {"activations", "N*C"}, {"filters", "O*I"},
        {"operations", {"conv", "conv_input_grad", "conv_transpose", "conv_transpose_input_grad"}},
        {"capabilities", {{"negative_padding", false}, {"empty", false}}},
        {"homepage", "https://github.com/google/XNNPACK"}, {"issues", "https://github.com/google/XNNPACK/issues"}};
    for (std::string line; std::getline(std::cin, line);) {
        const json message = json::parse(line);
        if (message["cmd"] == "stop") break;
        if (message["cmd"] == "start") std::cout << introduction.dump() << "\n";
        else reply(message);
        std::cout.flush();
    }
}
