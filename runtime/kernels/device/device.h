/*===- device.h - What generated code asks of a GPU -------------------------===*
 *
 * One device for each GPU that a session uses, with a module, streams and memory of its own, all released
 * with the session. A device's work is done in the order in which it is asked for, several devices work at
 * the same time; a copy between two comes after what both were asked for before. Errors end the run, as all
 * of tgc/abi.h do. Linked into modules that have device code.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_DEVICE_DEVICE_H
#define TGC_KERNELS_DEVICE_DEVICE_H

#include "tgc/abi.h"

typedef struct tgc_device tgc_device_t;

/* A kernel has at most 4096 bytes of parameters, each of 8. */
enum { TGC_DEVICE_MOST_ARGUMENTS = 512 };

/* GPUs of a session. */
enum { TGC_MOST_DEVICES = 16 };

/* What mirrors are for. */
enum {
  TGC_MIRROR_CONSTANT,
  TGC_MIRROR_ARENA,
  TGC_MIRROR_BUFFER,
  TGC_MIRROR_FEED,
  TGC_MIRROR_FETCH,
  TGC_MIRROR_VARIABLE,
  TGC_NUM_MIRROR_KINDS,
  TGC_MIRROR_ANY = TGC_NUM_MIRROR_KINDS /* in generated code: which one shows during the run */
};

/* The session's device; the first call opens it. `chips` are what images are for ("sm_80" and all newer,
 * "sm_90a" and no other), "sm_90a sm_80", of which the first that will do is taken; `code` is the PTX of
 * each, or, behind "sm_90a:20768", so many bytes of machine code, `kernels` a line "NAME=NODE" for each
 * kernel of each (see parameters.h), both one zero-terminated image after the other. NULL: there is no device
 * that will do and the CPU is to be used. If one `is_required` (or the environment has TGC_DEVICE=cuda), the
 * run ends with UNAVAILABLE instead; TGC_DEVICE=cpu asks for no device. `number` is that of the GPU, for
 * which another may stand in, or, where the graph demands it, none: the run ends with `demand` and the
 * devices that there are. `place` counts the GPUs that the graph names; a session asks for the first before
 * others, which may be the same device: then it is never NULL. */
tgc_device_t *tgc_device_open(tgc_frame_t *frame, const char *chips, const char *code, const char *kernels,
                              uint32_t num_slots, uint32_t is_required, uint32_t place, uint32_t number,
                              const char *demand);

/* Memory of the device for `bytes` at `host`. Returns how far it lies from there. */
int64_t tgc_device_mirror(tgc_device_t *device, uint32_t slot, uint32_t kind, uint64_t host, uint64_t bytes);

/* How far the mirror lies from the host's memory at `host`, which one of them has. */
int64_t tgc_device_find(const tgc_device_t *device, uint64_t host);

void tgc_device_upload(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                       uint64_t bytes);
/* Returns when all that was asked for before is done. */
void tgc_device_download(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                         uint64_t bytes);

/* A copy from one device to another is asked for by two calls, one at once after the other, which may be of
 * the same device: then there is nothing to copy. Nobody waits for it but what comes after it on both. */
void tgc_device_give(tgc_device_t *device, const char *node, uint64_t host, int64_t distance, uint64_t bytes);
void tgc_device_take(tgc_device_t *device, const char *node, uint64_t host, int64_t distance, uint64_t bytes);

/* A reduction that several devices share. First it is asked whether those of `places`, a bit for each, can:
 * they are different ones, and NCCL is there. Then, for each, comes what it gives and where it wants the
 * result, of as many bytes, and at last the reduction: type and kind as NCCL numbers them, `root` is the
 * place of the one that has the result, -1: all have; or a broadcast of bytes that `root` gives to all.
 * Nobody waits for it but what comes after it on each. */
enum { TGC_DEVICE_BROADCAST = 100 };
uint32_t tgc_device_can_share(tgc_device_t *device, uint32_t places);
void tgc_device_share(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                      uint64_t bytes);
void tgc_device_share_into(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                           uint64_t bytes);
void tgc_device_share_all(tgc_device_t *device, uint32_t places, uint32_t type, uint32_t reduction,
                          int32_t root);

/* The caller's tensors (tgc_guest_t): a feed that the host is about to read, and the download of a fetch with
 * which nothing more is done. */
void tgc_device_expose(tgc_device_t *device, const char *node, uint64_t host, int64_t unused, uint64_t bytes);
void tgc_device_deliver(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                        uint64_t bytes);

/* Variables that stay on the device between runs: their copy counts until the host changes the value, and the
 * host's until a kernel does. tgc_device_variable is tgc_rt_variable_read without bringing the value to the
 * host, tgc_device_resident is tgc_device_mirror. */
void *tgc_device_variable(tgc_frame_t *frame, uint32_t index, const char *node);
int64_t tgc_device_resident(tgc_device_t *device, uint32_t slot, uint32_t index, uint64_t host,
                            uint64_t bytes);
/* Copy the value to the device, to the host, unless it is there. */
void tgc_device_need(tgc_device_t *device, const char *node, uint32_t slot);
void tgc_device_bring(tgc_device_t *device, const char *node, uint32_t slot);
/* A kernel, the host, is about to change the value. The host has brought it before. */
void tgc_device_own(tgc_device_t *device, uint32_t slot);
void tgc_device_disown(tgc_device_t *device, uint32_t slot);

void tgc_device_launch(tgc_device_t *device, uint32_t kernel, uint64_t blocks, uint32_t threads,
                       const int64_t *arguments, uint32_t num_arguments);
/* Starts what was launched: launches wait for the next copy or this. */
void tgc_device_flush(tgc_device_t *device);

#endif /* TGC_KERNELS_DEVICE_DEVICE_H */
