// A harness in Rust without crates: plain loops in float32, a thread for each image or filter. See docs/protocol.md.
use std::io::{stdin, stdout, BufRead, Read, Write};

const INTRODUCTION: &str = r#"{"version":1,"name":"rust-threads","language":"Rust","device":"cpu","dtypes":["float32"],
"operations":["conv","conv_input_grad","conv_filter_grad","conv_transpose","conv_transpose_input_grad",
"conv_transpose_filter_grad"],"capabilities":{"bias":false}}"#;

/// The integers behind a key, a number or a list of any depth, up to the next key or the end of the object.
fn integers(line: &str, key: &str) -> Vec<usize> {
    let rest = line.split(&format!("\"{key}\":")).nth(1).expect(key);
    let end = rest.find(|letter| letter == '"' || letter == '}').unwrap_or(rest.len());
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
    steps: [[usize; 3]; 3], // stride, dilation, padding in front
}

fn read_problem(line: &str) -> Problem {
    let one = |key: &str| integers(line, key)[0];
    let (n, c, o, groups) = (one("batch"), one("in_channels"), one("out_channels"), one("groups"));
    let spatial = ["input_size", "kernel_size", "output_size"].map(|key| axes(line, key, 1, 1));
    let shape = |array: usize, first, second| [first, second, spatial[array][0], spatial[array][1], spatial[array][2]];
    Problem {
        shapes: [shape(0, n, c), shape(1, o, c / groups), shape(2, n, o)],
        groups,
        steps: [axes(line, "stride", 1, 1), axes(line, "dilation", 1, 1), axes(line, "padding", 2, 0)],
    }
}

fn flat(shape: &[usize; 5], index: [usize; 5]) -> usize {
    index.iter().zip(shape).fold(0, |at, (i, size)| at * size + i)
}

/// Every position of the three spatial axes of an array.
fn positions(shape: &[usize; 5]) -> impl Iterator<Item = [usize; 3]> {
    let (depth, height, width) = (shape[2], shape[3], shape[4]);
    (0..depth * height * width).map(move |at| [at / width / height, at / width % height, at % width])
}

/// Add up every product that belongs to `part`, the entry `first` of the first axis of array `result`.
fn accumulate(p: &Problem, arrays: &[Vec<f32>; 3], result: usize, first: usize, part: &mut [f32]) {
    let ([input, filter, output], [stride, dilation, low]) = (&p.shapes, &p.steps);
    let only = |count: usize, is_split: bool| if is_split { first..first + 1 } else { 0..count };
    let outs = output[1] / p.groups;
    for n in only(input[0], result != 1) {
        for o in only(output[1], result == 1) {
            for (at, c) in positions(output).flat_map(|at| (0..filter[1]).map(move |c| (at, c))) {
                for k in positions(filter) {
                    // A position below 0 wraps round, and is then beyond every size.
                    let i = [0, 1, 2].map(|a| (at[a] * stride[a] + k[a] * dilation[a]).wrapping_sub(low[a]));
                    if (0..3).any(|a| i[a] >= input[2 + a]) {
                        continue;
                    }
                    let x = flat(input, [n, o / outs * filter[1] + c, i[0], i[1], i[2]]);
                    let w = flat(filter, [o, c, k[0], k[1], k[2]]);
                    let y = flat(output, [n, o, at[0], at[1], at[2]]);
                    let (element, product) = match result {
                        0 => (x, arrays[1][w] * arrays[2][y]),
                        1 => (w, arrays[0][x] * arrays[2][y]),
                        _ => (y, arrays[0][x] * arrays[1][w]),
                    };
                    part[element % part.len()] += product;
                }
            }
        }
    }
}

/// The answer, added up entry by entry of its first axis, a thread each.
fn answer(line: &str, p: &Problem, arrays: &[Vec<f32>; 3]) -> Vec<f32> {
    let is_asked = |name: &&str| line.contains(&format!(r#""result":{{"name":"{name}""#));
    let result = ["input", "filter", "output"].iter().position(is_asked).unwrap();
    let mut sums = vec![0.0; p.shapes[result].iter().product()];
    let part = sums.len() / p.shapes[result][0].max(1);
    std::thread::scope(|scope| {
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
            writeln!(output, "{}", INTRODUCTION.replace('\n', "")).unwrap();
        } else {
            let mut arrays = [vec![], vec![], vec![]];
            for tensor in line.split("{\"name\":").skip(1).take(2) {
                let mut bytes = vec![0; integers(tensor, "bytes")[0]];
                input.read_exact(&mut bytes).unwrap();
                let numbers = bytes.chunks(4).map(|four| f32::from_le_bytes(four.try_into().unwrap())).collect();
                let is_output = tensor.starts_with("\"x\"") == line.contains("\"conv_transpose");
                arrays[if tensor.starts_with("\"w\"") { 1 } else { 2 * is_output as usize }] = numbers;
            }
            let sums = answer(&line, &read_problem(&line), &arrays);
            let bytes: Vec<u8> = sums.iter().flat_map(|sum| sum.to_le_bytes()).collect();
            let shape = integers(&line[line.find("\"result\":").unwrap()..], "shape");
            let tensor = format!(r#"{{"dtype":"float32","shape":{shape:?},"bytes":{}}}"#, bytes.len());
            writeln!(output, r#"{{"seq":{},"tensor":{tensor}}}"#, integers(&line, "seq")[0]).unwrap();
            output.write_all(&bytes).unwrap();
        }
        output.flush().unwrap();
        line.clear();
    }
}
