# jax 0.11.2 (device=any): transposed convolution by lhs_dilation in float32, padding='valid'.
# Gives -323328 in place of -323410 at (0, 0, 0, 0); 19 of 20 numbers differ.
# The operands are rounded to a narrower format before they are multiplied.
# NVIDIA H100 80GB HBM3 (GPU of compute capability 9.0); Python 3.12.3. Found by convformance 0.1.0
# in the case traps-n2c4o4-6x5-k3x5-same_upper.
import jax
import jax.numpy as jnp
jax.config.update("jax_enable_x64", True)

x = jnp.array([[[[-241483, 85661, -223435, -255797], [-97727, 65813, 212193, 246091],
    [169805, 242235, 261119, 249443], [-150231, 10605, 92303, -110065],
    [16537, -140857, 173127, 91769]]]], jnp.float32)
w = jnp.array([[[[-1, -1, 1, 1], [1, 1, 1, 1], [-1, 1, 1, 1], [-1, 1, -1, -1]]]], jnp.float32)

def call(x, w):
    return jax.lax.conv_general_dilated(x, jnp.flip(w, (0, 1)).reshape(1, 1, 4, 1, 4).swapaxes(4,
        2).reshape(1, 1, 4, 4), (1, 1), ((0, 0), (0, 0)),
        dimension_numbers=('NHWC', 'HWIO', 'NHWC'))

y = jax.jit(call)(x, w)
print(y)

# Right: sums of these numbers are exact in float32, whatever their order.
want = [[[[-323410, -635054, -152088, 806376], [490198, 426370, 621824, -294744],
    [98522, 922602, 582992, -438132], [121864, -157388, 143074, 178598],
    [389216, 140576, 107502, -422290]]]]
assert y.tolist() == want
# It ends in AssertionError as long as this diverges, and with exit status 0 once it does not.
