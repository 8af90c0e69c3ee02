import tensorflow as tf

raw = tf.raw_ops
UTF8 = [b"a\xc3\xa9\xf0\x9f\x98\x80", b"", b"\xe2\x82", b"\xe2\x82a", b"\xf0\x90\x80", b"\xed\xa0\x80", b"\xc0\x80\xfe", b"\xf4\x90\x80\x80",
        b"\xf0\x9fa\x98\x80", b"\xef\xbf\xbf", b"\xef\xbb\xbfab", b"a\x01\n\x1f\x7f\xc2\x80b\xff"]
UTF16 = [b"\xd8\x00\x00a", b"\xd8\x00", b"\xdc\x00\x00a", b"\x00", b"\xd8\x00\xd8\x00\xdc\x00", b"\x00a\x00", b"\xfe\xff\x00a\x00b",
         b"\xff\xfea\x00b\x00", b"\xd8\x00\xdc", b"", b"\xfe\xff"]
UTF32 = [b"\x00\x00\xd8\x00", b"\x00\x11\x00\x00", b"\x00\x00", b"\x00\x00\x00a\x00\x00", b"\x00\x01\xf6\x00\x00\x00\x00\x05", b"\x80\x00\x00\x00",
         b"\x00\x00\xfe\xff\x00\x00\x00a", b"\xff\xfe\x00\x00a\x00\x00\x00"]
CODES = [97, 0x1F600, 0xD800, -1, 0x110000, 0xFFFD, 0, 0xFFFE, 0xFDD0, 0x20AC, 0x7FF]


def cases(record):
    """Code points of malformed strings too, strings of invalid code points, and what else once was refused of strings."""
    sources = [(encoding, UTF8) for encoding in ("UTF-8", "US-ASCII", "latin1")]
    sources += [(encoding, UTF16) for encoding in ("UTF-16-BE", "utf-16le")]
    sources += [(encoding, UTF32) for encoding in ("UTF-32-BE", "UTF-32LE")]
    results = []
    for encoding, strings in sources:
        for errors, controls in (("replace", False), ("ignore", True), ("replace", True)):
            text = tf.constant(strings)  # NumPy would cut zeros off the end
            results += raw.UnicodeDecodeWithOffsets(input=text, input_encoding=encoding, errors=errors, replacement_char=63,
                                                    replace_control_characters=controls, Tsplits=tf.int64)
            for target in ("UTF-8", "UTF-16-BE", "UTF-32-BE"):
                results.append(raw.UnicodeTranscode(input=text, input_encoding=encoding, output_encoding=target, errors=errors,
                                                    replacement_char=0x1F600, replace_control_characters=controls))
    results += raw.UnicodeDecode(input=UTF8[:2], input_encoding="UTF-8", errors="strict", Tsplits=tf.int32)
    for errors in ("replace", "ignore"):
        for target in ("UTF-8", "UTF-16-BE", "UTF-32-BE"):
            results.append(raw.UnicodeEncode(input_values=record.fed(CODES, tf.int32), input_splits=record.fed([0, 2, 2, len(CODES)], tf.int64),
                                             output_encoding=target, errors=errors, replacement_char=0x20AC))
    results.append(raw.UnicodeEncode(input_values=CODES[:2], input_splits=tf.constant([0, 1, 2], tf.int32), output_encoding="UTF-8", errors="strict"))
    for width, fill in ((6, ""), (6, "-"), (6, "0"), (0, ""), (6, "+"), (12, "#")):
        results.append(raw.AsString(input=record.fed([b"ab", b"", b"cdefghij"], tf.string), width=width, fill=fill))
    results.append(raw.AsString(input=[b"a\0b", b"ab\0cdefgh"], width=5))
    numbers = [b"0x10", b"-0x1F", b" 0X2a ", b"+0x5", b"0x1.8p3", b"inf", b"-NaN", b"1e5"]
    results += [raw.StringToNumber(string_tensor=numbers, out_type=kind) for kind in (tf.float32, tf.float64)]
    results.append(tf.scatter_nd(record.fed([[1], [3]], tf.int32), record.fed([b"x", b"yz"], tf.string), [5]))
    record.joined("all", results)
