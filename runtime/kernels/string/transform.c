/*===- transform.c - String to string, element by element ---------------------===*/

#include "runtime/kernels/print/text.h"
#include "utf8.h"

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

TGC_KERNEL(tgc_kernel_string_strip) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *stripped = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    tgc_string_t rest = strings[i];
    while (rest.size && is_space(rest.data[rest.size - 1]))
      --rest.size;
    while (rest.size && is_space(*rest.data))
      ++rest.data, --rest.size;
    stripped[i] = rest;
  }
}

/* Config: BYTE or UTF8_CHAR. */
TGC_KERNEL(tgc_kernel_string_length) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  int32_t *lengths = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    lengths[i] = config[0] == 'B' ? (int32_t)strings[i].size : 0;
    for (uint64_t k = 0; config[0] != 'B' && k < strings[i].size; ++k)
      lengths[i] += (strings[i].data[k] & 0xc0) != 0x80;
  }
}

/* The byte at which character `index` of a string begins; its size if that is the first behind its end, -1 if
 * there is none. */
static int64_t find_character(tgc_string_t string, int64_t index) {
  uint64_t at = 0;
  for (; index > 0 && at < string.size; --index)
    do
      ++at;
    while (at < string.size && (string.data[at] & 0xc0) == 0x80);
  return index > 0 ? -1 : (int64_t)at;
}

/* Input 0: strings, inputs 1 and 2: positions and lengths, all of output 0's shape; config: the unit. */
TGC_KERNEL(tgc_kernel_substr) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *parts = outputs[0].data;
  int is_bytes = config[0] == 'B';
  for (int64_t i = 0, count = tgc_count(&outputs[0]); i < count; ++i) {
    int64_t position = tgc_get_int(inputs[1].dtype, inputs[1].data, i),
            length = tgc_get_int(inputs[2].dtype, inputs[2].data, i);
    tgc_string_t string = strings[i];
    int64_t characters = (int64_t)string.size, from = position;
    for (uint64_t k = 0; !is_bytes && k < string.size; ++k)
      characters -= (string.data[k] & 0xc0) == 0x80;
    if (from < 0)
      from += characters;
    if (from < 0 || from > characters) {
      int64_t values[2] = {position, i};
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "pos %d out of range for string at index %d", values, 2);
    }
    int64_t to = length > characters - from ? characters : from + (length < 0 ? 0 : length);
    int64_t begin = is_bytes ? from : find_character(string, from),
            end = is_bytes ? to : find_character(string, to);
    parts[i] = (tgc_string_t){string.data + begin, (uint64_t)(end - begin)};
  }
}

static const char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Web-safe base64 (RFC 4648, 5); config "pad": with padding. */
TGC_KERNEL(tgc_kernel_encode_base64) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *encoded = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    const unsigned char *from = (const unsigned char *)strings[i].data;
    uint64_t size = strings[i].size;
    char *to = tgc_rt_scratch(frame, (size + 2) / 3 * 4), *begin = to;
    for (uint64_t k = 0; k < size; k += 3) {
      uint64_t left = size - k;
      uint32_t bits = (uint32_t)from[k] << 16 | (left > 1 ? (uint32_t)from[k + 1] << 8 : 0) |
                      (left > 2 ? from[k + 2] : 0);
      for (uint64_t digit = 0; digit < 4; ++digit)
        if (digit <= left || *config)
          *to++ = digit <= left ? kAlphabet[bits >> (18 - 6 * digit) & 63] : '=';
    }
    encoded[i] = (tgc_string_t){begin, (uint64_t)(to - begin)};
  }
}

TGC_KERNEL(tgc_kernel_decode_base64) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *decoded = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    const char *from = strings[i].data;
    uint64_t size = strings[i].size;
    while (size > 0 && from[size - 1] == '=' && (strings[i].size - size) < 2)
      --size;
    if (size % 4 == 1)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Base64 string length cannot be 1 modulo 4 (element %d)",
                  &i, 1);
    char *to = tgc_rt_scratch(frame, size / 4 * 3 + 3), *begin = to;
    uint32_t bits = 0;
    for (uint64_t k = 0; k < size; ++k) {
      const char *digit = from[k] ? strchr(kAlphabet, from[k]) : NULL;
      if (!digit)
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid character found in base64 (element %d).", &i,
                    1);
      bits = bits << 6 | (uint32_t)(digit - kAlphabet);
      if (k % 4 != 0)
        *to++ = (char)(bits >> (6 - 2 * (k % 4)));
    }
    decoded[i] = (tgc_string_t){begin, (uint64_t)(to - begin)};
  }
}

/* Output 0: the elements of the inputs but the first, which have its shape; input 0, a scalar, stands in
 * between. */
TGC_KERNEL(tgc_kernel_string_concat) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *separator = inputs[0].data;
  tgc_string_t *joined = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&outputs[0]); i < count; ++i) {
    tgc_text_t text = {.frame = frame};
    for (uint32_t k = 1; k < num_inputs; ++k) {
      const tgc_string_t *part = (const tgc_string_t *)inputs[k].data + i;
      if (k > 1)
        tgc_text_add(&text, separator->data, separator->size);
      tgc_text_add(&text, part->data, part->size);
    }
    joined[i] = (tgc_string_t){text.data, text.size};
  }
}

/* Output 0: input 1 joined along its last dimension, with input 0 in between. */
TGC_KERNEL(tgc_kernel_string_reduce) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *separator = inputs[0].data, *parts = inputs[1].data;
  tgc_string_t *joined = outputs[0].data;
  int64_t width = inputs[1].dims[inputs[1].rank - 1];
  for (int64_t i = 0, count = tgc_count(&outputs[0]); i < count; ++i) {
    tgc_text_t text = {.frame = frame};
    for (int64_t k = 0; k < width; ++k) {
      if (k > 0)
        tgc_text_add(&text, separator->data, separator->size);
      tgc_text_add(&text, parts[i * width + k].data, parts[i * width + k].size);
    }
    joined[i] = (tgc_string_t){text.data, text.size};
  }
}
