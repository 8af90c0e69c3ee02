import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    random = np.random.default_rng(5)
    x = tf.compat.v1.placeholder(tf.complex64, [None, None, None, None], name="x")
    values = (random.standard_normal((2, 6, 5, 14)) + 1j * random.standard_normal((2, 6, 5, 14))).astype(np.complex64)
    record("forward", [raw.FFT(input=x), raw.FFT2D(input=x), raw.FFT3D(input=x)], {x: values})
    record("inverse", [raw.IFFT(input=x), raw.IFFT2D(input=x), raw.IFFT3D(input=x)])
    wide = tf.cast(x, tf.complex128)
    record("wide", [raw.FFT(input=wide), raw.IFFT3D(input=wide)])
    real = tf.math.real(x)
    record("real", [raw.RFFT(input=real, fft_length=[n]) for n in (14, 9, 1)] + [raw.RFFT2D(input=real, fft_length=[5, 12]),
                    raw.RFFT3D(input=tf.cast(real, tf.float64), fft_length=[4, 3, 7], Tcomplex=tf.complex128)])
    record("to_real", [raw.IRFFT(input=x, fft_length=[n]) for n in (26, 27, 5)] + [raw.IRFFT2D(input=x, fft_length=[4, 16]),
                       raw.IRFFT3D(input=wide, fft_length=[6, 5, 13], Treal=tf.float64)])
    for n in (1, 2, 3, 37, 64, 101, 194, 210):
        line = (random.standard_normal(n) + 1j * random.standard_normal(n))
        record(f"line{n}", [raw.FFT(input=tf.constant(line, tf.complex128)), raw.IFFT(input=tf.constant(line, tf.complex64))])
    record("empty", raw.FFT(input=tf.zeros([0, 4], tf.complex64)))
