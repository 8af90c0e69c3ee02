/*===- regex_compile.c - Regular expressions to programs ----------------------===*/

#include "regex_parser.h"
#include "utf8.h"

enum { kMaxProgram = 20000, kMaxRepeat = 1000, kMaxDepth = 200 };

void tgc_regex_fail(tgc_regex_parser_t *p, const char *why) {
  char *pattern = tgc_rt_scratch(p->regex->frame, p->pattern.size + 1);
  memcpy(pattern, p->pattern.data, p->pattern.size);
  pattern[p->pattern.size] = 0;
  int64_t values[2] = {(int64_t)(intptr_t)pattern, (int64_t)(intptr_t)why};
  tgc_rt_fail(p->regex->frame, TGC_INVALID_ARGUMENT, p->node, "Invalid pattern: %s, error: %s", values, 2);
}

static int32_t emit(tgc_regex_parser_t *p, tgc_regex_op_t op, int32_t x, int32_t y) {
  if (p->regex->size == kMaxProgram)
    tgc_regex_fail(p, "pattern too large");
  p->regex->program[p->regex->size] = (tgc_regex_instruction_t){op, x, y, 0};
  return p->regex->size++;
}

/* Makes room for `count` instructions at `position`; jumps to behind it move along. */
static void insert(tgc_regex_parser_t *p, int32_t position, int32_t count) {
  tgc_regex_t *regex = p->regex;
  if (regex->size + count > kMaxProgram)
    tgc_regex_fail(p, "pattern too large");
  memmove(regex->program + position + count, regex->program + position,
          (size_t)(regex->size - position) * sizeof *regex->program);
  regex->size += count;
  for (int32_t i = position + count; i < regex->size; ++i) {
    tgc_regex_instruction_t *instruction = &regex->program[i];
    if (instruction->op != kSplit && instruction->op != kJump)
      continue;
    if (instruction->x >= position)
      instruction->x += count;
    if (instruction->op == kSplit && instruction->y >= position)
      instruction->y += count;
  }
}

static int32_t next_code(tgc_regex_parser_t *p) {
  int size;
  int32_t code = tgc_utf8_next(p->at, p->end, &size);
  if (code < 0)
    tgc_regex_fail(p, "invalid UTF-8");
  p->at += size;
  return code;
}

static int hex_digit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

/* The code point of an escape, behind its backslash. */
static int32_t parse_escape(tgc_regex_parser_t *p) {
  static const char kNamed[] = "a\ae\033f\fn\nr\rt\tv\v";
  if (p->at == p->end)
    tgc_regex_fail(p, "trailing \\");
  int32_t code = next_code(p);
  if (code == 'x') {
    int32_t value = 0;
    int is_braced = p->at < p->end && *p->at == '{', digits = 0;
    for (p->at += is_braced;
         p->at < p->end && hex_digit(*p->at) >= 0 && value < 0x110000 && (is_braced || digits < 2); ++digits)
      value = value * 16 + hex_digit(*p->at++);
    if (digits == 0 || (is_braced && (p->at == p->end || *p->at++ != '}')))
      tgc_regex_fail(p, "invalid escape sequence");
    return value;
  }
  /* One digit but zero would refer to a group. */
  int is_reference = code >= '1' && code <= '9' && (p->at == p->end || *p->at < '0' || *p->at > '7');
  if (is_reference)
    tgc_regex_fail(p, "invalid escape sequence");
  if (code >= '0' && code <= '7') {
    int32_t value = code - '0';
    for (int i = 0; i < 2 && p->at < p->end && *p->at >= '0' && *p->at <= '7'; ++i)
      value = value * 8 + (*p->at++ - '0');
    return value;
  }
  for (const char *named = kNamed; *named; named += 2)
    if (*named == code)
      return named[1];
  if (code >= 128 || (code | 32) < 'a' || (code | 32) > 'z')
    return code;
  tgc_regex_fail(p, "invalid escape sequence");
  return 0;
}

static void emit_class(tgc_regex_parser_t *p, int32_t first) {
  int32_t at = emit(p, kClass, first, 0);
  p->regex->program[at].count = p->regex->num_ranges - first;
}

static void emit_code(tgc_regex_parser_t *p, int32_t code) {
  int32_t first = p->regex->num_ranges;
  tgc_regex_add_range(p, code, code);
  emit_class(p, first);
}

/* Behind '['. */
static void parse_class(tgc_regex_parser_t *p) {
  int32_t first = p->regex->num_ranges;
  int is_opposite = p->at < p->end && *p->at == '^';
  p->at += is_opposite;
  for (int is_first = 1;; is_first = 0) {
    if (p->at == p->end)
      tgc_regex_fail(p, "missing closing ]");
    if (*p->at == ']' && !is_first)
      break;
    if (p->end - p->at > 1 && p->at[0] == '[' && p->at[1] == ':') {
      const char *close = p->at + 2;
      while (close + 1 < p->end && (close[0] != ':' || close[1] != ']'))
        ++close;
      if (close + 1 >= p->end || !tgc_regex_add_named_class(p, p->at + 2, (size_t)(close - p->at - 2)))
        tgc_regex_fail(p, "invalid character class range");
      p->at = close + 2;
      continue;
    }
    int32_t low;
    if (*p->at == '\\') {
      ++p->at;
      if (p->at < p->end && tgc_regex_add_perl_class(p, *p->at)) {
        ++p->at;
        continue;
      }
      low = parse_escape(p);
    } else {
      low = next_code(p);
    }
    int32_t high = low;
    if (p->end - p->at > 1 && p->at[0] == '-' && p->at[1] != ']') {
      ++p->at;
      high = *p->at == '\\' ? (++p->at, parse_escape(p)) : next_code(p);
      if (high < low)
        tgc_regex_fail(p, "invalid character class range");
    }
    tgc_regex_add_range(p, low, high);
  }
  ++p->at;
  if (is_opposite)
    tgc_regex_complement(p, first);
  emit_class(p, first);
}

static void parse_alternatives(tgc_regex_parser_t *p);

/* Behind "(?": flags, for the group or for what follows. Returns whether a group opens. */
static int parse_flags(tgc_regex_parser_t *p) {
  int value = 1;
  while (p->at < p->end) {
    char c = *p->at++;
    if (c == '-')
      value = 0;
    else if (c == 'i')
      p->ignores_case = (uint8_t)value;
    else if (c == 's')
      p->dot_matches_newline = (uint8_t)value;
    else if (c == 'm')
      p->is_multiline = (uint8_t)value;
    else if (c == 'U')
      p->is_ungreedy = (uint8_t)value;
    else if (c == ':' || c == ')')
      return c == ':';
    else
      break;
  }
  tgc_regex_fail(p, "invalid perl operator: (?");
  return 0;
}

/* Behind '('. */
static void parse_group(tgc_regex_parser_t *p) {
  tgc_regex_parser_t outside = *p;
  int32_t group = 0;
  if (p->at < p->end && *p->at == '?') {
    ++p->at;
    if (p->at < p->end && (*p->at == 'P' || *p->at == '<')) {
      while (p->at < p->end && *p->at != '>')
        ++p->at;
      if (p->at == p->end)
        tgc_regex_fail(p, "invalid named capture group");
      ++p->at;
      group = ++p->groups;
    } else if (!parse_flags(p)) {
      return;
    }
  } else {
    group = ++p->groups;
  }
  if (++p->depth > kMaxDepth)
    tgc_regex_fail(p, "too many nested groups");
  if (group > 0 && group < TGC_REGEX_GROUPS)
    emit(p, kSave, 2 * group, 0);
  parse_alternatives(p);
  if (p->at == p->end)
    tgc_regex_fail(p, "missing closing )");
  ++p->at;
  if (group > 0 && group < TGC_REGEX_GROUPS)
    emit(p, kSave, 2 * group + 1, 0);
  --p->depth;
  p->ignores_case = outside.ignores_case;
  p->dot_matches_newline = outside.dot_matches_newline;
  p->is_multiline = outside.is_multiline;
  p->is_ungreedy = outside.is_ungreedy;
}

static void parse_backslash(tgc_regex_parser_t *p) {
  if (p->at == p->end)
    tgc_regex_fail(p, "trailing \\");
  char c = *p->at;
  int32_t first = p->regex->num_ranges;
  if (tgc_regex_add_perl_class(p, c)) {
    ++p->at;
    emit_class(p, first);
  } else if (c == 'b' || c == 'B' || c == 'A' || c == 'z') {
    ++p->at;
    emit(p, kAssert, c, 0);
  } else if (c == 'Q') {
    for (++p->at; p->at < p->end && !(p->end - p->at > 1 && p->at[0] == '\\' && p->at[1] == 'E');)
      emit_code(p, next_code(p));
    p->at += p->at < p->end ? 2 : 0;
  } else if (c == 'p' || c == 'P' || c == 'C') {
    tgc_regex_fail(p, "Unicode classes and \\C are not supported by tgc");
  } else {
    emit_code(p, parse_escape(p));
  }
}

static void parse_atom(tgc_regex_parser_t *p) {
  int32_t first = p->regex->num_ranges;
  switch (*p->at) {
  case '(':
    ++p->at;
    parse_group(p);
    return;
  case '[':
    ++p->at;
    parse_class(p);
    return;
  case '.':
    ++p->at;
    if (!p->dot_matches_newline)
      tgc_regex_add_range(p, '\n', '\n');
    tgc_regex_complement(p, first);
    emit_class(p, first);
    return;
  case '^':
    ++p->at;
    emit(p, kAssert, p->is_multiline ? '^' : 'A', 0);
    return;
  case '$':
    ++p->at;
    emit(p, kAssert, p->is_multiline ? '$' : 'z', 0);
    return;
  case '\\':
    ++p->at;
    parse_backslash(p);
    return;
  case '*':
  case '+':
  case '?':
    tgc_regex_fail(p, "no argument for repetition operator");
    return;
  default:
    emit_code(p, next_code(p));
  }
}

/* "{m}", "{m,}" or "{m,n}" at p->at, which moves behind it; 0 if it is none, then braces are letters. */
static int parse_counts(tgc_regex_parser_t *p, int32_t *least, int32_t *most) {
  const char *at = p->at + 1;
  int32_t numbers[2] = {-1, -1};
  int has_comma = 0;
  for (; at < p->end && *at != '}'; ++at) {
    if (*at == ',' && !has_comma) {
      has_comma = 1;
      continue;
    }
    if (*at < '0' || *at > '9')
      return 0;
    int32_t *number = &numbers[has_comma];
    *number = (*number < 0 ? 0 : *number) * 10 + (*at - '0');
    if (*number > kMaxRepeat)
      tgc_regex_fail(p, "invalid repetition size");
  }
  if (at == p->end || numbers[0] < 0)
    return 0;
  *least = numbers[0];
  *most = has_comma ? numbers[1] : numbers[0];
  if (*most >= 0 && *most < *least)
    tgc_regex_fail(p, "invalid repetition size");
  p->at = at + 1;
  return 1;
}

static void set_split(tgc_regex_parser_t *p, int32_t at, int32_t into, int32_t past, int is_greedy) {
  p->regex->program[at].x = is_greedy ? into : past;
  p->regex->program[at].y = is_greedy ? past : into;
}

/* The atom from instruction `first` on, read from `source`, between `least` and `most` times (-1: without
 * end). */
static void repeat(tgc_regex_parser_t *p, int32_t first, const char *source, int32_t groups, int32_t least,
                   int32_t most, int is_greedy) {
  const char *behind = p->at;
  int32_t last = first;
  if (least == 0 && most == 0) {
    p->regex->size = first;
    return;
  }
  /* Each further time is read once more; its groups keep their numbers. */
  for (int32_t i = 1; i < least; ++i) {
    last = p->regex->size;
    p->at = source;
    p->groups = groups;
    parse_atom(p);
  }
  int32_t optional = most < 0 ? 0 : most - (least > 0 ? least : 1);
  if (most < 0) {
    if (least > 0) {
      int32_t split = emit(p, kSplit, 0, 0);
      set_split(p, split, last, p->regex->size, is_greedy);
    } else {
      insert(p, first, 1);
      p->regex->program[first] = (tgc_regex_instruction_t){kSplit, 0, 0, 0};
      emit(p, kJump, first, 0);
      set_split(p, first, first + 1, p->regex->size, is_greedy);
    }
  } else if (least == 0) {
    insert(p, first, 1);
    p->regex->program[first] = (tgc_regex_instruction_t){kSplit, 0, 0, 0};
    set_split(p, first, first + 1, p->regex->size, is_greedy);
  }
  for (int32_t i = 0; i < optional; ++i) {
    int32_t split = emit(p, kSplit, 0, 0);
    p->at = source;
    p->groups = groups;
    parse_atom(p);
    set_split(p, split, split + 1, p->regex->size, is_greedy);
  }
  p->at = behind;
}

static void parse_sequence(tgc_regex_parser_t *p) {
  while (p->at < p->end && *p->at != '|' && *p->at != ')') {
    const char *source = p->at;
    int32_t first = p->regex->size, groups = p->groups;
    parse_atom(p);
    for (int count = 0; p->at < p->end; ++count) {
      int32_t least, most;
      char c = *p->at;
      if (c == '*' || c == '+' || c == '?') {
        least = c == '+';
        most = c == '?' ? 1 : -1;
        ++p->at;
      } else if (c != '{' || !parse_counts(p, &least, &most)) {
        break;
      }
      if (count > 0)
        tgc_regex_fail(p, "bad repetition operator");
      int is_lazy = p->at < p->end && *p->at == '?';
      p->at += is_lazy;
      repeat(p, first, source, groups, least, most, is_lazy == p->is_ungreedy);
    }
  }
}

static void parse_alternatives(tgc_regex_parser_t *p) {
  int32_t first = p->regex->size;
  parse_sequence(p);
  if (p->at == p->end || *p->at != '|')
    return;
  /* split(this, rest); this; jump end; rest. */
  insert(p, first, 1);
  int32_t jump = emit(p, kJump, 0, 0);
  p->regex->program[first] = (tgc_regex_instruction_t){kSplit, first + 1, jump + 1, 0};
  ++p->at;
  parse_alternatives(p);
  p->regex->program[jump].x = p->regex->size;
}

tgc_regex_t tgc_regex_compile(tgc_frame_t *frame, const char *node, tgc_string_t pattern) {
  tgc_regex_t regex = {.frame = frame};
  regex.program = tgc_rt_scratch(frame, kMaxProgram * sizeof *regex.program);
  regex.ranges = tgc_rt_scratch(frame, kMaxRanges * sizeof *regex.ranges);
  tgc_regex_parser_t parser = {.regex = &regex,
                               .node = node,
                               .pattern = pattern,
                               .at = pattern.data,
                               .end = pattern.data + pattern.size};
  emit(&parser, kSave, 0, 0);
  parse_alternatives(&parser);
  if (parser.at != parser.end)
    tgc_regex_fail(&parser, "unexpected )");
  emit(&parser, kSave, 1, 0);
  emit(&parser, kMatch, 0, 0);
  return regex;
}
