/*===- tgc/runtime.h - Load and run compiled modules -----------------------===*
 *
 * The public C API of the runtime. A module is code (a compiled .so, or a descriptor of the JIT); a session
 * is the state of one user of it: variables, memory, random counters.
 *
 * Ownership, for all functions: what a *_load, *_from_info or *_create returns belongs to the caller, who
 * gives it to the *_release of its kind (NULL is fine). What accessors return is borrowed from the object
 * they are asked of. Strings passed in are copied or not kept.
 *
 * Errors: a function that can fail returns the status and, if `error` is not NULL, fills it; on success it
 * sets the code to TGC_OK and the texts to "". Nothing aborts, prints or throws. Outputs are untouched on
 * failure unless said.
 *
 * Threads: modules are immutable and may be shared. A session serves one thread at a time: a second call
 * while one is under way returns FAILED_PRECONDITION. Different sessions, also of one module, may run at the
 * same time.
 *
 * Memory: a run allocates nothing after the first one at given shapes.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_RUNTIME_H
#define TGC_RUNTIME_H

#include "tgc/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Filled by a failed call. The caller's: put it on the stack, nothing is to be freed. */
typedef struct tgc_error {
  int32_t code;       /* tgc_status_t */
  char message[2048]; /* one line, cut if longer; ends in " [node: NAME]" where a node is to blame */
  char node[256];     /* the node's name, or "" */
} tgc_error_t;

/* What a host lends to the runtime. Zero fields mean the defaults; set `size` to sizeof(tgc_services_t). The
 * table is copied; `user` and what it points to live as long as every module loaded with it. All functions
 * may be called from any thread. */
typedef struct tgc_services {
  uint32_t size;
  /* Threads that a session may use unless its options say otherwise; 0: one per CPU the process may run on.
   */
  uint32_t num_threads;
  void *user; /* first argument of every function below */
  /* Memory aligned to `alignment` (a power of two), or NULL. Both or neither of allocate and release. */
  void *(*allocate)(void *user, uint64_t bytes, uint64_t alignment);
  void (*release)(void *user, void *memory);
  /* Something worth telling that is no error; default: silence. */
  void (*log)(void *user, const char *text);
  /* Calls task(context, begin, end) so that [0, count) is covered exactly once, on any threads, in any
   * grouping, and returns when all calls have. Default: the runtime's pool, one per process, with a thread
   * per CPU at most. */
  void (*parallel_for)(void *user, tgc_loop_body_fn task, void *context, int64_t count);
} tgc_services_t;

typedef struct tgc_module tgc_module_t;
typedef struct tgc_session tgc_session_t;

/* A kernel has run, on the run's own thread, from `begin` to `end` (nanoseconds of CLOCK_MONOTONIC); `kernel`
 * and `nodes`, which live as long as the module, say which and what of the graph it computes. NULL: a run
 * begins. Modules that were compiled without --profile never call it. */
typedef void (*tgc_profile_fn)(void *user, const char *kernel, const char *nodes, uint64_t begin,
                               uint64_t end);

/* The same of a GPU's kernel, which the session waits for then: times of kernels are exact, runs take longer.
 */
typedef void (*tgc_device_profile_fn)(void *user, const tgc_device_work_t *work);

typedef struct tgc_session_options {
  uint32_t size;        /* sizeof(tgc_session_options_t) */
  uint32_t num_threads; /* 0: as the services say; 1: everything on the calling thread */
  uint64_t seed;        /* for random operators that the graph gives no seed; 0: of the operating system */
  tgc_profile_fn profile;
  void *profile_user; /* first argument of both */
  tgc_device_profile_fn profile_device;
} tgc_session_options_t;

typedef struct tgc_rename {
  const char *variable;   /* name in the module */
  const char *checkpoint; /* name in the checkpoint */
} tgc_rename_t;

typedef struct tgc_restore_options {
  uint32_t size; /* sizeof(tgc_restore_options_t) */
  uint32_t num_renames;
  const tgc_rename_t *renames;
  uint8_t partial; /* variables that the checkpoint lacks keep what they have; NOT_FOUND if it lacks all */
  /* Variables for which it gives 0 keep what they have. NULL: all are restored. */
  uint8_t (*selects)(void *user, const char *variable);
  void *user;
} tgc_restore_options_t;

typedef struct tgc_save_options {
  uint32_t size;        /* sizeof(tgc_save_options_t) */
  uint32_t max_to_keep; /* older ones that the folder's state file lists are removed; 0: none are */
  int64_t step;
  uint8_t has_step;         /* "-<step>" is appended to the prefix, as for tf.train.Saver's global_step */
  uint8_t keeps_state_file; /* the state file is left as it is */
  /* Of those that max_to_keep would remove, one per so many seconds stays for good; 0: none. */
  double keep_every_seconds;
} tgc_save_options_t;

/* Whose memory a tensor lies in, with DLPack's numbers. */
typedef enum tgc_device_type {
  TGC_DEVICE_CPU = 1,
  TGC_DEVICE_CUDA = 2,     /* memory of a GPU, its first byte at a multiple of 16 */
  TGC_DEVICE_CUDA_HOST = 3 /* the host's, page-locked */
} tgc_device_type_t;

/* What a tgc_tensor_t leaves out of a DLPack descriptor. */
typedef struct tgc_place {
  int32_t device_type; /* tgc_device_type_t */
  int32_t device_id;
  const int64_t *strides; /* in elements, rank numbers; NULL: row-major, as it must be anyway */
} tgc_place_t;

/* A run. Zero fields mean the defaults. */
typedef struct tgc_run_request {
  uint32_t size; /* sizeof(tgc_run_request_t) */
  uint32_t entry;
  const tgc_tensor_t *feeds;
  tgc_tensor_t *fetches;
  uint32_t num_feeds, num_fetches;
  const tgc_place_t *feed_places;  /* num_feeds; NULL: all are the host's */
  const tgc_place_t *fetch_places; /* num_fetches */
} tgc_run_request_t;

/*===----------------------------------------------------------------------===*
 * Status codes and element types.
 *===----------------------------------------------------------------------===*/

/* "INVALID_ARGUMENT", ...; "UNKNOWN" for a number that is none. Static. */
TGC_API const char *tgc_status_name(int32_t code);

/* "float32", "string", ...; "invalid" for a number that is none. Static. */
TGC_API const char *tgc_dtype_name(int32_t dtype);

/*===----------------------------------------------------------------------===*
 * Modules.
 *===----------------------------------------------------------------------===*/

/* Loads the shared library at `path` (a file; no search path). NOT_FOUND: no such file; INVALID_ARGUMENT: not
 * made by tgc or damaged; FAILED_PRECONDITION: made by a newer tgc. `services` may be NULL. */
TGC_API tgc_status_t tgc_module_load(const char *path, const tgc_services_t *services,
                                     tgc_module_t **out_module, tgc_error_t *error);

/* A module from a descriptor that lives longer than it: static linking, the JIT. */
TGC_API tgc_status_t tgc_module_from_info(const tgc_module_info_t *info, const tgc_services_t *services,
                                          tgc_module_t **out_module, tgc_error_t *error);

/* The library is closed when the last session over the module is gone too. */
TGC_API void tgc_module_release(tgc_module_t *module);

/* The descriptor: entries, feeds, fetches, variables. Never NULL. */
TGC_API const tgc_module_info_t *tgc_module_info(const tgc_module_t *module);

/* NOT_FOUND lists what there is. */
TGC_API tgc_status_t tgc_module_find_entry(const tgc_module_t *module, const char *name, uint32_t *out_index,
                                           tgc_error_t *error);
TGC_API tgc_status_t tgc_module_find_variable(const tgc_module_t *module, const char *name,
                                              uint32_t *out_index, tgc_error_t *error);
TGC_API tgc_status_t tgc_entry_find_feed(const tgc_entry_info_t *entry, const char *name, uint32_t *out_index,
                                         tgc_error_t *error);
TGC_API tgc_status_t tgc_entry_find_fetch(const tgc_entry_info_t *entry, const char *name,
                                          uint32_t *out_index, tgc_error_t *error);

/*===----------------------------------------------------------------------===*
 * Sessions.
 *===----------------------------------------------------------------------===*/

/* A session whose variables have the module's initial values, those without one being uninitialised.
 * `options` may be NULL. The session keeps the module alive. */
TGC_API tgc_status_t tgc_session_create(tgc_module_t *module, const tgc_session_options_t *options,
                                        tgc_session_t **out_session, tgc_error_t *error);
TGC_API void tgc_session_release(tgc_session_t *session);

/* Runs entry number `entry`. `feeds` and `fetches` are in the order of the entry's description.
 *
 * A feed gives data, byte_size, dtype, rank and dims; it is only read, and not after the return. Natural
 * alignment is enough. bool elements are 0 or 1.
 *
 * A fetch with data NULL is lent memory of the session, valid until its next run; with data it is written
 * there and byte_size says how much room there is. It must not overlap a feed. dtype, rank and dims are set.
 * A tensor that was lent may be passed again as it is, and may be fed to the next run. The bytes of strings
 * are lent in both cases.
 *
 * A failed run may have updated some variables; the fetches are undefined. */
TGC_API tgc_status_t tgc_session_run(tgc_session_t *session, uint32_t entry, const tgc_tensor_t *feeds,
                                     uint32_t num_feeds, tgc_tensor_t *fetches, uint32_t num_fetches,
                                     tgc_error_t *error);

/* The same, with tensors that may lie on the GPU that the session runs on (INVALID_ARGUMENT: it is another)
 * and are read and written there, without copies. Work that writes such feeds must be done before; when it
 * returns, such fetches are written. They give their memory, whose byte_size says how much room there is.
 * UNAVAILABLE: the session runs on the CPU. FAILED_PRECONDITION: the entry has no code for a GPU. */
TGC_API tgc_status_t tgc_session_run_request(tgc_session_t *session, const tgc_run_request_t *request,
                                             tgc_error_t *error);

/* Starts such a run on a thread of the session's and returns. Feeds, fetches, places and their memory are the
 * run's until tgc_session_wait, as is the session: all that is asked of it meanwhile, but that and its
 * release, is FAILED_PRECONDITION. A request that does not fit the entry is an error at once. */
TGC_API tgc_status_t tgc_session_run_async(tgc_session_t *session, const tgc_run_request_t *request,
                                           tgc_error_t *error);

/* Returns when the run that was started last is done, with its status and error. FAILED_PRECONDITION: there
 * is none that was not waited for. */
TGC_API tgc_status_t tgc_session_wait(tgc_session_t *session, tgc_error_t *error);

/* The value of a variable, borrowed until the session's next run, set or restore. FAILED_PRECONDITION if it
 * has none. Copy it before feeding it to an entry that writes the variable. */
TGC_API tgc_status_t tgc_variable_get(tgc_session_t *session, const char *name, tgc_tensor_t *out_tensor,
                                      tgc_error_t *error);

/* Copies `tensor` (also the bytes of strings) into a variable. */
TGC_API tgc_status_t tgc_variable_set(tgc_session_t *session, const char *name, const tgc_tensor_t *tensor,
                                      tgc_error_t *error);

/* Gives every variable its value in the TensorFlow V2 checkpoint PREFIX.index, PREFIX.data-*: all of them (or
 * all that `options` select) or, on failure, none. Tensors that no variable wants are ignored. `options` may
 * be NULL. Needs memory for a second copy of the variables meanwhile. */
TGC_API tgc_status_t tgc_session_restore(tgc_session_t *session, const char *prefix,
                                         const tgc_restore_options_t *options, tgc_error_t *error);

/* Writes all variables as the TensorFlow V2 checkpoint PREFIX.index, PREFIX.data-*, and names it as the
 * latest in the file `checkpoint` of its folder (made if only the last folder is missing). What was there
 * before, also a checkpoint of the same prefix, is whole until the new one is: after a kill or a full disk
 * the older one can be read. FAILED_PRECONDITION lists variables that have no value. `options` may be NULL.
 */
TGC_API tgc_status_t tgc_session_save(tgc_session_t *session, const char *prefix,
                                      const tgc_save_options_t *options, tgc_error_t *error);

/*===----------------------------------------------------------------------===*
 * The same functions as a table, for hosts that link no runtime: tgc_module_query(version)->api. Only ever
 * appended to.
 *===----------------------------------------------------------------------===*/
typedef struct tgc_runtime_api {
  uint32_t size;
  uint32_t version; /* TGC_ABI_VERSION */
  tgc_status_t (*module_from_info)(const tgc_module_info_t *info, const tgc_services_t *services,
                                   tgc_module_t **out_module, tgc_error_t *error);
  void (*module_release)(tgc_module_t *module);
  tgc_status_t (*module_find_entry)(const tgc_module_t *module, const char *name, uint32_t *out_index,
                                    tgc_error_t *error);
  tgc_status_t (*session_create)(tgc_module_t *module, const tgc_session_options_t *options,
                                 tgc_session_t **out_session, tgc_error_t *error);
  void (*session_release)(tgc_session_t *session);
  tgc_status_t (*session_run)(tgc_session_t *session, uint32_t entry, const tgc_tensor_t *feeds,
                              uint32_t num_feeds, tgc_tensor_t *fetches, uint32_t num_fetches,
                              tgc_error_t *error);
  tgc_status_t (*variable_get)(tgc_session_t *session, const char *name, tgc_tensor_t *out_tensor,
                               tgc_error_t *error);
  tgc_status_t (*variable_set)(tgc_session_t *session, const char *name, const tgc_tensor_t *tensor,
                               tgc_error_t *error);
  tgc_status_t (*session_restore)(tgc_session_t *session, const char *prefix,
                                  const tgc_restore_options_t *options, tgc_error_t *error);
  const char *(*status_name)(int32_t code);
  const char *(*dtype_name)(int32_t dtype);
  tgc_status_t (*session_save)(tgc_session_t *session, const char *prefix, const tgc_save_options_t *options,
                               tgc_error_t *error);
  tgc_status_t (*session_run_request)(tgc_session_t *session, const tgc_run_request_t *request,
                                      tgc_error_t *error);
  tgc_status_t (*session_run_async)(tgc_session_t *session, const tgc_run_request_t *request,
                                    tgc_error_t *error);
  tgc_status_t (*session_wait)(tgc_session_t *session, tgc_error_t *error);
} tgc_runtime_api_t;

#ifdef __cplusplus
}
#endif
#endif /* TGC_RUNTIME_H */
