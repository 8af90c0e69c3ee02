"""Examples written in JSON, in every spelling that TensorFlow takes."""
import json

import numpy as np
import tensorflow as tf


def of(name, values):
    return '{"features":{"feature":{"a":{"%s":{"value":%s}}}}}' % (name, values)


TEXTS = [
    "{}", " {\n}\t", '{"features":null}', '{"features":{}}', '{"features":{"feature":null}}', '{"features":{"feature":{"a":{},"b":null}}}',
    "{features:{feature:{a_$2:{int64_list:{value:[0,]},},'b c':{'bytesList':{}}}}}", '{"features":{},"features":{}}',
    '{"features":{"feature":{"\\u00e9\\n\\ud83d\\ude00\\b\\q\\u0000":{"floatList":null,"int64List":{"value":[1],"value":[2]}},"":{}}}}',
    of("int64List", '[1,"2",-3,300,"007","+5","-0",1e3,15.0,-9223372036854775809,9223372036854775807,9007199254740993.0]'),
    of("int64List", "5"), of("int64List", "null"), of("int64List", "[[],[[1,null]],2]"),
    of("float_list", '[1.5,"2.5","NaN","Infinity","-Infinity",3,-0.0,1e-50,"0x1p3","+1",1.,16777217,12345678901234567890,1.00000006]'),
    of("bytes_list", '["aGVsbG8=","","aGVsbG8","_-8=","+/8=","YQ","-w==",\'YQ==\']'),
    json.dumps({"features": {"feature": {f"name {i}": {"int64List": {"value": list(range(i * 40))}} for i in range(40)}}}),
]


def cases(record):
    fed = tf.compat.v1.placeholder(tf.string, [None], name="texts")
    record("fed", tf.io.decode_json_example(fed), {fed: np.array([text.encode() for text in TEXTS])})
    record("given", tf.io.decode_json_example([[TEXTS[5]], [TEXTS[9]]]))
