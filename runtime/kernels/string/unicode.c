/*===- unicode.c - Code points in and out of encodings ------------------------===*
 *
 * What is malformed ends where TensorFlow's converters (ICU's) say: a sequence that breaks off counts once,
 * with the bytes that could have begun a character.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/elements.h"
#include "runtime/kernels/print/text.h"
#include "utf8.h"

#include <stdlib.h>

typedef enum encoding { kUtf8, kUtf16Be, kUtf16Le, kUtf32Be, kUtf32Le, kAscii, kLatin1 } encoding_t;

/* How a string is read: config "MODE REPLACEMENT CONTROLS ENCODING". What is malformed is an error ('s'),
 * replaced ('r') or left out ('i'), and so are the first 32 control characters if CONTROLS is 1, which
 * never are an error. */
typedef struct reader {
  char mode;
  int32_t replacement;
  int replaces_controls;
  encoding_t encoding;
} reader_t;

static reader_t make_reader(const char *config) {
  char *rest;
  reader_t reader = {.mode = config[0], .replacement = (int32_t)strtol(config + 1, &rest, 10)};
  reader.replaces_controls = (int)strtol(rest, &rest, 10);
  reader.encoding = (encoding_t)strtol(rest, NULL, 10);
  return reader;
}

static int is_surrogate(int32_t code) { return code >= 0xd800 && code < 0xe000; }

/* How many bytes at `at`, which are no UTF-8, could have begun a character; at least one. */
static int malformed_size(const char *at, const char *end) {
  const unsigned char *bytes = (const unsigned char *)at;
  unsigned lead = bytes[0];
  if (lead < 0xc2 || lead > 0xf4 || end - at < 2)
    return 1;
  unsigned least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  unsigned most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (bytes[1] < least || bytes[1] > most)
    return 1;
  int size = 2;
  while (at + size < end && (bytes[size] & 0xc0) == 0x80)
    ++size;
  return size;
}

static int32_t get_unit(const char *at, int size, int is_little) {
  const unsigned char *bytes = (const unsigned char *)at;
  uint32_t unit = 0;
  for (int i = 0; i < size; ++i)
    unit = unit << 8 | bytes[is_little ? size - 1 - i : i];
  return unit > INT32_MAX ? -1 : (int32_t)unit;
}

static int32_t next_utf16(const char *at, const char *end, int is_little, int *size) {
  *size = end - at < 4 ? (int)(end - at) : 4;
  if (end - at < 2)
    return -1;
  int32_t unit = get_unit(at, 2, is_little);
  if (is_surrogate(unit) && unit < 0xdc00) {
    if (end - at < 4)
      return -1;
    int32_t trail = get_unit(at + 2, 2, is_little);
    if (is_surrogate(trail) && trail >= 0xdc00)
      return 0x10000 + ((unit - 0xd800) << 10) + (trail - 0xdc00);
  }
  *size = 2;
  return is_surrogate(unit) ? -1 : unit;
}

/* The code point at `at`, before `end`, and how many bytes it takes; -1 for what is malformed. */
static int32_t next_code(encoding_t encoding, const char *at, const char *end, int *size) {
  int32_t code;
  switch (encoding) {
  case kUtf8:
    code = tgc_utf8_next(at, end, size);
    if (code < 0)
      *size = malformed_size(at, end);
    return code;
  case kUtf16Be:
  case kUtf16Le:
    return next_utf16(at, end, encoding == kUtf16Le, size);
  case kUtf32Be:
  case kUtf32Le:
    *size = end - at < 4 ? (int)(end - at) : 4;
    code = *size < 4 ? -1 : get_unit(at, 4, encoding == kUtf32Le);
    return code > 0x10ffff || is_surrogate(code) ? -1 : code;
  default:
    *size = 1;
    code = (unsigned char)*at;
    return encoding == kAscii && code > 0x7f ? -1 : code;
  }
}

/* The next character of `rest` that counts, and the byte that it begins at; 0 at the end. */
static int read_code(tgc_frame_t *frame, const char *node, const reader_t *reader, tgc_string_t *rest,
                     int32_t *code, const char **start) {
  while (rest->size) {
    int size;
    *start = rest->data;
    *code = next_code(reader->encoding, rest->data, rest->data + rest->size, &size);
    rest->data += size;
    rest->size -= (uint64_t)size;
    if (*code < 0 && reader->mode == 's')
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "Invalid formatting on input string", NULL, 0);
    if (*code >= 0 && (*code > 0x1f || !reader->replaces_controls))
      return 1;
    *code = reader->replacement;
    if (reader->mode != 'i')
      return 1;
  }
  return 0;
}

/* Input 0: strings; config: see reader_t. Outputs: where each string's code points begin, and end; code
 * points; if there is a third, the byte of its string that each begins at. */
TGC_KERNEL(tgc_kernel_unicode_decode) {
  TGC_KERNEL_UNUSED;
  reader_t reader = make_reader(config);
  const tgc_string_t *strings = inputs[0].data;
  int64_t rows = tgc_count(&inputs[0]), total = 0, num_splits = rows + 1;
  int32_t *codes = NULL, code;
  int64_t *offsets = NULL;
  void *splits = tgc_find_output(frame, &outputs[0], 1, &num_splits);
  for (int pass = 0; pass < 2; ++pass) {
    if (pass == 1)
      codes = tgc_find_output(frame, &outputs[1], 1, &total);
    if (pass == 1 && num_outputs > 2)
      offsets = tgc_find_output(frame, &outputs[2], 1, &total);
    total = 0;
    tgc_set_int(outputs[0].dtype, splits, 0, 0);
    for (int64_t row = 0; row < rows; ++row) {
      tgc_string_t rest = strings[row];
      const char *start;
      for (; read_code(frame, node, &reader, &rest, &code, &start); ++total) {
        if (codes)
          codes[total] = code;
        if (offsets)
          offsets[total] = start - strings[row].data;
      }
      tgc_set_int(outputs[0].dtype, splits, row + 1, total);
    }
  }
}

/* UTF-8, UTF-16-BE or UTF-32-BE; nothing of what is beyond Unicode. */
static void add_code(tgc_text_t *text, encoding_t encoding, int32_t code) {
  char bytes[4];
  int size = 0;
  if (code < 0 || code > 0x10ffff)
    return;
  if (encoding == kUtf32Be) {
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes[size++] = (char)(code >> shift);
  } else if (encoding == kUtf16Be) {
    int32_t units[2] = {code, 0};
    if (code >= 0x10000) {
      units[0] = 0xd800 + ((code - 0x10000) >> 10);
      units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    for (int i = 0; i <= (code >= 0x10000); ++i) {
      bytes[size++] = (char)(units[i] >> 8);
      bytes[size++] = (char)units[i];
    }
  } else {
    if (is_surrogate(code))
      code = 0xfffd;
    int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char kLeads[] = {0, 0xc0, 0xe0, 0xf0};
    bytes[size++] = (char)(kLeads[more] | code >> 6 * more);
    while (more-- > 0)
      bytes[size++] = (char)(0x80 | (code >> 6 * more & 0x3f));
  }
  tgc_text_add(text, bytes, (uint64_t)size);
}

/* The last word of a config, the second or the fifth: the encoding of what is written. */
static encoding_t output_encoding(const char *config) {
  return (encoding_t)strtol(strrchr(config, ' '), NULL, 10);
}

/* Input 0: strings; config: see reader_t, and the encoding of output 0. */
TGC_KERNEL(tgc_kernel_unicode_transcode) {
  TGC_KERNEL_UNUSED;
  reader_t reader = make_reader(config);
  encoding_t encoding = output_encoding(config);
  const tgc_string_t *strings = inputs[0].data;
  tgc_string_t *results = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    tgc_text_t text = {.frame = frame};
    tgc_string_t rest = strings[i];
    const char *start;
    int32_t code;
    while (read_code(frame, node, &reader, &rest, &code, &start))
      add_code(&text, encoding, code);
    results[i] = (tgc_string_t){text.data, text.size};
  }
}

/* Neither a surrogate nor a noncharacter. */
static int is_character(int32_t code) {
  return code >= 0 && code <= 0x10ffff && !is_surrogate(code) && (code & 0xfffe) != 0xfffe &&
         (code < 0xfdd0 || code > 0xfdef);
}

/* Inputs: code points, where each string's begin and end; config "MODE REPLACEMENT ENCODING", of output
 * 0. Left out is only what is beyond Unicode. */
TGC_KERNEL(tgc_kernel_unicode_encode) {
  TGC_KERNEL_UNUSED;
  int32_t replacement = (int32_t)strtol(config + 1, NULL, 10);
  encoding_t encoding = output_encoding(config);
  const int32_t *codes = inputs[0].data;
  int64_t size = inputs[0].dims[0], rows = inputs[1].dims[0] - 1;
  tgc_string_t *results = outputs[0].data;
  if (tgc_get_int(inputs[1].dtype, inputs[1].data, 0) != 0)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node, "First value in input_splits must be zero.", NULL, 0);
  if (tgc_get_int(inputs[1].dtype, inputs[1].data, rows) != size)
    tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                "Last value in input_splits must be equal to length of input_tensor.", NULL, 0);
  for (int64_t row = 0; row < rows; ++row) {
    int64_t begin = tgc_get_int(inputs[1].dtype, inputs[1].data, row);
    int64_t end = tgc_get_int(inputs[1].dtype, inputs[1].data, row + 1);
    if (end < begin || end > size)
      tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                  "Values in input_splits must be equal or in ascending order.", NULL, 0);
    tgc_text_t text = {.frame = frame};
    for (int64_t i = begin; i < end; ++i) {
      int32_t code = codes[i];
      if (!is_character(code) && config[0] == 's')
        tgc_rt_fail(frame, TGC_INVALID_ARGUMENT, node,
                    "Code point is out of range for Unicode, or a noncharacter.", NULL, 0);
      add_code(&text, encoding, is_character(code) || config[0] == 'i' ? code : replacement);
    }
    results[row] = (tgc_string_t){text.data, text.size};
  }
}
