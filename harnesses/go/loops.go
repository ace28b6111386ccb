// A harness in Go: the seven operations as plain loops, in float64 and float32. See docs/protocol.md.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"io"
	"os"
)

type Tensor struct {
	Name  string `json:"name,omitempty"`
	Dtype string `json:"dtype,omitempty"`
	Shape []int  `json:"shape"`
	Bytes int    `json:"bytes"`
}

type Message struct {
	Cmd, Operation, Dtype string
	Seq                   int
	Tensors               []Tensor
	Result                Tensor
	Problem               struct {
		Groups, Batch           int
		In_channels             int
		Out_channels            int
		Input_size, Output_size []int
		Kernel_size             []int
		Stride, Dilation        []int
		Padding                 [][2]int
	}
}

type Answer struct {
	Seq    int    `json:"seq"`
	Tensor Tensor `json:"tensor"`
}

var introduction = map[string]any{
	"version": 1, "name": "go-loops", "language": "Go", "device": "cpu", "dtypes": []string{"float64", "float32"},
	"operations": []string{"conv", "conv_input_grad", "conv_filter_grad", "conv_bias_grad", "conv_transpose",
		"conv_transpose_input_grad", "conv_transpose_filter_grad"},
}

type number interface{ float32 | float64 }

func product(sizes []int) int {
	size := 1
	for _, each := range sizes {
		size *= each
	}
	return size
}

// next goes to the next index of a shape, the last axis first; it returns false when there is none.
func next(index, shape []int) bool {
	for axis := len(shape) - 1; axis >= 0; axis-- {
		if index[axis]++; index[axis] < shape[axis] {
			return true
		}
		index[axis] = 0
	}
	return false
}

func flat(first, second, seconds int, index, shape []int) int {
	at := first*seconds + second
	for axis, each := range index {
		at = at*shape[axis] + each
	}
	return at
}

// answer adds up every product x[n, c, i] * w[o, c, k] of y[n, o, p] in the array that is asked for, behind its bias.
func answer[T number](m Message, arrays map[string][]T) []T {
	p, channels := m.Problem, m.Result.Shape
	result := make([]T, product(m.Result.Shape))
	each := 1
	if len(channels) > 1 {
		each = product(channels[2:])
	}
	for at := range result {
		if bias := arrays["bias"]; bias != nil {
			result[at] = bias[at/each%channels[1]]
		}
	}
	if m.Result.Name == "bias" {
		for at, number := range arrays["output"] {
			result[at/product(p.Output_size)%p.Out_channels] += number
		}
		return result
	}
	arrays[m.Result.Name] = result
	x, w, y := arrays["input"], arrays["filter"], arrays["output"]
	ins, outs := p.In_channels/p.Groups, p.Out_channels/p.Groups
	outer := []int{p.Batch, p.Out_channels, ins, product(p.Output_size), product(p.Kernel_size)}
	at, i := make([]int, 5), make([]int, len(p.Stride))
	o, k := make([]int, len(i)), make([]int, len(i))
	for more := product(outer) > 0; more; more = next(at, outer) {
		inside := true
		for axis := range i {
			i[axis] = o[axis]*p.Stride[axis] + k[axis]*p.Dilation[axis] - p.Padding[axis][0]
			inside = inside && i[axis] >= 0 && i[axis] < p.Input_size[axis]
		}
		if inside {
			xi := flat(at[0], at[1]/outs*ins+at[2], p.In_channels, i, p.Input_size)
			wk := flat(at[1], at[2], ins, k, p.Kernel_size)
			yo := flat(at[0], at[1], p.Out_channels, o, p.Output_size)
			switch m.Result.Name {
			case "input":
				x[xi] += y[yo] * w[wk]
			case "filter":
				w[wk] += x[xi] * y[yo]
			default:
				y[yo] += x[xi] * w[wk]
			}
		}
		if !next(k, p.Kernel_size) {
			next(o, p.Output_size)
		}
	}
	return result
}

func serve[T number](m Message, input io.Reader) []T {
	transposed, arrays := len(m.Operation) > 13 && m.Operation[:14] == "conv_transpose", map[string][]T{}
	for _, tensor := range m.Tensors {
		name := map[string]string{"x": "input", "dy": "output", "w": "filter", "bias": "bias"}[tensor.Name]
		if transposed && tensor.Name != "w" && tensor.Name != "bias" {
			name = map[string]string{"x": "output", "dy": "input"}[tensor.Name]
		}
		arrays[name] = make([]T, product(tensor.Shape))
		if binary.Read(input, binary.LittleEndian, arrays[name]) != nil {
			os.Exit(1)
		}
	}
	return answer(m, arrays)
}

func main() {
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		var m Message
		if err != nil || json.Unmarshal(line, &m) != nil || m.Cmd == "stop" {
			return
		}
		var reply, numbers any = introduction, nil
		if m.Cmd == "ask" {
			bytes := product(m.Result.Shape) * map[string]int{"float32": 4, "float64": 8}[m.Dtype]
			reply = Answer{m.Seq, Tensor{Dtype: m.Dtype, Shape: m.Result.Shape, Bytes: bytes}}
			if m.Dtype == "float32" {
				numbers = serve[float32](m, input)
			} else {
				numbers = serve[float64](m, input)
			}
		}
		header, _ := json.Marshal(reply)
		output.Write(append(header, '\n'))
		if numbers != nil {
			binary.Write(output, binary.LittleEndian, numbers)
		}
		output.Flush()
	}
}
