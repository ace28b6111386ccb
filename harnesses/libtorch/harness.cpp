// A harness for libtorch, PyTorch's C++ library, on the CPU; gradients come from its autograd. See docs/protocol.md.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/api/include/torch/version.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <regex>

using nlohmann::json;
using Numbers = std::vector<int64_t>;
using Tensors = std::map<std::string, at::Tensor>;
static const std::map<std::string, at::ScalarType> TYPES{
    {"float64", at::kDouble}, {"float32", at::kFloat}, {"bfloat16", at::kBFloat16}};

// What the library does not offer; any other exception is an error.
static const std::regex REFUSED(
    "Only zero batch|Kernel size can't be greater|size is too small|weight to be at least|not implemented for");

// The geometry of a question, with the shapes of the convolution's three arrays.
struct Geometry {
    Numbers input, filter, output, size, stride, dilation, low, high, output_padding;
    int64_t groups;
    explicit Geometry(const json &p) : size(p["input_size"]), stride(p["stride"]), dilation(p["dilation"]),
        output_padding(p["output_padding"]), groups(p["groups"]) {
        input = shape(p["batch"], p["in_channels"], size);
        output = shape(p["batch"], p["out_channels"], p["output_size"]);
        filter = shape(p["out_channels"], input[1] / groups, p["kernel_size"]);
        for (const auto &pair : p["padding"]) low.push_back(pair[0]), high.push_back(pair[1]);
    }
    static Numbers shape(int64_t first, int64_t second, const Numbers &spatial) {
        Numbers all{first, second};
        all.insert(all.end(), spatial.begin(), spatial.end());
        return all;
    }
    // The library pads both sides alike, and by no negative number.
    bool is_even() const { return low == high && *std::min_element(low.begin(), low.end()) >= 0; }
};

// Pads each spatial axis, the last one first as the library counts them; a negative number crops.
static at::Tensor padded(const at::Tensor &x, const Numbers &low, const Numbers &high) {
    Numbers sides;
    for (size_t axis = low.size(); axis-- > 0;) sides.insert(sides.end(), {low[axis], high[axis]});
    return at::constant_pad_nd(x, sides);
}

static at::Tensor convolve(const Geometry &g, const at::Tensor &x, const at::Tensor &w, const at::Tensor &bias) {
    const Numbers none(g.low.size(), 0);
    const bool even = g.is_even();
    return at::convolution(even ? x : padded(x, g.low, g.high), w, bias, g.stride, even ? g.low : none, g.dilation,
                           /*transposed=*/false, none, g.groups);
}

// Where the padding is uneven, the result without padding is cropped to what is asked for.
static at::Tensor transpose(const Geometry &g, const at::Tensor &y, const at::Tensor &w, const at::Tensor &bias) {
    const Numbers none(g.low.size(), 0);
    if (g.is_even()) return at::convolution(y, w, bias, g.stride, g.low, g.dilation, true, g.output_padding, g.groups);
    at::Tensor full = at::convolution(y, w, {}, g.stride, none, g.dilation, true, none, g.groups);
    Numbers before, after, per_channel(g.input.size(), 1);
    for (size_t axis = 0; axis < g.low.size(); axis++) {
        before.push_back(-g.low[axis]);
        after.push_back(g.size[axis] + g.low[axis] - full.size(axis + 2));
    }
    per_channel[1] = g.input[1];
    at::Tensor cropped = padded(full, before, after);
    return bias.defined() ? cropped + bias.reshape(per_channel) : cropped;
}

// A gradient is linear: the operand that it is taken in, and that the question does not hold, may as well be 0.
static at::Tensor answer(const std::string &operation, const Geometry &g, Tensors operands, at::ScalarType type) {
    const bool transposed = operation.rfind("conv_transpose", 0) == 0;
    const auto is_in = [&](const char *name) { return operation.find(name) != std::string::npos; };
    const std::string target = is_in("_input_grad") ? "x" : is_in("_filter_grad") ? "w" : is_in("_bias") ? "bias" : "";
    Tensors all{{"x", at::zeros(transposed ? g.output : g.input, type)}, {"w", at::zeros(g.filter, type)}};
    if (target == "bias") all["bias"] = at::zeros({g.filter[0]}, type);
    for (const auto &[name, tensor] : operands) all[name] = tensor;
    if (!target.empty()) all[target].set_requires_grad(true);
    at::Tensor result = (transposed ? transpose : convolve)(g, all["x"], all["w"], all["bias"]);
    return !target.empty() ? torch::autograd::grad({result}, {all[target]}, {all["dy"]})[0] : result;
}

static Tensors read_operands(const json &tensors, at::ScalarType type) {
    Tensors operands;
    for (const auto &header : tensors) {
        at::Tensor tensor = operands[header["name"]] = at::empty(header["shape"].get<Numbers>(), type);
        if (!std::cin.read(static_cast<char *>(tensor.data_ptr()), tensor.nbytes())) std::exit(1);
    }
    return operands;
}

static void reply(const json &question) {
    json header{{"seq", question["seq"]}};
    at::Tensor result;
    at::ScalarType type = TYPES.at(question["dtype"]);
    Tensors operands = read_operands(question["tensors"], type);
    try {
        result = answer(question["operation"], Geometry(question["problem"]), operands, type).contiguous();
        header["tensor"] = {{"dtype", question["dtype"]}, {"shape", result.sizes().vec()}, {"bytes", result.nbytes()}};
    } catch (const c10::Error &error) {
        const std::string said = error.what_without_backtrace();
        header[std::regex_search(said, REFUSED) ? "refused" : "error"] = said;
    }
    std::cout << header.dump() << "\n";
    if (result.defined()) std::cout.write(static_cast<const char *>(result.data_ptr()), result.nbytes());
}

int main() {
    const json introduction{{"version", 1}, {"name", "libtorch"}, {"language", "C++"}, {"target", TORCH_VERSION},
        {"device", "cpu"}, {"dtypes", {"float64", "float32", "bfloat16"}}, {"homepage", "https://pytorch.org/cppdocs/"},
        {"operations", {"conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad", "conv_transpose",
                        "conv_transpose_input_grad", "conv_transpose_filter_grad"}}};
    for (std::string line; std::getline(std::cin, line);) {
        const json message = json::parse(line);
        if (message["cmd"] == "stop") break;
        if (message["cmd"] == "start") std::cout << introduction.dump() << "\n";
        else reply(message);
        std::cout.flush();
    }
}
