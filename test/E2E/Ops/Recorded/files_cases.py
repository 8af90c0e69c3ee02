"""The graph writes the files that it reads, into the current folder."""
import tensorflow as tf

raw = tf.raw_ops
# Readers by reference are not for graphs of later producers.
PRODUCER = 25
FILES = {
    "lines.txt": b"head\none\ntwo\r\n\nlast",
    "more.txt": b"head\nx\n",
    "empty.txt": b"",
    "bytes.bin": b"HHaabbccF",
    "records.bin": bytes.fromhex("0300000000000000b099490e6f6e6501405508000000000000000029039807d8ea82a2"),
    "table.tsv": b"a\t1\t0.5\nb\t-2\t1.5\nc\t3\t-7\n",
}


class Chain:
    """Operations that run one after another."""

    def __init__(self, start):
        self.last, self.results = start, []

    def do(self, op, keep=True, **given):
        with tf.control_dependencies(tf.nest.flatten(self.last)):
            self.last = op(**given)
        if keep:
            self.results += tf.nest.flatten(self.last)
        return self.last


def read(name, suffix, files, written, reads, **options):
    """What a reader finds one by one, then up to nine at once, then starting anew."""
    op = lambda name: getattr(raw, name + suffix)
    queue = op("FIFOQueue")(component_types=[tf.string], shapes=[[]], shared_name=f"names_{name}{suffix}")
    handle = op(name)(shared_name=name + suffix, **options)
    reader, from_queue = dict(reader_handle=handle), dict(reader_handle=handle, queue_handle=queue)
    chain = Chain(written)
    chain.do(op("QueueEnqueueMany"), keep=False, handle=queue, components=[tf.constant(files * 2)])
    for _ in range(reads):
        chain.do(op("ReaderRead"), **from_queue)
    chain.do(op("ReaderNumRecordsProduced"), **reader)
    chain.do(op("ReaderNumWorkUnitsCompleted"), **reader)
    chain.do(op("ReaderReadUpTo"), num_records=9, **from_queue)
    chain.do(op("ReaderNumWorkUnitsCompleted"), **reader)
    chain.do(op("ReaderReset"), keep=False, **reader)
    chain.do(op("ReaderNumRecordsProduced"), **reader)
    return chain.results


def cases(record):
    written = [raw.WriteFile(filename=name, contents=contents) for name, contents in FILES.items()]
    for suffix in ("", "V2"):
        record.joined("lines" + suffix, read("TextLineReader", suffix, ["lines.txt", "more.txt"], written, 3, skip_header_lines=1))
        record.joined("identity" + suffix, read("IdentityReader", suffix, ["one", "two"], written, 1))
        record.joined("records" + suffix, read("TFRecordReader", suffix, ["records.bin"], written, 1))
        record.joined("whole" + suffix, read("WholeFileReader", suffix, ["more.txt", "empty.txt", "lines.txt"], written, 2))
    # TensorFlow 2 has lost the kernel of the first version.
    first, second = (record.packed(read("FixedLengthRecordReader", suffix, ["bytes.bin"], written, 2, header_bytes=2, record_bytes=2, footer_bytes=1)) for suffix in ("", "V2"))
    record("bytesV2", second)
    record.known("bytes", first, second)
    overwritten = raw.WriteFile(filename="twice.dat", contents="long contents")
    with tf.control_dependencies([overwritten]):
        again = raw.WriteFile(filename="twice.dat", contents=b"a\0b")
    with tf.control_dependencies(written + [again]):
        record.joined("contents", [raw.ReadFile(filename=name) for name in ("lines.txt", "empty.txt", "twice.dat", "records.bin")])
        record.joined("matching", [raw.MatchingFiles(pattern=pattern) for pattern in ("*.txt", ["t*", "l?nes.txt"], "[b-r]*.bin", "none*", ["lines.txt", "./mo*"], "none", tf.constant([], tf.string))])
    record.joined("shards", [raw.ShardedFilespec(basename=record.fed("model"), num_shards=record.fed(count, tf.int32)) for count in (1, 5, 123456)])
    cases = [(tf.string, tf.int64, (0, 1), {}), (tf.string, tf.float32, (0, 2), dict(vocab_size=3)), (tf.string, tf.int64, (0, -1), dict(offset=5)), (tf.string, tf.int64, (0, 1), dict(offset=5)),
             (tf.string, tf.float32, (0, 2), dict(offset=5)), (tf.int64, tf.string, (-1, -2), dict(offset=1)), (tf.int64, tf.string, (1, 2), dict(offset=1, vocab_size=2))]
    for i, (key, value, indices, options) in enumerate(cases):
        table = raw.HashTable(key_dtype=key, value_dtype=value, shared_name=f"table{i}")
        with tf.control_dependencies(written):
            filled = raw.InitializeTableFromTextFile(table_handle=table, filename="table.tsv", key_index=indices[0], value_index=indices[1], **options)
        with tf.control_dependencies([filled]):
            keys = tf.constant(["b", "c", "z"]) if key == tf.string else tf.constant([1, -1, 7], tf.int64)
            record.joined(f"table{i}", [raw.LookupTableFind(table_handle=table, keys=keys, default_value=tf.constant("?" if value == tf.string else -1, value)),
                                        raw.LookupTableSize(table_handle=table)])
