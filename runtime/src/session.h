/*===- session.h - What a module and a session are inside -------------------===*/
#ifndef TGC_SRC_SESSION_H
#define TGC_SRC_SESSION_H

#include "error.h"
#include "tgc/runtime.h"

#include <setjmp.h>
#include <stdatomic.h>

/* The entry that every session runs when it is made, if the module has one: a SavedModel's own op for that.
 */
#define TGC_INITIALIZER_NAME "__saved_model_init_op"

struct tgc_module {
  atomic_uint num_references; /* the caller's and one per session */
  void *library;              /* of dlopen, or NULL */
  const tgc_module_info_t *info;
  uint32_t num_counters;
  tgc_services_t services; /* complete: no function but log and parallel_for is NULL */
};

/* Memory that a session keeps and grows, aligned to 64. */
typedef struct tgc_block {
  void *data;
  uint64_t capacity;
} tgc_block_t;

typedef struct tgc_fetch_state {
  tgc_block_t memory; /* what is lent */
  tgc_block_t spare;  /* what was lent before, if it was fed to the run after */
  tgc_block_t bytes;  /* of the elements of a string tensor */
} tgc_fetch_state_t;

typedef struct tgc_entry_state {
  tgc_block_t *buffers;
  tgc_fetch_state_t *fetches;
  /* All lent memory lies in [lent_begin, lent_end): a quick look tells most feeds from it. */
  uintptr_t lent_begin, lent_end;
  uint8_t has_string_fetches;
} tgc_entry_state_t;

typedef struct tgc_variable_state {
  tgc_block_t memory;
  tgc_block_t bytes;   /* of the elements of a string tensor */
  uint8_t was_written; /* in this run */
  tgc_residence_t residence;
} tgc_variable_state_t;

/* Memory for kernels, handed out from the front, and taken back as a whole. */
typedef struct tgc_scratch {
  struct tgc_scratch *next;
  uint64_t capacity, used;
} tgc_scratch_t;

/* What kernels keep between runs under a name. */
typedef struct tgc_object {
  struct tgc_object *next;
  void *value;
  void (*release)(void *value);
  char name[];
} tgc_object_t;

/* What stands for tensors that lie on a device. */
typedef struct tgc_guest_state {
  tgc_block_t tables; /* of the run's feeds, fetches and guests */
  tgc_block_t memory; /* of feeds */
  tgc_guests_t list;  /* empty without such tensors */
} tgc_guest_state_t;

typedef struct tgc_async tgc_async_t;

struct tgc_session {
  tgc_frame_t frame;
  atomic_uint is_busy;
  atomic_uint has_failed; /* this run; the first to set it writes the error */
  uint32_t num_threads;
  uint8_t has_string_variables;
  uint8_t may_be_parallel;
  uint8_t uses_pool;
  tgc_module_t *module;
  const tgc_entry_info_t *entry; /* that runs */
  tgc_entry_state_t *entry_state;
  tgc_error_t *error;  /* where this run's error goes; may be NULL */
  tgc_status_t status; /* of this run, once has_failed */
  jmp_buf leave;       /* out of the entry, on the run's own thread */
  uint64_t seed;
  tgc_profile_fn profile; /* may be NULL */
  void *profile_user;
  tgc_device_profile_fn profile_device; /* may be NULL */
  uint64_t last_mark;                   /* nanoseconds */
  tgc_block_t workspace;
  tgc_entry_state_t *entries;
  tgc_variable_state_t *variable_states;
  uint64_t *counters;
  tgc_scratch_t *scratch; /* the block in use; the full ones follow */
  tgc_object_t *objects;
  tgc_guest_state_t guests;
  tgc_async_t *async; /* NULL: it was never asked for */
};

/*===----------------------------------------------------------------------===*
 * allocator.c
 *===----------------------------------------------------------------------===*/

/* The host's table with defaults filled in. */
tgc_status_t tgc_services_complete(const tgc_services_t *services, tgc_services_t *out_services,
                                   tgc_error_t *error);

/* Zeroed memory for the runtime's own structures; NULL if there is none. */
void *tgc_allocate_zeroed(const tgc_services_t *services, uint64_t count, uint64_t size);
void tgc_release_memory(const tgc_services_t *services, void *memory);

/* Makes room for `bytes`; the contents are lost if the block grows. 0 (false): no memory, the block is empty.
 */
uint8_t tgc_block_reserve(const tgc_services_t *services, tgc_block_t *block, uint64_t bytes);
void tgc_block_release(const tgc_services_t *services, tgc_block_t *block);

/*===----------------------------------------------------------------------===*
 * module.c, session.c, strings.c, variable.c, objects.c, feeds.c
 *===----------------------------------------------------------------------===*/

void tgc_module_retain(tgc_module_t *module);

/* weights.c: maps the weights that lie in a file, if there are such; again is fine. */
tgc_status_t tgc_weights_map(const tgc_module_info_t *info, tgc_error_t *error);

/* Takes the session for this thread, or says FAILED_PRECONDITION. */
static inline tgc_status_t tgc_session_enter(tgc_session_t *session, tgc_error_t *error) {
  if (!atomic_exchange_explicit(&session->is_busy, 1, memory_order_acquire))
    return TGC_OK;
  return tgc_error_set(error, TGC_FAILED_PRECONDITION,
                       "the session is in use on another thread; give each thread a session of its own");
}

static inline void tgc_session_leave(tgc_session_t *session) {
  atomic_store_explicit(&session->is_busy, 0, memory_order_release);
}

/* Copies the bytes of `count` strings into `bytes` (old memory of which they may point to) and points the
 * strings there. 0 (false): no memory, the strings are empty now. */
uint8_t tgc_strings_own(const tgc_services_t *services, tgc_block_t *bytes, tgc_string_t *strings,
                        uint64_t count);

/* Copies the bytes of string variables written in this run. */
tgc_status_t tgc_variables_own_strings(tgc_session_t *session, tgc_error_t *error);

/* Sets a variable from a dense value; `dims` are known and fit. */
tgc_status_t tgc_variable_assign(tgc_session_t *session, uint32_t index, int32_t rank, const int64_t *dims,
                                 const void *data, uint64_t bytes, tgc_error_t *error);

/* Brings the value to the host's memory if it is elsewhere. */
tgc_status_t tgc_variable_bring(tgc_session_t *session, uint32_t index, tgc_error_t *error);

/* Gives a variable `memory`, whose first `bytes` bytes are its value; the bytes of strings, if any, follow in
 * it. */
void tgc_variable_adopt(tgc_session_t *session, uint32_t index, int32_t rank, const int64_t *dims,
                        tgc_block_t *memory, uint64_t bytes);

/* objects.c: takes the scratch memory of the last run back; as one block if it was several. */
void tgc_scratch_reset(tgc_session_t *session);
/* Releases all scratch memory and all objects of a session that ends. */
void tgc_objects_release(tgc_session_t *session);

/* run.c: fills in what a request leaves out, and checks it against its entry. */
tgc_status_t tgc_request_check(const tgc_session_t *session, const tgc_run_request_t *request,
                               tgc_run_request_t *out_request, tgc_error_t *error);

/* Does a run that was checked, in a session that was entered. The session stays entered. */
tgc_status_t tgc_run_entered(tgc_session_t *session, const tgc_run_request_t *request, tgc_error_t *error);

/* async.c: ends the session's thread. */
void tgc_async_release(tgc_session_t *session);

/* guests.c: checks the places of a request; gives the run tensors of the host's where the caller's lie on a
 * device; brings fetches to the caller's after a good run. */
tgc_status_t tgc_places_check(const tgc_module_info_t *info, const tgc_run_request_t *request,
                              tgc_error_t *error);
tgc_status_t tgc_guests_prepare(tgc_session_t *session, const tgc_run_request_t *request, tgc_error_t *error);
tgc_status_t tgc_guests_finish(tgc_session_t *session, const tgc_run_request_t *request, tgc_error_t *error);
/* After a run that failed: waits until nothing uses the caller's memory any more. */
void tgc_guests_leave(tgc_session_t *session);

/* Checks the caller's feeds against the entry. */
tgc_status_t tgc_feeds_check(const tgc_entry_info_t *entry, const tgc_tensor_t *feeds, uint32_t num_feeds,
                             tgc_error_t *error);

/*===----------------------------------------------------------------------===*
 * What stands behind the tgc_rt_* functions (functions.c has the table).
 *===----------------------------------------------------------------------===*/
extern const tgc_runtime_functions_t tgc_frame_functions;

void *tgc_frame_workspace(tgc_frame_t *frame, uint64_t bytes);
void *tgc_frame_buffer(tgc_frame_t *frame, uint32_t index, uint64_t bytes);
/* Fails where the bytes of a shape overflow: the number that generated code computes has wrapped then. */
void tgc_frame_check_size(tgc_frame_t *frame, const char *what, const tgc_tensor_info_t *info, int32_t rank,
                          const int64_t *dims);
void *tgc_frame_fetch(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);
void *tgc_frame_variable_read(tgc_frame_t *frame, uint32_t index, const char *node);
void *tgc_frame_variable_write(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);
void *tgc_frame_variable_peek(tgc_frame_t *frame, uint32_t index, uint64_t bytes);
uint8_t tgc_frame_variable_is_initialized(tgc_frame_t *frame, const char *name);
void tgc_frame_variable_destroy(tgc_frame_t *frame, const char *name);
tgc_residence_t *tgc_frame_variable_residence(tgc_frame_t *frame, uint32_t index);
tgc_guests_t *tgc_frame_guests(tgc_frame_t *frame);
void tgc_frame_profile(tgc_frame_t *frame, const char *kernel, const char *nodes);
uint8_t tgc_frame_profile_device(tgc_frame_t *frame, const tgc_device_work_t *work);
void tgc_frame_fail(tgc_frame_t *frame, int32_t code, const char *node, const char *text,
                    const int64_t *values, uint32_t num_values);
void tgc_frame_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                            int64_t grain);
void tgc_frame_host_output(tgc_frame_t *frame, uint32_t index, tgc_tensor_t *output, int32_t rank,
                           const int64_t *dims);
uint64_t *tgc_frame_counter(tgc_frame_t *frame, uint32_t index);
uint64_t tgc_frame_seed(tgc_frame_t *frame);
void *tgc_frame_scratch(tgc_frame_t *frame, uint64_t bytes);
void **tgc_frame_object(tgc_frame_t *frame, const char *name, void (*release)(void *object));

/* fail.c: the runtime's own reasons to end a run, with a printf format. Does not return. */
_Noreturn void tgc_frame_fail_with(tgc_frame_t *frame, tgc_status_t code, const char *node,
                                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same without leaving: for threads that are outside of a body. */
void tgc_session_record(tgc_session_t *session, tgc_status_t code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Leaves the run of a session that has failed: out of the body in a parallel region, else out of the entry.
 */
_Noreturn void tgc_session_unwind(tgc_session_t *session);

/* parallel.c: to be called before a session may use threads; 0 (false): it may not. */
uint8_t tgc_parallel_prepare(void);

/* parallel.c: where a body that runs on this thread leaves to, or NULL. */
jmp_buf *tgc_parallel_leave_point(const tgc_session_t *session);

#endif /* TGC_SRC_SESSION_H */
