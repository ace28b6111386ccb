// A harness for oneDNN on the CPU, memory formats of its own choice: see docs/protocol.md.
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <vector>

using namespace dnnl;
using nlohmann::json;
using dims = memory::dims;

static engine cpu(engine::kind::cpu, 0);
static stream queue(cpu);

// The geometry of a question in oneDNN's terms: a dilation of 0 is none, groups are an axis of the filter in front.
struct Geometry {
    dims input, filter, output, stride, dilation, low, high;
    explicit Geometry(const json &p) {
        long n = p["batch"], c = p["in_channels"], o = p["out_channels"], g = p["groups"];
        input = {n, c}, output = {n, o}, filter = g > 1 ? dims{g, o / g, c / g} : dims{o, c};
        for (long size : p["input_size"]) input.push_back(size);
        for (long size : p["output_size"]) output.push_back(size);
        for (long size : p["kernel_size"]) filter.push_back(size);
        for (long step : p["stride"]) stride.push_back(step);
        for (long step : p["dilation"]) dilation.push_back(step - 1);
        for (const auto &pair : p["padding"]) low.push_back(pair[0]), high.push_back(pair[1]);
    }
};

static memory::desc in_order(const dims &shape, memory::data_type type) {
    dims strides(shape.size(), 1);
    for (size_t axis = shape.size() - 1; axis-- > 0;) strides[axis] = strides[axis + 1] * std::max<long>(shape[axis + 1], 1);
    return memory::desc(shape, type, strides);
}
static memory::desc any(const dims &shape, memory::data_type type) { return memory::desc(shape, type, memory::format_tag::any); }

// The same filter, or its description, with the roles of its two channel axes exchanged.
static memory::desc exchanged(const memory::desc &filter, bool groups) {
    std::vector<int> order(filter.dims().size());
    for (size_t axis = 0; axis < order.size(); axis++) order[axis] = (int)axis;
    std::swap(order[groups], order[groups + 1]);
    return filter.permute_axes(order);
}

// `given`, reordered where the primitive wants another format.
static memory in_format(memory given, const memory::desc &wanted) {
    if (given.get_desc() == wanted) return given;
    memory moved(wanted, cpu);
    reorder(given, moved).execute(queue, given, moved);
    return moved;
}
static void run(const primitive &primitive, std::map<int, memory> arguments, int result, memory answer) {
    memory own(arguments.at(result));
    primitive.execute(queue, std::unordered_map<int, memory>(arguments.begin(), arguments.end()));
    if (own.get_desc() != answer.get_desc()) reorder(own, answer).execute(queue, own, answer);
    else std::memcpy(answer.get_data_handle(), own.get_data_handle(), own.get_desc().get_size());
    queue.wait();
}

static void answer(const std::string &operation, const Geometry &g, memory::data_type type, std::map<std::string, memory> given, memory result) {
    auto algorithm = algorithm::convolution_direct;
    auto x = any(g.input, type), w = any(g.filter, type), y = any(g.output, type);
    convolution_forward::primitive_desc forward(
        {prop_kind::forward_training, algorithm, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu);
    if (operation == "conv" || operation == "conv_transpose_input_grad") {
        auto bias = given.count("bias") ? given["bias"].get_desc() : memory::desc();
        convolution_forward::primitive_desc chosen(
            {prop_kind::forward_inference, algorithm, x, w, bias, y, g.stride, g.dilation, g.low, g.high}, cpu);
        run(convolution_forward(chosen),
            {{DNNL_ARG_SRC, in_format(given[operation == "conv" ? "x" : "dy"], chosen.src_desc())}, {DNNL_ARG_WEIGHTS, in_format(given["w"], chosen.weights_desc())},
             {DNNL_ARG_BIAS, given.count("bias") ? given["bias"] : memory()}, {DNNL_ARG_DST, memory(chosen.dst_desc(), cpu)}}, DNNL_ARG_DST, result);
    } else if (operation == "conv_input_grad") {
        convolution_backward_data::primitive_desc chosen({algorithm, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu, forward);
        run(convolution_backward_data(chosen),
            {{DNNL_ARG_DIFF_DST, in_format(given["dy"], chosen.diff_dst_desc())}, {DNNL_ARG_WEIGHTS, in_format(given["w"], chosen.weights_desc())},
             {DNNL_ARG_DIFF_SRC, memory(chosen.diff_src_desc(), cpu)}}, DNNL_ARG_DIFF_SRC, result);
    } else if (operation == "conv_transpose") {
        bool groups = g.filter.size() > g.input.size();
        auto bias = given.count("bias") ? given["bias"].get_desc() : memory::desc();
        memory filter(exchanged(given["w"].get_desc(), groups), cpu, given["w"].get_data_handle());
        deconvolution_forward::primitive_desc chosen({prop_kind::forward_inference, algorithm::deconvolution_direct, y,
            any(filter.get_desc().dims(), type), bias, x, g.stride, g.dilation, g.low, g.high}, cpu);
        run(deconvolution_forward(chosen),
            {{DNNL_ARG_SRC, in_format(given["x"], chosen.src_desc())}, {DNNL_ARG_WEIGHTS, in_format(filter, chosen.weights_desc())},
             {DNNL_ARG_BIAS, given.count("bias") ? given["bias"] : memory()}, {DNNL_ARG_DST, memory(chosen.dst_desc(), cpu)}}, DNNL_ARG_DST, result);
    } else {  // the gradient in the filter, of either convolution: they exchange their operands
        bool transposed = operation == "conv_transpose_filter_grad";
        convolution_backward_weights::primitive_desc chosen({algorithm, x, w, y, g.stride, g.dilation, g.low, g.high}, cpu, forward);
        run(convolution_backward_weights(chosen),
            {{DNNL_ARG_SRC, in_format(given[transposed ? "dy" : "x"], chosen.src_desc())},
             {DNNL_ARG_DIFF_DST, in_format(given[transposed ? "x" : "dy"], chosen.diff_dst_desc())},
             {DNNL_ARG_DIFF_WEIGHTS, memory(chosen.diff_weights_desc(), cpu)}}, DNNL_ARG_DIFF_WEIGHTS, result);
    }
}

int main() {
    std::map<std::string, memory::data_type> types{{"float32", memory::data_type::f32}, {"bfloat16", memory::data_type::bf16}};
    std::string line, version = std::to_string(dnnl_version()->major) + "." + std::to_string(dnnl_version()->minor);
    json introduction{{"version", 1}, {"name", "onednn"}, {"language", "C++"}, {"target", version}, {"device", "cpu"}, {"dtypes", {"float32", "bfloat16"}},
        {"capabilities", {{"negative_padding", false}}}, {"homepage", "https://github.com/uxlfoundation/oneDNN"},
        {"operations", {"conv", "conv_input_grad", "conv_filter_grad", "conv_transpose", "conv_transpose_input_grad", "conv_transpose_filter_grad"}}};
    while (std::getline(std::cin, line)) {
        json message = json::parse(line), reply{{"seq", message.value("seq", 0)}};
        if (message["cmd"] == "stop") break;
        std::vector<char> bytes;
        if (message["cmd"] == "ask") {
            Geometry geometry(message["problem"]);
            auto type = types.at(message["dtype"]);
            std::map<std::string, memory> given;
            for (const auto &tensor : message["tensors"]) {
                std::string name = tensor["name"];
                auto shape = name == "w" ? geometry.filter : tensor["shape"].get<dims>();
                given[name] = memory(in_order(shape, type), cpu);
                std::cin.read((char *)given[name].get_data_handle(), tensor["bytes"]);
            }
            auto shape = message["result"]["name"] == "filter" ? geometry.filter : message["result"]["shape"].get<dims>();
            memory result(in_order(shape, type), cpu);
            try {
                answer(message["operation"], geometry, type, given, result);
                long count = type == memory::data_type::f32 ? 4 : 2;
                for (long size : shape) count *= size;
                bytes.assign((char *)result.get_data_handle(), (char *)result.get_data_handle() + count);
                reply["tensor"] = {{"dtype", message["dtype"]}, {"shape", message["result"]["shape"]}, {"bytes", bytes.size()}};
            } catch (const error &error) {
                reply[error.status == dnnl_unimplemented ? "refused" : "error"] = error.message;
            }
        }
        std::cout << (message["cmd"] == "ask" ? reply : introduction).dump() << "\n";
        std::cout.write(bytes.data(), bytes.size()).flush();
    }
}
