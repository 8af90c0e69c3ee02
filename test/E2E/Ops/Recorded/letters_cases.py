import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    # Letters of alphabets that have small and capital ones, 64 codes a string.
    codes = [*range(0x41, 0x600), *range(0x10a0, 0x1100), *range(0x13a0, 0x1400), *range(0x1c80, 0x1cc0), *range(0x1d00, 0x2000),
             *range(0x2100, 0x2200), *range(0x24b0, 0x24f0), *range(0x2c00, 0x2c2f), *range(0xa640, 0xa6a0), *range(0xfb00, 0xfb20),
             *range(0xff21, 0xff60), *range(0x10400, 0x10450)]
    texts = ["".join(map(chr, codes[i:i + 64])) for i in range(0, len(codes), 64)]
    sigmas = ["ΑΣ", "ΑΣ.", "ΑΣΑ", "Σ", "ΑΣ Σ", "Α.Σ", "ΑΣ\u0301", "ΑΣ\u0301Α", "I\u0307", "ΌΣΟΣ ΆΣ", "aΣ1", "Σa", "\u0345Σ", "ΑΣ'", "'Σ", "1Σ",
              "Straße ŉ ﬁn", "ᾳ ᾼ ᾀ ᾈ ᾧ", "dž Dž DŽ", "ｆｕｌｌ", "", "ASCII only 42"]
    data = [text.encode() for text in texts + sigmas]
    # What is not UTF-8, and a string with a zero byte in it.
    data += [b"a\xffB", b"\xc3", b"\xe2\x82A", b"A\x00B", b"\xed\xa0\x80x", b"\xf0\x9f\x98Y", b"\xf5\x80Z", b"\xc0\xafq", b"\xe0\x80k"]
    data = tf.constant(data)
    record("utf8", [raw.StringLower(input=data, encoding="utf-8"), raw.StringUpper(input=data, encoding="utf-8")])
    record("ascii", [raw.StringLower(input=data), raw.StringUpper(input=data)])
