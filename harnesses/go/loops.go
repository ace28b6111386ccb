// A harness in Go: plain loops in float32. See docs/protocol.md.
package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"os"
	"strings"
)

type tensor struct {
	Name  string
	Shape []int
}

// What is read of a header: the decoder finds a field whatever the case of its letters.
type message struct {
	Cmd, Operation string
	Seq            int
	Tensors        []tensor
	Result         tensor
	Problem        struct {
		Batch, In_channels, Out_channels, Groups               int
		Input_size, Output_size, Kernel_size, Stride, Dilation []int
		Padding                                                [][2]int
	}
}

const introduction = `{"version":1,"name":"go-loops","language":"Go","device":"cpu","dtypes":["float32"],` +
	`"operations":["conv","conv_input_grad","conv_filter_grad","conv_transpose","conv_transpose_input_grad",` +
	`"conv_transpose_filter_grad"],"capabilities":{"bias":false}}`

func product(sizes []int) int {
	size := 1
	for _, each := range sizes {
		size *= each
	}
	return size
}

// position returns the index of element number at of a shape.
func position(at int, shape []int) []int {
	index := make([]int, len(shape))
	for axis := len(shape) - 1; axis >= 0; axis-- {
		index[axis], at = at%shape[axis], at/shape[axis]
	}
	return index
}

func flat(first, second, seconds int, index, shape []int) int {
	at := first*seconds + second
	for axis, each := range index {
		at = at*shape[axis] + each
	}
	return at
}

// answer adds up every product x[n, c, i] * w[o, c, k] of y[n, o, p] in the array that is asked for.
func answer(m message, arrays map[string][]float32) []float32 {
	p, result := m.Problem, make([]float32, product(m.Result.Shape))
	arrays[m.Result.Name] = result
	x, w, y := arrays["input"], arrays["filter"], arrays["output"]
	ins, outs := p.In_channels/p.Groups, p.Out_channels/p.Groups
	outer := []int{p.Batch, p.Out_channels, ins, product(p.Output_size), product(p.Kernel_size)}
	for number := 0; number < product(outer); number++ {
		at, i, inside := position(number, outer), make([]int, len(p.Stride)), true
		o, k := position(at[3], p.Output_size), position(at[4], p.Kernel_size)
		for axis := range i {
			i[axis] = o[axis]*p.Stride[axis] + k[axis]*p.Dilation[axis] - p.Padding[axis][0]
			inside = inside && i[axis] >= 0 && i[axis] < p.Input_size[axis]
		}
		xi := flat(at[0], at[1]/outs*ins+at[2], p.In_channels, i, p.Input_size)
		wk := flat(at[1], at[2], ins, k, p.Kernel_size)
		yo := flat(at[0], at[1], p.Out_channels, o, p.Output_size)
		if inside && m.Result.Name == "input" {
			x[xi] += y[yo] * w[wk]
		} else if inside && m.Result.Name == "filter" {
			w[wk] += x[xi] * y[yo]
		} else if inside { // and not in the padding, which is 0
			y[yo] += x[xi] * w[wk]
		}
	}
	return result
}

// read returns the operands by the arrays of the convolution that they are: a transposed one exchanges two of them.
func read(m message, input *bufio.Reader) map[string][]float32 {
	names, arrays := map[string]string{"x": "input", "dy": "output", "w": "filter"}, map[string][]float32{}
	if strings.HasPrefix(m.Operation, "conv_transpose") {
		names["x"], names["dy"] = "output", "input"
	}
	for _, each := range m.Tensors {
		arrays[names[each.Name]] = make([]float32, product(each.Shape))
		binary.Read(input, binary.LittleEndian, arrays[names[each.Name]]) // where it ends here, so does the loop
	}
	return arrays
}

func main() {
	input, output := bufio.NewReader(os.Stdin), bufio.NewWriter(os.Stdout)
	for {
		line, err := input.ReadBytes('\n')
		m := message{}
		if err != nil || json.Unmarshal(line, &m) != nil || m.Cmd == "stop" {
			return
		}
		if m.Cmd == "start" {
			output.WriteString(introduction + "\n")
		} else {
			numbers := answer(m, read(m, input))
			answered := map[string]any{"dtype": "float32", "shape": m.Result.Shape, "bytes": 4 * len(numbers)}
			header, _ := json.Marshal(map[string]any{"seq": m.Seq, "tensor": answered})
			output.Write(append(header, '\n'))
			binary.Write(output, binary.LittleEndian, numbers)
		}
		output.Flush()
	}
}
