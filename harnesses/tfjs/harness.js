// A harness for TensorFlow.js, back end cpu or wasm as its argument says: see docs/protocol.md.
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');

const backend = process.argv[2] || 'cpu';
class Refusal extends Error {}

// What is not there at all is said by these words; everything else is an error.
const REFUSED = /not registered|must be 1|not (yet )?supported|Unsupported|should not be used|Unknown gradient/i;

const pieces = process.stdin[Symbol.asyncIterator]();
let unread = Buffer.alloc(0);
async function more() {
  const {value, done} = await pieces.next();
  if (done) process.exit(0);
  unread = Buffer.concat([unread, value]);
}
async function take(count) {
  while (unread.length < count) await more();
  const taken = unread.subarray(0, count);
  unread = unread.subarray(count);
  return taken;
}
async function readLine() {
  while (!unread.includes(10)) await more();
  return (await take(unread.indexOf(10) + 1)).toString();
}
async function readTensor({shape, bytes}) {
  const data = await take(bytes);
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

// What traps, or writes where it must not, leaves a WebAssembly module broken: later questions get another one.
let modules = 0;
async function renew() {
  const name = `${backend}-${++modules}`;
  tf.copyRegisteredKernels(backend, name);
  tf.registerBackend(name, tf.findBackendFactory(backend));
  await tf.setBackend(name);
}

async function main() {
  for (await tf.setBackend(backend); ;) {
    const message = JSON.parse(await readLine()), seq = message.seq;
    if (message.cmd === 'stop') process.exit(0);
    if (message.cmd === 'start') { process.stdout.write(JSON.stringify(INTRODUCTION) + '\n'); continue; }
    const tensors = [];
    for (const header of message.tensors) tensors.push(await readTensor(header));
    const [header, bytes] = answer(seq, message, tensors);
    process.stdout.write(JSON.stringify(header) + '\n');
    if (bytes) process.stdout.write(bytes);
    const isBroken = header.error || (header.refused && message.problem.output_size.includes(0));
    if (isBroken) await renew();
    else tf.dispose(tensors);
  }
}
main();
