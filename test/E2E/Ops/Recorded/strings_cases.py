import numpy as np
import tensorflow as tf

raw = tf.raw_ops


def cases(record):
    texts = tf.compat.v1.placeholder(tf.string, [None, 3], name="texts")
    values = np.array([[b"Hello World", b"", b"  blank\t\n "], [b"a,b,,c", b"\xc3\xa9t\xc3\xa9 caf\xc3\xa9", b"x" * 17],
                       [b"0123456789abcdef" * 3, b"q" * 65, b"The quick brown fox jumps over the lazy dog; " * 4]], object)
    record("length", [raw.StringLength(input=texts), raw.StringLength(input=texts, unit="UTF8_CHAR")], {texts: values})
    ascii_texts = tf.constant([b"MiXed", b"123 zZ", b""])
    record("case", [raw.StringLower(input=texts), raw.StringUpper(input=texts), raw.StringLower(input=ascii_texts, encoding="utf-8")])
    record("strip", raw.StringStrip(input=texts))
    record("substr", [raw.Substr(input=tf.constant([b"abcdef", b"ghijkl"]), pos=[1, -3], len=[3, 10]),
                      raw.Substr(input=tf.constant(b"\xc3\xa9t\xc3\xa9s"), pos=1, len=2, unit="UTF8_CHAR"),
                      raw.Substr(input=tf.constant([[b"thirteen"], [b"fourteen"]]), pos=tf.constant([[1], [2]], tf.int64),
                                 len=tf.constant([[3], [0]], tf.int64))])
    encoded = raw.EncodeBase64(input=texts)
    record("base64", [encoded, raw.EncodeBase64(input=texts, pad=True), raw.DecodeBase64(input=encoded),
                      raw.DecodeBase64(input=raw.EncodeBase64(input=texts, pad=True))])
    record("join", [raw.StringJoin(inputs=[texts, "-", texts], separator="+"), raw.StringJoin(inputs=["a", "b"])])
    record("reduce", [raw.ReduceJoin(inputs=texts, reduction_indices=1, separator="|"),
                      raw.ReduceJoin(inputs=texts, reduction_indices=[0, 1]),
                      raw.ReduceJoin(inputs=texts, reduction_indices=[1, 0], separator="."),
                      raw.ReduceJoin(inputs=texts, reduction_indices=-2, keep_dims=True),
                      raw.ReduceJoin(inputs=texts, reduction_indices=tf.constant([], tf.int32))])
    for kind, op in (("legacy", raw.StringToHashBucket), ("fast", raw.StringToHashBucketFast)):
        record("bucket_" + kind, [op(**{"string_tensor" if kind == "legacy" else "input": texts}, num_buckets=b) for b in (1, 1000, 2**62)])
    record("bucket_strong", raw.StringToHashBucketStrong(input=texts, num_buckets=2**61, key=[123456789, -5]))
    words = tf.constant([b"foo bar  foobaz", b"aaa", b"", b"x1y22z333", b"Line one\nline TWO", b"tel: 555-1234, 555-9876"])
    patterns = ["foo", "o+", "a*?", "(\\w+) (\\w+)", "[^a-z]+", "(?i)LINE", "^\\S+|\\d{2,3}$", "(a|aa)(a|)", "\\b\\w", "x*", ".", "[[:digit:]]+",
                "(?m)^l", "(?P<n>\\d+)-(\\d+)", "\\Qo b\\E", "a{2}", "(?:ab|a)?", "\\x66oo", "[\\d-]+", "a??"]
    for i, pattern in enumerate(patterns):
        record(f"replace{i}", [raw.RegexReplace(input=words, pattern=pattern, rewrite="<\\0>"),
                               raw.StaticRegexReplace(input=words, pattern=pattern, rewrite="", replace_global=False),
                               raw.RegexFullMatch(input=words, pattern=".*" + pattern), raw.StaticRegexFullMatch(input=words, pattern=pattern)])
    letters = tf.constant(["Ärger ärger", "Kelvin \u212a k", "ſ s S", "Σίσυφος ς σ", "ÅNGSTRÖM \u212b", "Жук жук", "ẞ ß ss"])
    for i, pattern in enumerate(["ä", "k", "[r-t]", "σ", "[^åж]", "(?-i)Ж|б", "ß", "\\W"]):
        record(f"letters{i}", raw.RegexReplace(input=letters, pattern="(?i)" + pattern, rewrite="<\\0>"))
    record("groups", raw.RegexReplace(input=words, pattern="(\\w)(\\w)", rewrite="\\2\\1\\\\"))
    for dtype in (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64):
        record("as_string_" + dtype.name, [raw.AsString(input=tf.constant([0, 1, 100], dtype), **more)
                                           for more in ({}, {"width": 6}, {"width": 6, "fill": "0"}, {"width": 5, "fill": "-"})])
    for dtype in (tf.float16, tf.bfloat16, tf.float32, tf.float64, tf.complex64, tf.complex128):
        numbers = tf.cast(tf.constant([0, 1.5, -3.14159274, 1e10 if dtype.size > 2 else 1e4, np.inf, np.nan], tf.float64), dtype)
        record("as_string_" + dtype.name, [raw.AsString(input=numbers, **more) for more in (
            {}, {"precision": 2}, {"scientific": True}, {"shortest": True}, {"width": 12, "precision": 3, "fill": " "},
            {"shortest": True, "precision": 3})])
    record("as_string_bool", [raw.AsString(input=[True, False]), raw.AsString(input=[True, False], width=7)])
    for dtype in (tf.float32, tf.float64, tf.int32, tf.int64):
        numbers = [" 12", "-7 ", "0", "+3"] + ([] if dtype.is_integer else ["1e-3", "inf", "-NaN", ".5", "3.4028235e38"])
        record("to_number_" + dtype.name, raw.StringToNumber(string_tensor=numbers, out_type=dtype))
    lines = tf.constant([b" a b  c", b"", b"one", b"x--y----z", b"tab\tnew\nline "])
    for i, (separator, most) in enumerate([("", -1), ("--", -1), (" ", -1), ("-", 2), ("", 1), (" ", 0)]):
        record(f"split{i}", list(raw.StringSplitV2(input=lines, sep=separator, maxsplit=most)))
    for i, (delimiter, skip) in enumerate([("", True), (" ", True), (" -", False), ("-", True)]):
        record(f"split_set{i}", list(raw.StringSplit(input=lines, delimiter=delimiter, skip_empty=skip)))
    odd = tf.constant([b"h\xc3\xa9\xe2\x82\xac", b"", b"\xf0\x9f\x98\x80!", b"bad \xff\xfe end"])
    for errors in ("replace", "ignore"):
        record("unicode_" + errors, list(raw.UnicodeDecode(input=odd, input_encoding="UTF-8", errors=errors)))
        record("offsets_" + errors, list(raw.UnicodeDecodeWithOffsets(input=odd, input_encoding="UTF-8", errors=errors)))
    for i, (widths, pad, short) in enumerate([([2], 0, False), ([1, 3], -1, False), ([4], 1, True), ([5], 0, True)]):
        record(f"ngrams{i}", list(raw.StringNGrams(
            data=[b"a", b"b", b"c", b"dd", b"e"], data_splits=tf.constant([0, 3, 3, 5], tf.int64), separator="_", ngram_widths=widths,
            left_pad="<", right_pad=">>", pad_width=pad, preserve_short_sequences=short)))
    blob = tf.constant([[bytes(range(16)), bytes(range(100, 116))]])
    for dtype in (tf.uint8, tf.int8, tf.bool, tf.uint16, tf.int32, tf.int64, tf.float16, tf.float32, tf.float64, tf.complex64, tf.complex128):
        record("raw_" + dtype.name, [raw.DecodeRaw(bytes=blob, out_type=dtype)] +
               ([raw.DecodeRaw(bytes=blob, out_type=dtype, little_endian=False)] if dtype in (tf.uint16, tf.int32, tf.float64) else []))
    record("padded", [raw.DecodePaddedRaw(input_bytes=[b"abc", b"abcdefgh"], fixed_length=4, out_type=tf.uint16),
                      raw.DecodePaddedRaw(input_bytes=[b"abc"], fixed_length=8, out_type=tf.int16, little_endian=False)])
    rows = tf.constant([b'1,2.5,abc,7', b'-4,,"q""x,y",', b'9,1e3,,-1'])
    defaults = [tf.constant([], tf.int32), tf.constant([0.25]), tf.constant(["none"]), tf.constant([99], tf.int64)]
    record("csv", list(raw.DecodeCSV(records=rows, record_defaults=defaults)))
    record("csv_columns", list(raw.DecodeCSV(records=["a;NA;3", "b;5;NA"], record_defaults=[tf.constant(["?"]), tf.constant([-1.0])],
                                             field_delim=";", na_value="NA", select_cols=[0, 2])))
