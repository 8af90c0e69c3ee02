import gzip
import zlib

import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def gif(pixels, colors):
    """One frame of single bytes, each code after a clear code: what the format has least of."""
    height, width = pixels.shape
    codes = [code for value in pixels.ravel() for code in (256, int(value))] + [257]
    bits = "".join(format(code, "09b")[::-1] for code in codes)
    data = bytes(int(bits[i:i + 8].ljust(8, "0")[::-1], 2) for i in range(0, len(bits), 8))
    blocks = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    size = width.to_bytes(2, "little") + height.to_bytes(2, "little")
    return (b"GIF89a" + size + b"\xf7\0\0" + colors.tobytes() + b"," + b"\0" * 4 + size + b"\0\x08" + blocks + b"\0;")


def bmp(pixels):
    height, width, depth = pixels.shape
    rows = b"".join(row[:, ::-1].tobytes().ljust((width * depth + 3) // 4 * 4, b"\0") for row in pixels[::-1])
    head = (54).to_bytes(4, "little") + (40).to_bytes(4, "little") + width.to_bytes(4, "little") + height.to_bytes(4, "little")
    return b"BM" + (54 + len(rows)).to_bytes(4, "little") + b"\0" * 4 + head + b"\1\0" + (8 * depth).to_bytes(2, "little") + b"\0" * 24 + rows


def cases(record):
    random = np.random.default_rng(9)
    y, x = np.mgrid[0:13, 0:18]
    smooth = np.stack([(y * 15 + x * 2) % 256, (x * 11) % 256, (y * x) % 256], -1).astype(np.uint8)
    session = tf.compat.v1.Session()
    run = lambda tensor: tf.constant(session.run(tensor))
    for channels in (1, 3, 4):
        file = run(raw.EncodePng(image=tf.constant(random.integers(0, 256, (5, 6, channels)), tf.uint8)))
        for wanted in (0, 1, 3, 4):
            record(f"png_{channels}_{wanted}", raw.DecodePng(contents=file, channels=wanted))
    wide = run(raw.EncodePng(image=tf.constant(random.integers(0, 65536, (5, 6, 3)), tf.uint16)))
    record("png_16", [raw.DecodePng(contents=wide, dtype=tf.uint16), raw.DecodePng(contents=wide), raw.DecodeImage(contents=wide, dtype=tf.float32, expand_animations=False)])
    for quality, halves in ((40, True), (90, True), (90, False)):
        file = run(raw.EncodeJpeg(image=smooth, quality=quality, chroma_downsampling=halves, progressive=quality == 40))
        for wanted in (0, 1):
            record(f"jpeg_{quality}_{halves}_{wanted}", raw.DecodeJpeg(contents=file, channels=wanted))
        record(f"jpeg_{quality}_{halves}", [raw.DecodeJpeg(contents=file, fancy_upscaling=False), raw.DecodeJpeg(contents=file, dct_method="INTEGER_ACCURATE"),
                                            raw.DecodeJpeg(contents=file, ratio=2), raw.DecodeAndCropJpeg(contents=file, crop_window=[3, 4, 7, 9]),
                                            raw.ExtractJpegShape(contents=file)])
    record("encode", [raw.DecodeJpeg(contents=raw.EncodeJpeg(image=smooth)), raw.DecodePng(contents=raw.EncodePng(image=smooth))])
    record("quality", [raw.DecodeJpeg(contents=raw.EncodeJpegVariableQuality(images=smooth, quality=quality)) for quality in (30, 95)])
    metadata = '<a b="c"/>\n\xe9'
    record("metadata", raw.Substr(input=raw.EncodeJpeg(image=smooth, xmp_metadata=metadata), pos=20, len=33 + len(metadata.encode())))
    colors = random.integers(0, 256, (256, 3)).astype(np.uint8)
    file = tf.constant(gif(smooth[..., 0], colors))
    record("gif", [raw.DecodeGif(contents=file), raw.DecodeImage(contents=file, expand_animations=False)])
    rgba = run(raw.EncodePng(image=tf.constant(random.integers(0, 256, (5, 6, 4)), tf.uint8)))
    record("gif_of_png", raw.DecodeGif(contents=rgba))
    record("bmp", [raw.DecodeBmp(contents=tf.constant(bmp(smooth))), raw.DecodeBmp(contents=tf.constant(bmp(smooth[..., :1])))])
    # Other types hold 256 times the byte, or a share of the largest; a PNG file is read in 16 bits for both.
    files = [run(raw.EncodePng(image=smooth)), run(raw.EncodeJpeg(image=smooth)), file, tf.constant(bmp(smooth))]
    record("wider", [raw.DecodeImage(contents=file, dtype=kind, expand_animations=False) for file in files for kind in (tf.uint16, tf.float32)])
    texts = [b"hello hello hello " * 20, b"", bytes(range(1, 256)) * 2]
    record("zlib", raw.DecodeCompressed(bytes=tf.constant([zlib.compress(text, level) for text in texts for level in (0, 1, 9)]), compression_type="ZLIB"))
    record("gzip", raw.DecodeCompressed(bytes=tf.constant([gzip.compress(text, mtime=0) for text in texts]), compression_type="GZIP"))
