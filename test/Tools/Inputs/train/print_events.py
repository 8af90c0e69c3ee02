"""print_events.py FOLDER: what the one event file of a folder says, a line per record or value. Checksums are verified."""
import os
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 4, "tools", "dev"))
from protobuf import fields

POLYNOMIAL = 0x82F63B78  # CRC-32C, reflected


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(data):
    at = 0
    while at < len(data):
        head = data[at:at + 8]
        length, = struct.unpack("<Q", head)
        body = data[at + 12:at + 12 + length]
        sums = struct.unpack("<I", data[at + 8:at + 12]) + struct.unpack("<I", data[at + 12 + length:at + 16 + length])
        assert sums == (masked(head), masked(body)), f"checksum at {at}"
        yield body
        at += 16 + length


def doubles(data):
    return list(struct.unpack(f"<{len(data) // 8}d", data))


def print_value(step, value):
    value = dict(fields(value))
    tag = value[1].decode()
    if 2 in value:
        print("scalar", step, tag, "%.6g" % struct.unpack("<f", value[2]))
    if 5 in value:
        histogram = dict(fields(value[5]))
        least, most, count, total, squares = (doubles(histogram.get(i, b"\0" * 8))[0] for i in range(1, 6))
        limits, buckets = doubles(histogram[6]), doubles(histogram[7])
        assert len(limits) == len(buckets) and sum(buckets) == count and limits == sorted(limits)
        print("histogram", step, tag, "%g numbers from %.6g to %.6g, sum %.6g, squares %.6g" % (count, least, most, total, squares))


def main():
    name, = (n for n in os.listdir(sys.argv[1]) if n.startswith("events.out.tfevents."))
    with open(os.path.join(sys.argv[1], name), "rb") as f:
        data = f.read()
    for record in records(data):
        event = list(fields(record))
        step = dict(event).get(2, 0)
        assert 1.5e9 < doubles(dict(event)[1])[0] < 1e10, "seconds since 1970"
        for number, value in event:
            if number == 3:
                print("version", value.decode())
            elif number == 4:
                nodes = [dict(fields(node))[1].decode() for key, node in fields(value) if key == 1]
                print("graph", len(nodes), "nodes:", " ".join(nodes))
            elif number == 5:
                for _, entry in fields(value):
                    print_value(step, entry)


if __name__ == "__main__":
    main()
