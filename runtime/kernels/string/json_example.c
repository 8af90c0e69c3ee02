/*===- json_example.c - Examples written in JSON ------------------------------===*
 *
 * { "features": { "feature": { NAME: { "int64List": { "value": [1, "2"] } } } } }, also with "floatList" (NaN
 * and infinities as strings) and "bytesList" (base64). Becomes the message in the order of the text, each
 * number of a list a field of its own. As TensorFlow's reader this one takes names with underscores, single
 * quotes, names without quotes, commas before what closes, one value without brackets, lists in lists, and
 * null for nothing.
 *
 *===------------------------------------------------------------------------===*/

#include "runtime/kernels/print/text.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct json {
  tgc_frame_t *frame;
  const char *node;
  int64_t example;
  const char *at, *end;
} json_t;

/* What an object is: its members are objects of the next kind, those of a list are values. */
typedef enum kind { kExample, kFeatures, kMap, kFeature, kBytes, kFloats, kInts } kind_t;

static void fail(const json_t *json) {
  tgc_rt_fail(json->frame, TGC_INVALID_ARGUMENT, json->node, "Error while parsing JSON: string %d",
              &json->example, 1);
}

/* The next character that is no space, which stays; 0 at the end. */
static char peek(json_t *json) {
  while (json->at < json->end && (*json->at == ' ' || (*json->at >= '\t' && *json->at <= '\r')))
    ++json->at;
  return json->at < json->end ? *json->at : 0;
}

static int accept(json_t *json, char c) {
  if (peek(json) != c)
    return 0;
  ++json->at;
  return 1;
}

/* A word as it stands there. */
static int accept_word(json_t *json, const char *word) {
  uint64_t size = strlen(word);
  peek(json);
  if ((uint64_t)(json->end - json->at) < size || memcmp(json->at, word, size) != 0)
    return 0;
  json->at += size;
  return 1;
}

static void add_byte(tgc_text_t *text, uint64_t byte) {
  char c = (char)byte;
  tgc_text_add(text, &c, 1);
}

static void add_varint(tgc_text_t *text, uint64_t value) {
  for (; value > 0x7f; value >>= 7)
    add_byte(text, (value & 0x7f) | 0x80);
  add_byte(text, value);
}

/* A field of bytes. */
static void add_field(tgc_text_t *text, int number, const tgc_text_t *content) {
  add_byte(text, (uint64_t)number << 3 | 2);
  add_varint(text, content->size);
  tgc_text_add(text, content->data, content->size);
}

/*===------------------------------------------------------------------------===*
 * Strings and numbers
 *===------------------------------------------------------------------------===*/

static uint32_t parse_hex(json_t *json) {
  uint32_t code = 0;
  for (int i = 0; i < 4; ++i) {
    char c = json->at < json->end ? *json->at++ : 0, letter = (char)(c | 0x20);
    if (c >= '0' && c <= '9')
      code = code << 4 | (uint32_t)(c - '0');
    else if (letter >= 'a' && letter <= 'f')
      code = code << 4 | (uint32_t)(letter - 'a' + 10);
    else
      fail(json);
  }
  return code;
}

/* What follows "\u", as UTF-8. */
static void parse_code(json_t *json, tgc_text_t *text) {
  uint32_t code = parse_hex(json);
  if (code >= 0xd800 && code < 0xe000) {
    if (code >= 0xdc00 || json->end - json->at < 2 || json->at[0] != '\\' || json->at[1] != 'u')
      fail(json);
    json->at += 2;
    uint32_t low = parse_hex(json);
    if (low < 0xdc00 || low >= 0xe000)
      fail(json);
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  }
  int more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  add_byte(text, kFirst[more] | code >> (6 * more));
  while (more-- > 0)
    add_byte(text, 0x80 | ((code >> (6 * more)) & 0x3f));
}

static void parse_string(json_t *json, tgc_text_t *text) {
  static const char kNames[] = "bfnrtv", kMeanings[] = "\b\f\n\r\t\v";
  char quote = *json->at++;
  while (json->at < json->end && *json->at != quote) {
    char c = *json->at++;
    if (c != '\\') {
      add_byte(text, (unsigned char)c);
      continue;
    }
    if (json->at == json->end)
      fail(json);
    c = *json->at++;
    const char *name = c ? strchr(kNames, c) : NULL;
    if (c == 'u')
      parse_code(json, text);
    else
      add_byte(text, (unsigned char)(name ? kMeanings[name - kNames] : c));
  }
  if (json->at == json->end)
    fail(json);
  ++json->at;
}

static int is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

static void parse_name(json_t *json, tgc_text_t *text) {
  char c = peek(json);
  if (c == '"' || c == '\'') {
    parse_string(json, text);
    return;
  }
  const char *begin = json->at;
  while (json->at < json->end && (is_letter(*json->at) || (json->at > begin && is_digit(*json->at))))
    ++json->at;
  uint64_t size = (uint64_t)(json->at - begin);
  if (size == 0 || (size == 4 && (memcmp(begin, "true", 4) == 0 || memcmp(begin, "null", 4) == 0)) ||
      (size == 5 && memcmp(begin, "false", 5) == 0))
    fail(json);
  tgc_text_add(text, begin, size);
}

/* The text of a number; whether it is one of integers. */
static int parse_number(json_t *json, tgc_text_t *text) {
  const char *begin = json->at;
  int is_integer = 1;
  if (*json->at == '-')
    ++json->at;
  const char *digits = json->at;
  while (json->at < json->end && is_digit(*json->at))
    ++json->at;
  if (json->at == digits || (*digits == '0' && json->at - digits > 1))
    fail(json);
  if (json->at < json->end && *json->at == '.') {
    is_integer = 0;
    do
      ++json->at;
    while (json->at < json->end && is_digit(*json->at));
  }
  if (json->at < json->end && (*json->at == 'e' || *json->at == 'E')) {
    is_integer = 0;
    ++json->at;
    if (json->at < json->end && (*json->at == '+' || *json->at == '-'))
      ++json->at;
    if (json->at == json->end || !is_digit(*json->at))
      fail(json);
    while (json->at < json->end && is_digit(*json->at))
      ++json->at;
  }
  tgc_text_add(text, begin, (uint64_t)(json->at - begin));
  return is_integer;
}

/* All of a text as a finite number, which may be hexadecimal. */
static double to_double(json_t *json, tgc_text_t *text) {
  add_byte(text, 0);
  char c = text->data[0], *end;
  if (strpbrk(text->data, "iInN") || (!is_digit(c) && c != '+' && c != '-' && c != '.'))
    fail(json);
  double value = strtod(text->data, &end);
  if (end != text->data + --text->size || !isfinite(value))
    fail(json);
  return value;
}

static int is_text(const tgc_text_t *text, const char *word) {
  return text->size == strlen(word) && memcmp(text->data, word, text->size) == 0;
}

static void add_float(json_t *json, tgc_text_t *list, tgc_text_t *text, int is_string) {
  float value;
  if (is_string && is_text(text, "NaN")) {
    value = NAN;
  } else if (is_string && (is_text(text, "Infinity") || is_text(text, "-Infinity"))) {
    value = text->data[0] == '-' ? -INFINITY : INFINITY;
  } else {
    double wide = text->size ? to_double(json, text) : INFINITY;
    if (fabs(wide) > FLT_MAX)
      fail(json);
    value = (float)wide;
  }
  add_byte(list, 1 << 3 | 5);
  tgc_text_add(list, (const char *)&value, sizeof value);
}

static void add_int(json_t *json, tgc_text_t *list, tgc_text_t *text, int is_string, int is_integer) {
  int64_t value = 0;
  char *end;
  if (text->size == 0)
    fail(json);
  add_byte(text, 0);
  errno = 0;
  if (is_integer) {
    char c = text->data[0];
    value = strtoll(text->data, &end, 10);
    if (end != text->data + text->size - 1 || (!is_digit(c) && c != '-' && c != '+'))
      fail(json);
  }
  --text->size;
  /* A number too large to be an integer is a real one, and that may round to one. */
  if (!is_integer || errno == ERANGE) {
    double wide = is_string ? INFINITY : to_double(json, text);
    if (wide != floor(wide) || wide < -0x1p63 || wide >= 0x1p63)
      fail(json);
    value = (int64_t)wide;
  }
  add_byte(list, 1 << 3);
  add_varint(list, (uint64_t)value);
}

/* Base64 in either alphabet, whose last character has no bits that mean nothing. */
static void add_bytes(json_t *json, tgc_text_t *list, const tgc_text_t *text) {
  static const char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  uint64_t size = text->size, padding = 0;
  while (size > 0 && padding < 2 && text->data[size - 1] == '=') {
    --size;
    ++padding;
  }
  if (size % 4 == 1 || (padding && (size + padding) % 4))
    fail(json);
  tgc_text_t bytes = {.frame = json->frame};
  uint32_t bits = 0, alphabets = 0;
  for (uint64_t i = 0; i < size; ++i) {
    char c = text->data[i];
    alphabets |= c == '-' || c == '_' ? 1 : c == '+' || c == '/' ? 2 : 0;
    const char *letter = strchr(kLetters, c == '-' ? '+' : c == '_' ? '/' : c);
    if (!c || !letter || alphabets == 3)
      fail(json);
    bits = bits << 6 | (uint32_t)(letter - kLetters);
    if (i % 4) {
      int left = 6 - 2 * (int)(i % 4);
      add_byte(&bytes, bits >> left);
      bits &= (1u << left) - 1;
    }
  }
  if (bits)
    fail(json);
  add_field(list, 1, &bytes);
}

/*===------------------------------------------------------------------------===*
 * Objects
 *===------------------------------------------------------------------------===*/

/* A value of a list, or a list of such. */
static void parse_values(json_t *json, kind_t kind, tgc_text_t *list, int depth) {
  const int deepest = 100;
  if (accept_word(json, "null"))
    return;
  if (accept(json, '[')) {
    if (depth == deepest)
      fail(json);
    while (!accept(json, ']')) {
      parse_values(json, kind, list, depth + 1);
      if (!accept(json, ',') && peek(json) != ']')
        fail(json);
    }
    return;
  }
  char c = peek(json);
  tgc_text_t text = {.frame = json->frame};
  int is_string = c == '"' || c == '\'', is_integer = 1;
  if (is_string)
    parse_string(json, &text);
  else if ((is_digit(c) || c == '-') && kind != kBytes)
    is_integer = parse_number(json, &text);
  else
    fail(json);
  if (kind == kBytes)
    add_bytes(json, list, &text);
  else if (kind == kFloats)
    add_float(json, list, &text, is_string);
  else
    add_int(json, list, &text, is_string, is_integer);
}

/* The number of a member and what it is, or 0. */
static int find_member(kind_t kind, const tgc_text_t *name, kind_t *member) {
  static const char *const kLists[3][2] = {
      {"bytesList", "bytes_list"}, {"floatList", "float_list"}, {"int64List", "int64_list"}};
  *member = (kind_t)(kind + 1);
  if (kind == kExample)
    return is_text(name, "features");
  if (kind == kFeatures)
    return is_text(name, "feature");
  for (int i = 0; kind == kFeature && i < 3; ++i)
    if (is_text(name, kLists[i][0]) || is_text(name, kLists[i][1])) {
      *member = (kind_t)(kBytes + i);
      return i + 1;
    }
  return kind >= kBytes && is_text(name, "value");
}

static void parse_object(json_t *json, kind_t kind, tgc_text_t *message);

/* An entry of the map behind its name; one of null is a name without a value. */
static void parse_entry(json_t *json, const tgc_text_t *name, tgc_text_t *message) {
  tgc_text_t entry = {.frame = json->frame}, value = {.frame = json->frame};
  add_field(&entry, 1, name);
  if (!accept_word(json, "null")) {
    parse_object(json, kFeature, &value);
    add_field(&entry, 2, &value);
  }
  add_field(message, 1, &entry);
}

static void parse_object(json_t *json, kind_t kind, tgc_text_t *message) {
  tgc_text_t *names = NULL;
  int64_t count = 0, room = 0;
  int has_list = 0;
  if (!accept(json, '{'))
    fail(json);
  while (!accept(json, '}')) {
    tgc_text_t name = {.frame = json->frame};
    kind_t member = kFeature;
    parse_name(json, &name);
    int number = kind == kMap ? 1 : find_member(kind, &name, &member);
    if (!number || !accept(json, ':'))
      fail(json);
    if (kind == kMap) {
      for (int64_t i = 0; i < count; ++i)
        if (names[i].size == name.size &&
            (name.size == 0 || memcmp(names[i].data, name.data, name.size) == 0))
          fail(json);
      if (count == room) {
        tgc_text_t *grown = tgc_rt_scratch(json->frame, sizeof *grown * (uint64_t)(room = 2 * room + 16));
        if (count)
          memcpy(grown, names, sizeof *grown * (uint64_t)count);
        names = grown;
      }
      names[count++] = name;
      parse_entry(json, &name, message);
    } else if (kind >= kBytes) {
      parse_values(json, kind, message, 0);
    } else if (!accept_word(json, "null")) {
      tgc_text_t content = {.frame = json->frame};
      if (kind == kFeature && has_list++)
        fail(json);
      parse_object(json, member, member == kMap ? message : &content);
      if (member != kMap)
        add_field(message, number, &content);
    }
    if (!accept(json, ',') && peek(json) != '}')
      fail(json);
  }
}

/* Input 0: texts. Output: as large, messages. */
TGC_KERNEL(tgc_kernel_decode_json_example) {
  TGC_KERNEL_UNUSED;
  const tgc_string_t *texts = inputs[0].data;
  tgc_string_t *messages = outputs[0].data;
  for (int64_t i = 0, count = tgc_count(&inputs[0]); i < count; ++i) {
    json_t json = {frame, node, i, texts[i].data, texts[i].data + texts[i].size};
    tgc_text_t message = {.frame = frame};
    parse_object(&json, kExample, &message);
    peek(&json);
    if (json.at != json.end)
      fail(&json);
    messages[i] = (tgc_string_t){message.data, message.size};
  }
}
