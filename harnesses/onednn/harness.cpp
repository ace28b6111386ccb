// A harness for oneDNN on the CPU, memory formats of its own choice: see docs/protocol.md.
#include <iostream>
#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>

using namespace dnnl;
using nlohmann::json;
using dims = memory::dims;
static engine cpu(engine::kind::cpu, 0);
static stream queue(cpu);

// The geometry of a question in oneDNN's terms: a dilation of 0 is none, groups are an axis of the filter in front.
struct Geometry {
    dims input, filter, output, stride, dilation, low, high;
    bool has_groups;
    explicit Geometry(const json &p) {
        long n = p["batch"], c = p["in_channels"], o = p["out_channels"], g = p["groups"];
        input = {n, c}, output = {n, o}, has_groups = g > 1;
        filter = has_groups ? dims{g, o / g, c / g} : dims{o, c};
        for (long size : p["input_size"]) input.push_back(size);
        for (long size : p["output_size"]) output.push_back(size);
        for (long size : p["kernel_size"]) filter.push_back(size);
        stride = p["stride"].get<dims>();
        for (long step : p["dilation"]) dilation.push_back(step - 1);
        for (const auto &pair : p["padding"]) low.push_back(pair[0]), high.push_back(pair[1]);
    }
};

// Memory for an array in the order in which it travels.
static memory in_order(const dims &shape, memory::data_type type) {
    using tag = memory::format_tag;
    static const tag orders[] = {tag::undef, tag::a, tag::ab, tag::abc, tag::abcd, tag::abcde, tag::abcdef};
    return memory({shape, type, orders[shape.size()]}, cpu);
}

// Runs a primitive on operands in the formats that it has chosen, and brings what it computes into that of `result`.
template <class Primitive, class Description = typename Primitive::primitive_desc>
static void run(const Description &chosen, std::unordered_map<int, memory> operands, int target, memory result) {
    for (auto &[argument, operand] : operands) {
        if (!operand) continue;  // no bias
        memory original = std::exchange(operand, memory(chosen.query_md(query::exec_arg_md, argument), cpu));
        reorder(original, operand).execute(queue, original, operand);
    }
    memory own = operands[target] = memory(chosen.query_md(query::exec_arg_md, target), cpu);
    Primitive(chosen).execute(queue, operands);
    reorder(own, result).execute(queue, own, result);
    queue.wait();
}

static void answer(const std::string &operation, const Geometry &g, memory::data_type type,
                   std::map<std::string, memory> operands, const memory &result) {
    const auto direct = algorithm::convolution_direct;
    const auto any = [&](const dims &shape) { return memory::desc(shape, type, memory::format_tag::any); };
    const auto x = any(g.input), w = any(g.filter), y = any(g.output);
    const bool transposed = operation.rfind("conv_transpose", 0) == 0;  // the operands of a gradient are exchanged
    const memory large = operands[transposed ? "dy" : "x"], small = operands[transposed ? "x" : "dy"];
    const memory filter = operands["w"], bias = operands["bias"];
    const auto of_bias = bias ? bias.get_desc() : memory::desc();
    // A gradient's primitive is made with a hint: that of the convolution that it belongs to.
    const convolution_forward::primitive_desc hint(
        {prop_kind::forward_training, direct, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu);
    if (operation == "conv" || operation == "conv_transpose_input_grad") {
        run<convolution_forward>(
            {{prop_kind::forward_inference, direct, x, w, of_bias, y, g.stride, g.dilation, g.low, g.high}, cpu},
            {{DNNL_ARG_SRC, large}, {DNNL_ARG_WEIGHTS, filter}, {DNNL_ARG_BIAS, bias}}, DNNL_ARG_DST, result);
    } else if (operation == "conv_input_grad") {
        run<convolution_backward_data>({{direct, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu, hint},
            {{DNNL_ARG_DIFF_DST, small}, {DNNL_ARG_WEIGHTS, filter}}, DNNL_ARG_DIFF_SRC, result);
    } else if (operation == "conv_transpose") {  // whose filter has its two axes of channels the other way round
        std::vector<int> axes(g.filter.size());
        for (size_t axis = 0; axis < axes.size(); axis++) axes[axis] = axis;
        std::swap(axes[g.has_groups], axes[g.has_groups + 1]);
        const memory turned(filter.get_desc().permute_axes(axes), cpu, filter.get_data_handle());
        run<deconvolution_forward>({{prop_kind::forward_inference, algorithm::deconvolution_direct, y,
            any(turned.get_desc().dims()), of_bias, x, g.stride, g.dilation, g.low, g.high}, cpu},
            {{DNNL_ARG_SRC, small}, {DNNL_ARG_WEIGHTS, turned}, {DNNL_ARG_BIAS, bias}}, DNNL_ARG_DST, result);
    } else {
        run<convolution_backward_weights>({{direct, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu, hint},
            {{DNNL_ARG_SRC, large}, {DNNL_ARG_DIFF_DST, small}}, DNNL_ARG_DIFF_WEIGHTS, result);
    }
}

// Computes what a question asks for; returns the bytes, and puts the rest of the answer into the header.
static std::string reply(const json &question, json &header) {
    const Geometry geometry(question["problem"]);
    const auto type = question["dtype"] == "bfloat16" ? memory::data_type::bf16 : memory::data_type::f32;
    const auto memory_for = [&](const json &array, bool filter) {
        return in_order(filter ? geometry.filter : array["shape"].get<dims>(), type);
    };
    std::map<std::string, memory> operands;
    for (const auto &tensor : question["tensors"]) {
        const memory operand = operands[tensor["name"]] = memory_for(tensor, tensor["name"] == "w");
        std::cin.read(static_cast<char *>(operand.get_data_handle()), tensor["bytes"]);
    }
    const memory result = memory_for(question["result"], question["result"]["name"] == "filter");
    try {
        answer(question["operation"], geometry, type, operands, result);
        const size_t bytes = result.get_desc().get_size();
        header["tensor"] = {{"dtype", question["dtype"]}, {"shape", question["result"]["shape"]}, {"bytes", bytes}};
        return std::string(static_cast<char *>(result.get_data_handle()), bytes);
    } catch (const error &error) {  // "invalid arguments" are empty channels, and kernels larger than the image
        const bool is_refusal = error.status == dnnl_unimplemented || error.status == dnnl_invalid_arguments;
        return header[is_refusal ? "refused" : "error"] = error.message, "";
    }
}

int main() {
    const std::string version = std::to_string(dnnl_version()->major) + "." + std::to_string(dnnl_version()->minor);
    const json introduction{{"version", 1}, {"name", "onednn"}, {"language", "C++"}, {"target", version},
        {"device", "cpu"}, {"dtypes", {"float32", "bfloat16"}}, {"capabilities", {{"negative_padding", false}}},
        {"operations", {"conv", "conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_input_grad",
                        "conv_transpose_filter_grad"}}, {"homepage", "https://github.com/uxlfoundation/oneDNN"}};
    for (std::string line; std::getline(std::cin, line);) {
        const json message = json::parse(line);
        if (message["cmd"] == "stop") break;
        json header = message["cmd"] == "start" ? introduction : json{{"seq", message["seq"]}};
        const std::string numbers = message["cmd"] == "start" ? "" : reply(message, header);
        std::cout << header.dump() << "\n" << numbers << std::flush;
    }
}
