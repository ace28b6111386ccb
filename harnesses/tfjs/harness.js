// A harness for TensorFlow.js, back end cpu or wasm as its argument says: see docs/protocol.md.
const fs = require('fs');
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');

const backend = process.argv[2] || 'cpu';
class Refusal extends Error {}

// What is not there at all is said by these words; everything else is an error.
const REFUSED = /not registered|must be 1|not (yet )?supported|Unsupported|should not be used|Unknown gradient/i;

let unread = Buffer.alloc(0);
function more() {
  const piece = Buffer.alloc(1 << 20);
  for (;;) {
    try {
      const count = fs.readSync(0, piece);
      unread = Buffer.concat([unread, piece.subarray(0, count)]);
      return count > 0;
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
function take(count) {
  while (unread.length < count) if (!more()) process.exit(1);
  const taken = unread.subarray(0, count);
  unread = unread.subarray(count);
  return taken;
}
function readLine() {
  let end;
  while ((end = unread.indexOf(10)) < 0) if (!more()) return null;
  return take(end + 1).toString();
}
function write(header, bytes = Buffer.alloc(0)) {
  for (let left = Buffer.concat([Buffer.from(JSON.stringify(header) + '\n'), bytes]); left.length;) {
    try {
      left = left.subarray(fs.writeSync(1, left));
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}
function readTensor({shape, bytes}) {
  const data = take(bytes);
  return tf.tensor(new Float32Array(data.buffer.slice(data.byteOffset, data.byteOffset + bytes)), shape);
}

// The padding in the library's own words where it has them, and what has to be padded before.
function paddingOf(p) {
  const names = {valid: 'valid', same_upper: 'same'}, rank = p.stride.length;
  if (p.symbol in names) return {pad: names[p.symbol], before: []};
  if (p.padding.flat().some(side => side < 0)) throw new Refusal('no padding below 0');
  if (rank === 2) return {pad: [[0, 0], ...p.padding, [0, 0]], before: []};
  return {pad: 'valid', before: [[0, 0], ...p.padding, [0, 0]]};
}
function convolve(p, x, w) {
  const {pad, before} = paddingOf(p), rank = p.stride.length;
  if (before.length) x = tf.pad(x, before);
  if (p.groups > 1) {
    if (rank !== 2 || p.groups !== p.in_channels) throw new Refusal('groups are depthwise, of two axes');
    const depthwise = w.reshape([...p.kernel_size, p.in_channels, p.out_channels / p.in_channels]);
    return tf.depthwiseConv2d(x, depthwise, p.stride, pad, 'NHWC', p.dilation);
  }
  if (rank === 1) return tf.conv1d(x, w, p.stride[0], pad, 'NWC', p.dilation[0]);
  if (rank === 2) return tf.conv2d(x, w, p.stride, pad, 'NHWC', p.dilation);
  return tf.conv3d(x, w, p.stride, pad, 'NDHWC', p.dilation);
}
function transpose(p, y, w) {
  const {pad} = paddingOf(p);
  if (p.stride.length !== 2) throw new Refusal('conv2dTranspose is of two axes');
  if (p.groups > 1 || p.dilation.some(step => step > 1)) throw new Refusal('conv2dTranspose: no groups, no dilation');
  return tf.conv2dTranspose(y, w, inputShape(p), p.stride, pad);
}
const inputShape = p => [p.batch, ...p.input_size, p.in_channels];
const filterShape = p => [...p.kernel_size, p.in_channels / p.groups, p.out_channels];
const outputShape = p => [p.batch, ...p.output_size, p.out_channels];

const withBias = (result, bias) => bias ? result.add(bias) : result;

const OPERATIONS = {
  conv: (p, x, w, bias) => withBias(convolve(p, x, w), bias),
  conv_input_grad: (p, dy, w) => tf.grad(x => convolve(p, x, w))(tf.zeros(inputShape(p)), dy),
  conv_filter_grad: (p, x, dy) => tf.grad(w => convolve(p, x, w))(tf.zeros(filterShape(p)), dy),
  conv_transpose: (p, y, w, bias) => withBias(transpose(p, y, w), bias),
  conv_transpose_input_grad: (p, dx, w) => tf.grad(y => transpose(p, y, w))(tf.zeros(outputShape(p)), dx),
  conv_transpose_filter_grad: (p, y, dx) => tf.grad(w => transpose(p, y, w))(tf.zeros(filterShape(p)), dx),
};
const INTRODUCTION = {
  version: 1, name: `tfjs-${backend}`, language: 'JavaScript', target: tf.version.tfjs, device: backend,
  dtypes: ['float32'], operations: Object.keys(OPERATIONS), activations: 'N*C', filters: '*IO',
  homepage: 'https://www.tensorflow.org/js', issues: 'https://github.com/tensorflow/tfjs/issues',
};

function answer(seq, message, tensors) {
  try {
    const result = tf.tidy(() => OPERATIONS[message.operation](message.problem, ...tensors));
    const bytes = Buffer.from(result.dataSync().slice().buffer), shape = result.shape;
    result.dispose();
    if (shape.some(size => size < 0)) return [{seq, error: `the result has shape [${shape}]`}];
    return [{seq, tensor: {dtype: 'float32', shape, bytes: bytes.length}}, bytes];
  } catch (error) {
    const said = String(error.message).split('\n')[0];
    return [error instanceof Refusal || REFUSED.test(said) ? {seq, refused: said} : {seq, error: said}];
  }
}

async function main() {
  await tf.setBackend(backend);
  for (let line; (line = readLine()) !== null;) {
    const message = JSON.parse(line), seq = message.seq;
    if (message.cmd === 'stop') break;
    if (message.cmd === 'start') { write(INTRODUCTION); continue; }
    const tensors = message.tensors.map(readTensor);
    write(...answer(seq, message, tensors));
    tf.dispose(tensors);
  }
}
main();
