/*===- state.h - What a session's device is inside --------------------------===*/
#ifndef TGC_KERNELS_DEVICE_STATE_H
#define TGC_KERNELS_DEVICE_STATE_H

#include "runtime/kernels/device/device.h"
#include "runtime/kernels/device/driver.h"

typedef struct mirror {
  tgc_cu_address address;
  uint64_t capacity; /* of its own memory; 0: it has none, the address is the caller's or 0 */
  uint32_t kind;
  uint64_t host, bytes; /* what it was last asked for */
  uint64_t turn;        /* the number of that call */
  /* The rest is a resident variable's. */
  tgc_device_t *device;
  tgc_residence_t *residence;
  uint8_t has_value;
  uint64_t version; /* of that value */
} mirror_t;

typedef struct kernel {
  void *function;
  const char *name, *node;
  /* What profiles call it: "k3", or "1:k3" on GPU 1; where it is timed, a tab each and the bytes and the
   * operations that the GPU could do for it in a second. */
  char label[64];
  const char *work; /* bytes and operations, tgc_parameters_sum's texts; NULL: times are not asked for */
  /* What it needs besides the launch, tgc_parameters_fill's text; NULL: nothing. */
  const char *parameters;
  uint32_t threads, shared_bytes, cluster;
} kernel_t;

/* Launches one after another, as words: these for each, then its arguments. */
enum { LAUNCH_KERNEL, LAUNCH_BLOCKS, LAUNCH_THREADS, LAUNCH_NUM_ARGUMENTS, LAUNCH_HEAD };

typedef struct launches {
  uint64_t *words;
  size_t count, capacity;
} launches_t;

/* Launches that were started once, or that the driver keeps as a graph. */
typedef struct graph {
  launches_t launches;
  void *executable; /* NULL: seen once */
  uint64_t turn;    /* when it was last asked for */
} graph_t;

/* Page-locked memory, and when its last copy is done. */
typedef struct staging {
  void *memory;
  void *event;
} staging_t;

/* The stream that copies to the device go by. */
typedef struct copies {
  void *stream;
  void *worked, *uploaded; /* events: of the stream of kernels, of this one */
  uint8_t has_work;        /* kernels were started since the last copy that waited for them */
  uint8_t has_uploads;     /* the same of copies */
  void *memory;            /* of both pieces */
  staging_t staging[2];
  uint64_t num_pieces; /* of memory that went by staging */
} copies_t;

/* Events around the kernels that are timed. */
typedef struct times {
  void **events;
  size_t count, capacity;
  uint8_t are_wanted;
  /* What profiles call reductions for all and for one, and broadcasts: "1:ncclAllReduce" on GPU 1. */
  char shares[3][32];
} times_t;

/* A device's part of a reduction. */
typedef struct share {
  tgc_device_t *device;
  tgc_cu_address source, target;
  uint64_t bytes;
} share_t;

/* Devices that share reductions, a bit for the place of each, and the communicator of each place. */
typedef struct team {
  uint32_t places;
  void *members[TGC_MOST_DEVICES];
} team_t;

typedef struct shares {
  share_t all[TGC_MOST_DEVICES]; /* of the reduction that is being asked for */
  uint32_t count;
  const char *node;
  team_t *teams;
  uint32_t num_teams;
  /* Gives teams back, of which a device may be broken; NULL: there are none. */
  void (*close)(struct shares *shares, int is_broken);
} shares_t;

/* As many as a session has shapes at a time, times the pieces that copies cut a run into. */
enum { MOST_GRAPHS = 32 };

struct tgc_device {
  enum { CLOSED, OPEN, ABSENT, LOST } state;
  /* All of the session, by place; the first knows. A device may have several places. */
  tgc_device_t *first, *places[TGC_MOST_DEVICES];
  /* Of the first: what was given and not yet taken, whether the driver copies between devices, and what they
   * share. */
  struct {
    tgc_device_t *device;
    tgc_cu_address address;
  } given;
  uint8_t has_no_peers;
  shares_t shares;
  const tgc_driver_t *driver;
  tgc_frame_t *frame;   /* of the run */
  tgc_guests_t *guests; /* of the first: of the run; NULL: none */
  int number, num_processors;
  void *context, *module, *stream;
  char *names; /* of kernels and nodes, zero-terminated */
  kernel_t *kernels;
  mirror_t *mirrors;
  uint32_t num_kernels, num_mirrors;
  uint64_t num_turns; /* calls of tgc_device_mirror and graphs asked for */
  copies_t copies;
  times_t times;
  launches_t pending; /* asked for and not started */
  graph_t graphs[MOST_GRAPHS];
  uint8_t has_no_graphs; /* the driver refused one */
  uint8_t is_wanted;     /* a run fails without the device */
  uint32_t wanted;       /* the number of the GPU that the graph names */
  uint32_t ordinal;      /* the number of the one that there is */
  const char *demand;    /* the beginning of the error if it is not there; "": another will do */
  int num_found;         /* GPUs */
  char reason[2048];     /* why there is no device, or why it was lost */
};

/*===----------------------------------------------------------------------===*
 * device.c
 *===----------------------------------------------------------------------===*/

_Noreturn void tgc_device_fail(tgc_device_t *device, int32_t code, const char *node, const char *text);

/* "the GPU", or, where the session has several, "GPU 1". */
void tgc_device_name(const tgc_device_t *device, char *text, size_t size);

/* What an error means, which is the device's reason then. No memory is no fault: the context and all in it
 * stay as they are. After any other nothing of the context can be used any more, and it is given back at
 * once, for whoever holds it keeps it broken. */
int32_t tgc_device_judge(tgc_device_t *device, tgc_cu_result result, const char *what);

/* Ends the run after an error. */
void tgc_device_check(tgc_device_t *device, tgc_cu_result result, const char *what, const char *node);

/* While the device is being opened: says why there is none, and returns the status for that. */
int32_t tgc_device_missing(tgc_device_t *device, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a result says of a device that is being opened: it is full, or broken by whoever used it before, or
 * it will not do. */
int32_t tgc_device_status(tgc_device_t *device, tgc_cu_result result, const char *what);

/* Calls of the driver for the context stand between these two; the thread's own comes back after them. */
void tgc_device_enter(tgc_device_t *device, const char *what, const char *node);
void tgc_device_leave(const tgc_device_t *device);

/*===----------------------------------------------------------------------===*
 * launch.c
 *===----------------------------------------------------------------------===*/

/* Starts what is pending, in the context. `out_node`: of the kernel that failed. */
tgc_cu_result tgc_launches_start(tgc_device_t *device, const char **out_node);

/* Starts one of them, in the context. */
tgc_cu_result tgc_launches_start_one(tgc_device_t *device, const uint64_t *launch);

/* Forgets launches and graphs, in the context if it can be entered. */
void tgc_launches_drop(tgc_device_t *device);

/*===----------------------------------------------------------------------===*
 * times.c, all in the context.
 *===----------------------------------------------------------------------===*/

/* Starts launches one by one, waits for them and tells the session's host how long each took. */
tgc_cu_result tgc_times_start(tgc_device_t *device, const launches_t *launches, const char **out_node);
/* Events around other work of the device's stream, and the report of it, for which the host waits. */
tgc_cu_result tgc_times_begin(tgc_device_t *device);
tgc_cu_result tgc_times_end(tgc_device_t *device);
tgc_cu_result tgc_times_report(tgc_device_t *device, const char *kernel, const char *node, uint64_t bytes);
void tgc_times_close(tgc_device_t *device);

/*===----------------------------------------------------------------------===*
 * copies.c, all in the context.
 *===----------------------------------------------------------------------===*/

tgc_cu_result tgc_copies_open(tgc_device_t *device);
/* From one device to another, in no context. `out_failed`: the one that an error is of. */
tgc_cu_result tgc_copies_across(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to,
                                tgc_cu_address target, uint64_t bytes, tgc_device_t **out_failed);
/* Also what was opened in part, or is broken. */
void tgc_copies_close(tgc_device_t *device);

/* Lets kernels that are started next come after the copies that were. */
tgc_cu_result tgc_copies_await(tgc_device_t *device);

/* After all that was started before. The host's memory is its own again when the first is back, and has the
 * bytes when the second is. */
tgc_cu_result tgc_copies_up(tgc_device_t *device, tgc_cu_address to, const void *from, uint64_t bytes);
tgc_cu_result tgc_copies_down(tgc_device_t *device, void *to, tgc_cu_address from, uint64_t bytes);

/*===----------------------------------------------------------------------===*
 * memory.c; both end the run if that fails.
 *===----------------------------------------------------------------------===*/

/* A copy to another device, or nothing if it is the same. */
void tgc_device_pass(tgc_device_t *from, tgc_cu_address source, tgc_device_t *to, tgc_cu_address target,
                     const char *node, uint64_t bytes);
/* A copy to the host, which has it when this is back. */
void tgc_device_copy_back(tgc_device_t *device, const char *node, void *to, tgc_cu_address from,
                          uint64_t bytes);

/*===----------------------------------------------------------------------===*
 * guests.c
 *===----------------------------------------------------------------------===*/

/* The caller's tensor for which the host's memory at `host` stands: any, or one on this device; NULL: none.
 */
tgc_guest_t *tgc_guest_of(const tgc_device_t *device, uint64_t host);
tgc_guest_t *tgc_guest_on(const tgc_device_t *device, uint64_t host);

/* The session's device on which it lies. These end the run if there is none, or too little memory. */
tgc_device_t *tgc_guest_owner(const tgc_device_t *device, const tgc_guest_t *guest);
void tgc_guest_check_room(tgc_device_t *device, const tgc_guest_t *guest, uint64_t bytes);

/* tgc_guests_t::finish */
int32_t tgc_device_finish_guests(void *holder, const char **out_reason);

#endif /* TGC_KERNELS_DEVICE_STATE_H */
