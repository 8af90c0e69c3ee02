/*===- regex.h - Regular expressions in RE2's syntax --------------------------===*
 *
 * Thompson's construction run as Pike's machine: time is linear in the text, and of several matches at one
 * place the one that a backtracking matcher would find first wins, as in RE2. Works on code points; bytes
 * that are not UTF-8 match nothing.
 *
 *===------------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_STRING_REGEX_H
#define TGC_KERNELS_STRING_REGEX_H

#include "runtime/kernels/elements.h"

/* Groups that a match reports: the whole and nine more. */
enum { TGC_REGEX_GROUPS = 10 };

typedef enum tgc_regex_op { kMatch, kClass, kSplit, kJump, kSave, kAssert } tgc_regex_op_t;

/* kSplit tries x before y; kClass matches `count` ranges from number x on, or all but those if y is set;
 * kSave stores the position as number x; kAssert holds where `x`, one of ^ $ A z b B, does. */
typedef struct tgc_regex_instruction {
  tgc_regex_op_t op;
  int32_t x, y, count;
} tgc_regex_instruction_t;

typedef struct tgc_regex {
  tgc_frame_t *frame;
  tgc_regex_instruction_t *program;
  int32_t (*ranges)[2];
  int32_t size, num_ranges;
  /* What a search needs: two lists of threads with their positions. */
  int32_t *stack;
  struct tgc_regex_threads *current, *next;
} tgc_regex_t;

/* Compiles a pattern into scratch memory of the run; what is no pattern, or not known, ends the run. */
tgc_regex_t tgc_regex_compile(tgc_frame_t *frame, const char *node, tgc_string_t pattern);

/* Looks for the first match from `start` on; at `start` and up to the end only if `is_full`. Positions of
 * group i are positions[2 * i] and the next, -1 if it took no part. 0: there is none. */
int tgc_regex_search(tgc_regex_t *regex, tgc_string_t text, uint64_t start, int is_full,
                     int64_t positions[2 * TGC_REGEX_GROUPS]);

#endif /* TGC_KERNELS_STRING_REGEX_H */
