"""A convolution with frozen filters by TensorFlow's faster kernels for a CPU, both ways."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers

from styletune.engine.backend import has_onednn

# From so many channels on, both of what comes in and of what goes out, with AVX-512.
_WIDE = 256


@keras.saving.register_keras_serializable("styletune")
class FrozenConvolution(layers.Conv2D):
    """A Conv2D of stride 1 with ReLU that knows the gradient of its input alone. On TensorFlow.

    With padding `same`, a convolution is the backward pass of another: of the one whose filters
    are turned around and whose inputs and outputs are swapped. So each direction can be computed
    by either of TensorFlow's two kernels, and which is the faster one depends on the machine:

    - with oneDNN, the kernel for backward passes, which alone gives oneDNN the filters in the
      order that it works best with: 512 channels forwards take it a third of the time, all
      widths half of it without AVX-512. Up to 128 channels with AVX-512 the kernel for forward
      passes is as fast, and adds bias and ReLU by the way;
    - without oneDNN, the kernel for forward passes: that for backward passes takes two (64
      channels) to fifteen (16 channels) times as long.
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Make the variables, and choose the kernels."""
        super().build(input_shape)
        same, narrowest = self.padding == "same", min(input_shape[-1] or 0, self.filters)
        self._backward_kernel = has_onednn()
        self._forward_kernel = not (
            same and has_onednn() and (narrowest >= _WIDE or not _has_avx512())
        )

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Take the filters, (k, k, in, out), and the bias, (out,)."""
        super().set_weights(weights)
        if not (self._forward_kernel and self._backward_kernel):
            import tensorflow as tf

            turned = np.ascontiguousarray(weights[0][::-1, ::-1].swapaxes(2, 3))
            self._turned = tf.constant(turned, self.compute_dtype)

    def call(self, inputs: Any) -> Any:
        """(1, h, w, in) → (1, h', w', out), after ReLU."""
        import tensorflow as tf

        # Tensors, since a function with a gradient of its own may read no variables.
        kernel, bias = map(tf.convert_to_tensor, (self.kernel, self.bias))

        def convolve(inputs: Any) -> tuple[Any, Any]:
            outputs = self._forwards(inputs, kernel)
            outputs = tf.nn.relu(tf.nn.bias_add(outputs, bias))

            def backward(upstream: Any) -> Any:
                upstream = tf.raw_ops.ReluGrad(gradients=upstream, features=outputs)
                return self._backwards(upstream, kernel, tf.shape(inputs))

            return outputs, backward

        return tf.custom_gradient(convolve)(inputs)

    def _forwards(self, inputs: Any, kernel: Any) -> Any:
        import tensorflow as tf

        if self._forward_kernel:
            return tf.nn.conv2d(inputs, kernel, 1, self.padding.upper())
        shape = tf.concat([tf.shape(inputs)[:-1], [self.filters]], 0)
        return _transposed(inputs, self._turned, shape, "SAME")

    def _backwards(self, upstream: Any, kernel: Any, shape: Any) -> Any:
        import tensorflow as tf

        if self._backward_kernel:
            return _transposed(upstream, kernel, shape, self.padding.upper())
        if self.padding == "same":
            return tf.nn.conv2d(upstream, self._turned, 1, "SAME")
        edge = [self.kernel_size[0] - 1] * 2
        return tf.nn.conv2d(upstream, self._turned, 1, [[0, 0], edge, edge, [0, 0]])


def _transposed(upstream: Any, kernel: Any, shape: Any, padding: str) -> Any:
    """The gradient of the input, of that shape, of a convolution with `kernel`."""
    import tensorflow as tf

    return tf.raw_ops.Conv2DBackpropInput(
        input_sizes=shape,
        filter=kernel,
        out_backprop=upstream,
        strides=[1, 1, 1, 1],
        padding=padding,
    )


def _has_avx512() -> bool:
    """Whether the processor has AVX-512, as far as is known: Linux alone says."""
    try:
        return " avx512f" in Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
