// A harness in Rust without crates: plain loops in float32, a thread for each image, or for each filter. See docs/protocol.md.
use std::io::{stdin, stdout, BufRead, Read, Write};
use std::thread;

const START: &str = r#"{"version":1,"name":"rust-threads","language":"Rust","device":"cpu","dtypes":["float32"],"operations":
["conv","conv_input_grad","conv_filter_grad","conv_transpose","conv_transpose_input_grad","conv_transpose_filter_grad"],
"capabilities":{"bias":false}}"#;

/// The integers behind a key: a number, or a list of any depth.
fn integers(line: &str, key: &str) -> Vec<usize> {
    let rest = &line[line.find(key).expect(key) + key.len()..];
    let mut depth = 0;
    let is_end = |letter: char| {
        depth += (letter == '[') as i32 - (letter == ']') as i32;
        depth == 0 && !letter.is_ascii_digit() && letter != '-' && letter != ' '
    };
    let end = rest.find(is_end).unwrap_or(rest.len());
    let parts = rest[..end].split(|letter: char| !letter.is_ascii_digit() && letter != '-');
    parts.filter(|part| !part.is_empty()).map(|part| part.parse::<isize>().unwrap() as usize).collect()
}

/// One number an axis, of pairs the first: depth, height, width, `absent` for an axis that there is not.
fn axes(line: &str, key: &str, step: usize, absent: usize) -> [usize; 3] {
    let numbers: Vec<usize> = integers(line, key).into_iter().step_by(step).collect();
    let mut every = [absent; 3];
    every[3 - numbers.len()..].copy_from_slice(&numbers);
    every
}

struct Problem {
    shapes: [[usize; 5]; 3], // input, filter, output: two axes and three spatial ones
    groups: usize,
    stride: [usize; 3],
    dilation: [usize; 3],
    low: [usize; 3],
}

fn read_problem(line: &str) -> Problem {
    let one = |key: &str| integers(line, key)[0];
    let (n, c, o, groups) = (one("\"batch\":"), one("\"in_channels\":"), one("\"out_channels\":"), one("\"groups\":"));
    let spatial = ["\"input_size\":", "\"kernel_size\":", "\"output_size\":"].map(|key| axes(line, key, 1, 1));
    let shape = |array: usize, first, second| [first, second, spatial[array][0], spatial[array][1], spatial[array][2]];
    Problem {
        shapes: [shape(0, n, c), shape(1, o, c / groups), shape(2, n, o)],
        groups,
        stride: axes(line, "\"stride\":", 1, 1),
        dilation: axes(line, "\"dilation\":", 1, 1),
        low: axes(line, "\"padding\":", 2, 0),
    }
}

fn flat(shape: &[usize; 5], index: [usize; 5]) -> usize {
    index.iter().zip(shape).fold(0, |at, (i, size)| at * size + i)
}

/// Add up every product that belongs to `part`, the entry `first` of the first axis of array `result`.
fn accumulate(p: &Problem, arrays: &[Vec<f32>; 3], result: usize, first: usize, part: &mut [f32]) {
    let [input, filter, output] = &p.shapes;
    let only = |count: usize, is_split: bool| if is_split { first..first + 1 } else { 0..count };
    let outs = output[1] / p.groups;
    let space = |a: usize, b: usize, c: usize| (0..a).flat_map(move |i| (0..b).flat_map(move |j| (0..c).map(move |k| [i, j, k])));
    for n in only(input[0], result != 1) {
        for o in only(output[1], result == 1) {
            for at in space(output[2], output[3], output[4]) {
                for c in 0..filter[1] {
                    for k in space(filter[2], filter[3], filter[4]) {
                        // A position below 0 wraps round, and is then beyond every size.
                        let i = [0, 1, 2].map(|a| (at[a] * p.stride[a] + k[a] * p.dilation[a]).wrapping_sub(p.low[a]));
                        if (0..3).any(|a| i[a] >= input[2 + a]) {
                            continue;
                        }
                        let x = flat(input, [n, o / outs * filter[1] + c, i[0], i[1], i[2]]);
                        let w = flat(filter, [o, c, k[0], k[1], k[2]]);
                        let y = flat(output, [n, o, at[0], at[1], at[2]]);
                        let (place, product) = match result {
                            0 => (x, arrays[1][w] * arrays[2][y]),
                            1 => (w, arrays[0][x] * arrays[2][y]),
                            _ => (y, arrays[0][x] * arrays[1][w]),
                        };
                        let length = part.len();
                        part[place % length] += product;
                    }
                }
            }
        }
    }
}

/// The answer, added up entry by entry of its first axis, a thread each.
fn answer(line: &str, p: &Problem, arrays: &[Vec<f32>; 3]) -> Vec<f32> {
    let is_asked = |name: &&str| line.contains(&format!("\"result\":{{\"name\":\"{name}\""));
    let result = ["input", "filter", "output"].iter().position(is_asked).unwrap();
    let mut sums = vec![0.0; p.shapes[result].iter().product()];
    let part = sums.len() / p.shapes[result][0].max(1);
    thread::scope(|scope| {
        for (first, part) in sums.chunks_mut(part.max(1)).enumerate() {
            scope.spawn(move || accumulate(p, arrays, result, first, part));
        }
    });
    sums
}

fn main() {
    let (mut input, mut output) = (stdin().lock(), stdout().lock());
    let mut line = String::new();
    while input.read_line(&mut line).unwrap() > 0 && !line.contains("\"stop\"") {
        if line.contains("\"start\"") {
            writeln!(output, "{}", START.replace('\n', "")).unwrap();
        } else {
            let mut arrays = [vec![], vec![], vec![]];
            let tensors = &line[line.find("\"tensors\":").unwrap()..line.find("\"result\":").unwrap()];
            for tensor in tensors.split("{\"name\":").skip(1) {
                let mut bytes = vec![0; integers(tensor, "\"bytes\":")[0]];
                input.read_exact(&mut bytes).unwrap();
                let numbers = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
                let is_small = tensor.starts_with("\"x\"") == line.contains("\"conv_transpose");
                arrays[if tensor.starts_with("\"w\"") { 1 } else if is_small { 2 } else { 0 }] = numbers;
            }
            let shape = &line[line.find("\"result\":").unwrap()..];
            let result = answer(&line, &read_problem(&line), &arrays);
            let bytes: Vec<u8> = result.iter().flat_map(|number| number.to_le_bytes()).collect();
            let (seq, shape) = (integers(&line, "\"seq\":")[0], integers(shape, "\"shape\":"));
            writeln!(output, "{{\"seq\":{seq},\"tensor\":{{\"dtype\":\"float32\",\"shape\":{shape:?},\"bytes\":{}}}}}", bytes.len()).unwrap();
            output.write_all(&bytes).unwrap();
        }
        output.flush().unwrap();
        line.clear();
    }
}
