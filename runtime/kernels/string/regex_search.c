/*===- regex_search.c - Running regular expressions ---------------------------===*/

#include "regex.h"
#include "utf8.h"

typedef struct thread {
  int32_t at; /* instruction */
  int64_t positions[2 * TGC_REGEX_GROUPS];
} thread_t;

/* Threads in the order of their preference; `places` says where an instruction's thread stands, if it has
 * one. */
struct tgc_regex_threads {
  int32_t count, *places;
  thread_t *threads;
};

typedef struct search {
  const tgc_regex_t *regex;
  tgc_string_t text;
  int64_t position;
} search_t;

static int is_word(const search_t *search, int64_t position) {
  if (position < 0 || (uint64_t)position >= search->text.size)
    return 0;
  char c = search->text.data[position];
  return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
}

static int holds(const search_t *search, int32_t kind) {
  int64_t at = search->position, size = (int64_t)search->text.size;
  int is_boundary = is_word(search, at - 1) != is_word(search, at);
  switch (kind) {
  case 'A':
    return at == 0;
  case 'z':
    return at == size;
  case '^':
    return at == 0 || search->text.data[at - 1] == '\n';
  case '$':
    return at == size || search->text.data[at] == '\n';
  case 'b':
    return is_boundary;
  default:
    return !is_boundary;
  }
}

/* Adds the thread at an instruction, and what follows without reading; entries of the stack undo positions.
 */
static void add(const search_t *search, struct tgc_regex_threads *threads, int32_t at, const int64_t *start) {
  const tgc_regex_instruction_t *program = search->regex->program;
  int32_t *stack = search->regex->stack, depth = 0;
  int64_t positions[2 * TGC_REGEX_GROUPS];
  memcpy(positions, start, sizeof positions);
  /* Triples: an instruction, or -1 - k to put position k back, with the two halves of the old value. */
#define PUSH(what, value)                                                                                    \
  (stack[depth] = (what), stack[depth + 1] = (int32_t)((value) >> 32), stack[depth + 2] = (int32_t)(value),  \
   depth += 3)
  PUSH(at, (int64_t)0);
  while (depth > 0) {
    depth -= 3;
    int32_t next = stack[depth];
    if (next < 0) {
      positions[-1 - next] =
          (int64_t)((uint64_t)(uint32_t)stack[depth + 1] << 32 | (uint32_t)stack[depth + 2]);
      continue;
    }
    int32_t place = threads->places[next];
    if (place >= 0 && place < threads->count && threads->threads[place].at == next)
      continue;
    threads->places[next] = threads->count;
    thread_t *thread = &threads->threads[threads->count++];
    thread->at = next;
    memcpy(thread->positions, positions, sizeof positions);
    const tgc_regex_instruction_t *instruction = &program[next];
    switch (instruction->op) {
    case kJump:
      PUSH(instruction->x, (int64_t)0);
      break;
    case kSplit:
      PUSH(instruction->y, (int64_t)0);
      PUSH(instruction->x, (int64_t)0);
      break;
    case kSave:
      PUSH(-1 - instruction->x, positions[instruction->x]);
      positions[instruction->x] = search->position;
      PUSH(next + 1, (int64_t)0);
      break;
    case kAssert:
      if (holds(search, instruction->x))
        PUSH(next + 1, (int64_t)0);
      break;
    default:
      break;
    }
  }
#undef PUSH
}

static int matches(const tgc_regex_t *regex, const tgc_regex_instruction_t *instruction, int32_t code) {
  for (int32_t i = 0; i < instruction->count; ++i)
    if (code >= regex->ranges[instruction->x + i][0] && code <= regex->ranges[instruction->x + i][1])
      return 1;
  return 0;
}

static struct tgc_regex_threads *make_threads(const tgc_regex_t *regex) {
  uint64_t size = (uint64_t)regex->size;
  struct tgc_regex_threads *threads = tgc_rt_scratch(regex->frame, sizeof *threads);
  threads->places = tgc_rt_scratch(regex->frame, size * sizeof *threads->places);
  threads->threads = tgc_rt_scratch(regex->frame, size * sizeof *threads->threads);
  memset(threads->places, 0xff, size * sizeof *threads->places);
  return threads;
}

int tgc_regex_search(tgc_regex_t *regex, tgc_string_t text, uint64_t start, int is_full,
                     int64_t positions[2 * TGC_REGEX_GROUPS]) {
  if (!regex->stack) {
    regex->stack = tgc_rt_scratch(regex->frame, (uint64_t)(6 * regex->size + 6) * sizeof *regex->stack);
    regex->current = make_threads(regex);
    regex->next = make_threads(regex);
  }
  search_t search = {regex, text, (int64_t)start};
  int is_found = 0;
  int64_t none[2 * TGC_REGEX_GROUPS];
  memset(none, 0xff, sizeof none);
  regex->current->count = 0;
  for (;;) {
    if (!is_found && (!is_full || search.position == (int64_t)start))
      add(&search, regex->current, 0, none);
    if (regex->current->count == 0 && (is_found || is_full))
      return is_found;
    int size = 1, at_end = (uint64_t)search.position >= text.size;
    int32_t code = at_end ? -1 : tgc_utf8_next(text.data + search.position, text.data + text.size, &size);
    regex->next->count = 0;
    int64_t here = search.position;
    search.position += size;
    for (int32_t i = 0; i < regex->current->count; ++i) {
      const thread_t *thread = &regex->current->threads[i];
      const tgc_regex_instruction_t *instruction = &regex->program[thread->at];
      if (instruction->op == kMatch && (!is_full || (uint64_t)here == text.size)) {
        /* What comes later is liked less. */
        memcpy(positions, thread->positions, sizeof thread->positions);
        is_found = 1;
        break;
      }
      if (instruction->op == kClass && !at_end && matches(regex, instruction, code))
        add(&search, regex->next, thread->at + 1, thread->positions);
    }
    struct tgc_regex_threads *done = regex->current;
    regex->current = regex->next;
    regex->next = done;
    if (at_end)
      return is_found;
  }
}
