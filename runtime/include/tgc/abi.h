/*===- tgc/abi.h - What a compiled module exports and what it calls --------===*
 *
 * The contract between code that tgc generates and the runtime that runs it. Standalone: libc headers only.
 * A compiled module exports one symbol, `tgc_module_query`, which returns a versioned, size-prefixed
 * descriptor. Generated entries call the `tgc_rt_*` functions below; in a shared library they are linked in
 * and hidden, in the JIT they resolve to the host program's copy. Changing anything here raises
 * TGC_ABI_VERSION, appending does not; docs/runtime-abi.md has the whole picture.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_ABI_H
#define TGC_ABI_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Visible in libtgc-runtime.so only: inside a compiled module every symbol but the query is hidden. */
#if defined(TGC_RUNTIME_SHARED)
#define TGC_API __attribute__((visibility("default")))
#else
#define TGC_API
#endif

#define TGC_ABI_VERSION 1u
/* The largest rank of a tensor that crosses the ABI. */
#define TGC_MAX_RANK 16

/* Element types; the numbers are those of TensorFlow's DataType. */
typedef enum tgc_dtype {
  TGC_DTYPE_INVALID = 0,
  TGC_FLOAT32 = 1,
  TGC_FLOAT64 = 2,
  TGC_INT32 = 3,
  TGC_UINT8 = 4,
  TGC_INT16 = 5,
  TGC_INT8 = 6,
  TGC_STRING = 7, /* elements are tgc_string_t */
  TGC_COMPLEX64 = 8,
  TGC_INT64 = 9,
  TGC_BOOL = 10, /* one byte, 0 or 1 */
  TGC_QINT8 = 11,
  TGC_QUINT8 = 12,
  TGC_QINT32 = 13,
  TGC_BFLOAT16 = 14,
  TGC_QINT16 = 15,
  TGC_QUINT16 = 16,
  TGC_UINT16 = 17,
  TGC_COMPLEX128 = 18,
  TGC_FLOAT16 = 19,
  TGC_UINT32 = 22,
  TGC_UINT64 = 23
} tgc_dtype_t;

/* Status codes; the numbers and meanings are those of TensorFlow's (and absl's) error codes. */
typedef enum tgc_status {
  TGC_OK = 0,
  TGC_CANCELLED = 1,
  TGC_UNKNOWN = 2,
  TGC_INVALID_ARGUMENT = 3,
  TGC_DEADLINE_EXCEEDED = 4,
  TGC_NOT_FOUND = 5,
  TGC_ALREADY_EXISTS = 6,
  TGC_PERMISSION_DENIED = 7,
  TGC_RESOURCE_EXHAUSTED = 8,
  TGC_FAILED_PRECONDITION = 9,
  TGC_ABORTED = 10,
  TGC_OUT_OF_RANGE = 11,
  TGC_UNIMPLEMENTED = 12,
  TGC_INTERNAL = 13,
  TGC_UNAVAILABLE = 14,
  TGC_DATA_LOSS = 15
} tgc_status_t;

/* One element of a string tensor: bytes, not zero-terminated. The bytes belong to whoever owns the tensor. */
typedef struct tgc_string {
  const char *data;
  uint64_t size;
} tgc_string_t;

/* A dense row-major tensor. Never owns its memory. */
typedef struct tgc_tensor {
  void *data;         /* aligned to 64 bytes for best speed; any natural alignment is accepted */
  uint64_t byte_size; /* bytes that `data` has room for */
  int32_t dtype;      /* tgc_dtype_t */
  int32_t rank;
  int64_t dims[TGC_MAX_RANK];
} tgc_tensor_t;

/* What a module says of a feed, a fetch or a variable. */
typedef struct tgc_tensor_info {
  const char *name;    /* TensorFlow's: "x:0" for feeds and fetches, the checkpoint's key for variables */
  int32_t dtype;       /* tgc_dtype_t */
  int32_t rank;        /* -1: unknown until run time (variables only) */
  const int64_t *dims; /* rank numbers; -1: known at run time only */
} tgc_tensor_info_t;

typedef struct tgc_variable_info {
  tgc_tensor_info_t tensor;
  uint8_t is_trainable;
  /* Value that a session starts with (SavedModel, --checkpoint); NULL: uninitialised. Byte order and layout
   * of the tensor; lives as long as the module. */
  const void *initial_value;
  const int64_t *initial_dims; /* NULL where the dims above are all known */
} tgc_variable_info_t;

/* One variable of one session, as generated code sees it. */
typedef struct tgc_variable {
  tgc_tensor_t value;
  uint8_t is_initialized;
} tgc_variable_t;

typedef struct tgc_frame tgc_frame_t;

/* One (feeds, fetches, targets) triple. */
typedef struct tgc_entry_info {
  const char *name;
  uint32_t num_feeds;
  uint32_t num_fetches;
  uint32_t num_targets;
  const tgc_tensor_info_t *feeds;
  const tgc_tensor_info_t *fetches;
  const char *const *targets; /* operation names */
  /* How many run-time sized buffers (see tgc_rt_buffer) the entry keeps in its session. */
  uint32_t num_buffers;
  /* Runs the entry. The runtime has checked the feeds against `feeds`. Returns TGC_OK, or leaves through
   * tgc_rt_fail. */
  int32_t (*run)(tgc_frame_t *frame);
} tgc_entry_info_t;

/* What tgc_module_query returns. Fields are only ever appended; `size` says how many bytes the module's copy
 * has. */
typedef struct tgc_module_info {
  uint32_t size;
  uint32_t version; /* TGC_ABI_VERSION of the compiler that made it */
  /* LLVM's target triple and CPU, "x86_64-linux-gnu x86-64-v4"; after a CPU that is no level of x86-64 the
   * level that the code needs, "x86_64-linux-gnu cascadelake x86-64-v4"; "x86-64-v4+avx512vnni" and
   * "x86-64-v4+avx512bf16" are two more.
   */
  const char *target;
  const char *fingerprint; /* hexadecimal hash of graph and options */
  uint32_t num_entries;
  uint32_t num_variables;
  const tgc_entry_info_t *entries;
  const tgc_variable_info_t *variables;
  /* The public functions of the runtime that is linked into the module (tgc/runtime.h), for hosts that link
   * no runtime of their own: dlopen and one query are enough. In a shared library the compiler sets it to
   * &tgc_runtime_api, in the JIT it may be NULL. */
  const struct tgc_runtime_api *api;
  /* How many counters (see tgc_rt_counter) a session of this module has. 0 if `size` ends before. */
  uint32_t num_counters;
  /* Weights that lie in a file: room for `weights_size` bytes, whole pages, where the runtime maps the file
   * before anything else is done with the module. The file has this name, stands beside the library, and ends
   * in TGC_WEIGHTS_TRAILER_SIZE bytes that hold the fingerprint. NULL, or `size` ends before: there are none.
   */
  const char *weights_file;
  void *weights;
  uint64_t weights_size;
  /* For each entry whether it has code for a GPU; NULL, or `size` ends before: none has. */
  const uint8_t *entries_on_device;
} tgc_module_info_t;

#define TGC_WEIGHTS_TRAILER_SIZE 64

/* The one symbol that a compiled module exports. NULL if the module is newer than `max_version`. */
#define TGC_MODULE_QUERY_SYMBOL "tgc_module_query"
typedef const tgc_module_info_t *(*tgc_module_query_fn)(uint32_t max_version);

/* The state of one run; made by tgc_session_run, seen by generated code. */
struct tgc_frame {
  /* The runtime that made the frame. The tgc_rt_* symbols linked into a module forward through it, so a
   * host's own runtime (its thread pool, its allocator) serves every module that it loads. */
  const struct tgc_runtime_functions *functions;
  const tgc_tensor_t *feeds;   /* num_feeds, checked */
  tgc_tensor_t *fetches;       /* num_fetches; see tgc_rt_fetch */
  tgc_variable_t *variables;   /* num_variables of the module */
  struct tgc_session *session; /* the runtime's own */
};

/*===----------------------------------------------------------------------===*
 * Functions that generated code calls. None allocates once a shape was seen; all report through tgc_rt_fail,
 * which does not return: it ends the run with the status.
 *===----------------------------------------------------------------------===*/

/* Memory for the whole run: at least `bytes`, aligned to 64, contents undefined, the session's, kept between
 * runs. A second call in one run may move it. */
TGC_API void *tgc_rt_workspace(tgc_frame_t *frame, uint64_t bytes);

/* Buffer number `index` (< num_buffers) of this entry, for a tensor whose size is known only during the run:
 * at least `bytes`, aligned to 64, contents undefined, the session's, kept and reused between runs. */
TGC_API void *tgc_rt_buffer(tgc_frame_t *frame, uint32_t index, uint64_t bytes);

/* Where fetch `index` goes: the caller's memory if it gave some (INVALID_ARGUMENT if that is too small), else
 * memory of the session that stays valid until its next run. Sets the fetch's dims (`rank` numbers) and, for
 * lent memory, its byte size. */
TGC_API void *tgc_rt_fetch(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);

/* The data of variable `index`; FAILED_PRECONDITION if it has no value. `node` names the reader. */
TGC_API void *tgc_rt_variable_read(tgc_frame_t *frame, uint32_t index, const char *node);

/* As tgc_rt_variable_read, for variables whose initialisation the program tests: one without a value gives
 * `bytes` zeroed bytes (unknown sizes are 0), and stays without one. */
TGC_API void *tgc_rt_variable_peek(tgc_frame_t *frame, uint32_t index, uint64_t bytes);

/* Whether the variable of that name has a value; and taking its value away. */
TGC_API uint8_t tgc_rt_variable_is_initialized(tgc_frame_t *frame, const char *name);
TGC_API void tgc_rt_variable_destroy(tgc_frame_t *frame, const char *name);

/* Where a variable's value is. Whoever keeps values elsewhere (a device) and the runtime share it. */
typedef struct tgc_residence {
  /* Who has the value while the host's memory does not have it; NULL: it does. */
  void *holder;
  /* Copies the value to the host's memory at `data`. Returns TGC_OK, or another status and why. */
  int32_t (*bring)(void *holder, void *data, uint64_t bytes, const char **out_reason);
  /* Rises whenever the host may change the value: copies elsewhere are old then. */
  uint64_t version;
} tgc_residence_t;

/* Where the value of variable `index` is; the same address in all runs of the session. The functions above
 * bring the value to the host first, whose own it is then. */
TGC_API tgc_residence_t *tgc_rt_variable_residence(tgc_frame_t *frame, uint32_t index);

/* A feed or fetch of the run whose memory is a device's. The host's memory stands for it: that of `tensor`,
 * once a fetch has some. */
typedef struct tgc_guest {
  const tgc_tensor_t *tensor; /* of the frame */
  uint64_t address;
  uint64_t byte_size; /* what there is at that address */
  int32_t device_id;
  uint8_t is_fetch;
  /* The host's memory has the value of a feed; the device's memory has that of a fetch. */
  uint8_t is_done;
} tgc_guest_t;

/* All of a run. Whoever runs it on a device sets `finish`, which is called when the entry has ended well,
 * with the fetches that are not done in the host's memory; it returns when all are done, or why they are not.
 */
typedef struct tgc_guests {
  tgc_guest_t *guests;
  uint32_t count;
  void *holder;
  int32_t (*finish)(void *holder, const char **out_reason);
} tgc_guests_t;

/* NULL: all feeds and fetches are the host's. */
TGC_API tgc_guests_t *tgc_rt_guests(tgc_frame_t *frame);

/* Memory for a new value of variable `index` with the given dims; keeps the old contents if the byte size is
 * the same. Marks the variable initialised. */
TGC_API void *tgc_rt_variable_write(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);

/* Ends the run with `code`; the message is "<text> [node: <node>]". `text` may hold %d (a number) or %s (a
 * pointer to zero-terminated text) for each of the `num_values` values, in order, and %% for a percent sign.
 * The first error of a run counts. To be called on the run's own thread or from a body of
 * tgc_rt_parallel_for, on any thread. */
TGC_API void tgc_rt_fail(tgc_frame_t *frame, int32_t code, const char *node, const char *text,
                         const int64_t *values, uint32_t num_values);

/* Runs body(context, begin, end) over [0, count) in pieces of `grain` (the last may be shorter), on the
 * session's threads; returns when all is done. Pieces depend on count and grain only, never on the number of
 * threads. Inside a body it runs serially. */
typedef void (*tgc_loop_body_fn)(void *context, int64_t begin, int64_t end);
TGC_API void tgc_rt_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                                 int64_t grain);

/* A kernel written by hand (runtime/kernels): reads `inputs`, writes `outputs`, whose data, dtype and dims
 * the caller has set. `attributes` is the constant text that the lowering of the operator documents. */
typedef void (*tgc_host_kernel_fn)(tgc_frame_t *frame, const char *node, const char *attributes,
                                   const tgc_tensor_t *inputs, uint32_t num_inputs, tgc_tensor_t *outputs,
                                   uint32_t num_outputs);

/* An output whose size the kernel finds out: sets dims and byte_size and gives memory from buffer `index`.
 * The caller of the kernel has set the rank and the dims that are known, -1 for others: the run ends with
 * INVALID_ARGUMENT where `rank` or `dims` differ. */
TGC_API void tgc_rt_host_output(tgc_frame_t *frame, uint32_t index, tgc_tensor_t *output, int32_t rank,
                                const int64_t *dims);

/* Counter number `index` (< num_counters) of the session: starts at 0, kept between runs and shared by all
 * entries. What random operators count their samples in. */
TGC_API uint64_t *tgc_rt_counter(tgc_frame_t *frame, uint32_t index);

/* The seed the session was created with, for random operators that the graph gives no seed. */
TGC_API uint64_t tgc_rt_seed(tgc_frame_t *frame);

/* Memory of the session for a kernel, aligned to 64, contents undefined, valid until the session's next run:
 * room to work in, and the bytes of strings that a kernel makes. To be called on the run's own thread. */
TGC_API void *tgc_rt_scratch(tgc_frame_t *frame, uint64_t bytes);

/* Where the session keeps the object of that name (a table, a queue): NULL until a kernel puts something
 * there. What is there when the session ends is given to `release`, that of the first call. To be called on
 * the run's own thread. */
TGC_API void **tgc_rt_object(tgc_frame_t *frame, const char *name, void (*release)(void *object));

/* Says that `kernel`, which computes `nodes` of the graph, has run since the last such call; NULL: a run
 * begins. Only code that was compiled with --profile calls it; runtimes that do not know it are not asked. */
TGC_API void tgc_rt_profile(tgc_frame_t *frame, const char *kernel, const char *nodes);

/* What a GPU was busy with, from `begin` to `end` (nanoseconds of CLOCK_MONOTONIC, as near as events of the
 * driver tell). `kernel` and `nodes` live as long as the session. `bytes` are those of all memory that the
 * kernel is given, `operations` those on floats, as the graph says them; 0: unknown. */
typedef struct tgc_device_work {
  uint32_t size; /* sizeof(tgc_device_work_t) */
  const char *kernel;
  const char *nodes;
  uint64_t begin, end;
  uint64_t bytes, operations;
} tgc_device_work_t;

/* Tells of such work, the host having waited for it; what it waited is part of no kernel of tgc_rt_profile.
 * Returns whether anybody wants to know, which NULL only asks. */
TGC_API uint8_t tgc_rt_profile_device(tgc_frame_t *frame, const tgc_device_work_t *work);

/* What stands behind each tgc_rt_* function above. Only ever appended to; `size` is what the runtime's copy
 * has, and a forwarder whose function lies beyond it ends the run with UNIMPLEMENTED. */
typedef struct tgc_runtime_functions {
  uint32_t size;
  uint32_t version; /* TGC_ABI_VERSION of the runtime */
  void *(*workspace)(tgc_frame_t *frame, uint64_t bytes);
  void *(*buffer)(tgc_frame_t *frame, uint32_t index, uint64_t bytes);
  void *(*fetch)(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);
  void *(*variable_read)(tgc_frame_t *frame, uint32_t index, const char *node);
  void *(*variable_write)(tgc_frame_t *frame, uint32_t index, const int64_t *dims, uint64_t bytes);
  void (*fail)(tgc_frame_t *frame, int32_t code, const char *node, const char *text, const int64_t *values,
               uint32_t num_values);
  void (*parallel_for)(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                       int64_t grain);
  void (*host_output)(tgc_frame_t *frame, uint32_t index, tgc_tensor_t *output, int32_t rank,
                      const int64_t *dims);
  uint64_t *(*counter)(tgc_frame_t *frame, uint32_t index);
  uint64_t (*seed)(tgc_frame_t *frame);
  void *(*scratch)(tgc_frame_t *frame, uint64_t bytes);
  void **(*object)(tgc_frame_t *frame, const char *name, void (*release)(void *object));
  void *(*variable_peek)(tgc_frame_t *frame, uint32_t index, uint64_t bytes);
  uint8_t (*variable_is_initialized)(tgc_frame_t *frame, const char *name);
  void (*variable_destroy)(tgc_frame_t *frame, const char *name);
  void (*profile)(tgc_frame_t *frame, const char *kernel, const char *nodes);
  tgc_residence_t *(*variable_residence)(tgc_frame_t *frame, uint32_t index);
  tgc_guests_t *(*guests)(tgc_frame_t *frame);
  uint8_t (*profile_device)(tgc_frame_t *frame, const tgc_device_work_t *work);
} tgc_runtime_functions_t;

/* The public API of the runtime that is linked in; hidden in a shared library. See tgc_module_info_t. */
TGC_API extern const struct tgc_runtime_api tgc_runtime_api;

/* Bytes of one element; 0 for an unknown dtype. */
TGC_API uint32_t tgc_dtype_size(int32_t dtype);

#ifdef __cplusplus
}
#endif
#endif /* TGC_ABI_H */
