/*===- driver.h - The GPU's driver, loaded when it is asked for -------------===*
 *
 * What is used of NVIDIA's driver interface, by dlopen: no header and no library of a toolkit. Names, numbers
 * and signatures are those of its documentation.
 *
 *===----------------------------------------------------------------------===*/
#ifndef TGC_KERNELS_DEVICE_DRIVER_H
#define TGC_KERNELS_DEVICE_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int tgc_cu_result;
typedef uint64_t tgc_cu_address;

/* Opaque. */
typedef struct tgc_cu_tensor_map {
  _Alignas(64) uint64_t words[16];
} tgc_cu_tensor_map;

enum {
  TGC_CU_SUCCESS = 0,
  TGC_CU_OUT_OF_MEMORY = 2,
  TGC_CU_UNCORRECTABLE = 214, /* an error in the device's memory */
  TGC_CU_PEERS_UNSUPPORTED = 217,
  TGC_CU_NOT_SUPPORTED = 801,
  /* From here on: errors of kernels, after which the context gives nothing else. */
  TGC_CU_FIRST_FAULT = 700,
  TGC_CU_LAST_FAULT = 720,
  /* An attribute of addresses, and one of its values. */
  TGC_CU_MEMORY_TYPE = 2,
  TGC_CU_MEMORY_OF_HOST = 1,
  /* A kind of page-locked memory: of all contexts. */
  TGC_CU_PORTABLE = 1,
  /* Kinds of events. */
  TGC_CU_EVENT_WITH_TIME = 0,
  TGC_CU_EVENT_WITHOUT_TIME = 2,
  /* A mode of captures: what other threads do is not part of it, and may not break it. */
  TGC_CU_CAPTURE_OF_THREAD = 1,
  /* Attributes of a device. */
  TGC_CU_CLOCK = 13,
  TGC_CU_NUM_PROCESSORS = 16,
  TGC_CU_MEMORY_CLOCK = 36,
  TGC_CU_MEMORY_WIDTH = 37,
  TGC_CU_CAPABILITY_MAJOR = 75,
  TGC_CU_CAPABILITY_MINOR = 76,
  /* An attribute of a function: the most shared memory that launches may ask for. */
  TGC_CU_MOST_SHARED_BYTES = 8,
  /* Options of cuModuleLoadDataEx. */
  TGC_CU_ERROR_LOG = 5,
  TGC_CU_ERROR_LOG_SIZE = 6
};

#define TGC_DRIVER_FUNCTIONS(X)                                                                              \
  X(cuInit, (unsigned flags))                                                                                \
  X(cuDriverGetVersion, (int *version))                                                                      \
  X(cuGetErrorString, (tgc_cu_result result, const char **text))                                             \
  X(cuDeviceGetCount, (int *count))                                                                          \
  X(cuDeviceGet, (int *device, int ordinal))                                                                 \
  X(cuDeviceGetAttribute, (int *value, int attribute, int device))                                           \
  X(cuDevicePrimaryCtxRetain, (void **context, int device))                                                  \
  X(cuDevicePrimaryCtxRelease_v2, (int device))                                                              \
  X(cuCtxPushCurrent_v2, (void *context))                                                                    \
  X(cuCtxPopCurrent_v2, (void **context))                                                                    \
  X(cuPointerGetAttribute, (void *value, int attribute, tgc_cu_address address))                             \
  X(cuModuleLoadDataEx, (void **module, const void *image, unsigned count, int *options, void **values))     \
  X(cuModuleUnload, (void *module))                                                                          \
  X(cuModuleGetFunction, (void **function, void *module, const char *name))                                  \
  X(cuFuncSetAttribute, (void *function, int attribute, int value))                                          \
  X(cuTensorMapEncodeTiled, (tgc_cu_tensor_map * map, int type, uint32_t rank, void *address,                \
                             const uint64_t *sizes, const uint64_t *strides, const uint32_t *boxes,          \
                             const uint32_t *steps, int interleave, int swizzle, int promotion, int fill))   \
  X(cuMemAlloc_v2, (tgc_cu_address * address, size_t bytes))                                                 \
  X(cuMemFree_v2, (tgc_cu_address address))                                                                  \
  X(cuMemcpyHtoDAsync_v2, (tgc_cu_address to, const void *from, size_t bytes, void *stream))                 \
  X(cuMemcpyDtoHAsync_v2, (void *to, tgc_cu_address from, size_t bytes, void *stream))                       \
  X(cuMemcpyPeerAsync, (tgc_cu_address to, void *to_context, tgc_cu_address from, void *from_context,        \
                        size_t bytes, void *stream))                                                         \
  X(cuStreamCreate, (void **stream, unsigned flags))                                                         \
  X(cuStreamSynchronize, (void *stream))                                                                     \
  X(cuStreamDestroy_v2, (void *stream))                                                                      \
  X(cuStreamWaitEvent, (void *stream, void *event, unsigned flags))                                          \
  X(cuEventCreate, (void **event, unsigned flags))                                                           \
  X(cuEventRecord, (void *event, void *stream))                                                              \
  X(cuEventSynchronize, (void *event))                                                                       \
  X(cuEventElapsedTime, (float *milliseconds, void *begin, void *end))                                       \
  X(cuEventDestroy_v2, (void *event))                                                                        \
  X(cuMemHostAlloc, (void **memory, size_t bytes, unsigned flags))                                           \
  X(cuMemFreeHost, (void *memory))                                                                           \
  X(cuStreamBeginCapture_v2, (void *stream, int mode))                                                       \
  X(cuStreamEndCapture, (void *stream, void **graph))                                                        \
  X(cuGraphInstantiateWithFlags, (void **executable, void *graph, unsigned long long flags))                 \
  X(cuGraphLaunch, (void *executable, void *stream))                                                         \
  X(cuGraphDestroy, (void *graph))                                                                           \
  X(cuGraphExecDestroy, (void *executable))                                                                  \
  X(cuLaunchKernel,                                                                                          \
    (void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,  \
     unsigned block_z, unsigned shared_bytes, void *stream, void **parameters, void **extra))

typedef struct tgc_driver {
#define TGC_DRIVER_FIELD(name, signature) tgc_cu_result(*name) signature;
  TGC_DRIVER_FUNCTIONS(TGC_DRIVER_FIELD)
#undef TGC_DRIVER_FIELD
} tgc_driver_t;

/* The driver, ready for use: libcuda.so.1, or what TGC_CUDA_DRIVER names. NULL: there is none that will do,
 * and `reason` says why. It stays loaded. */
const tgc_driver_t *tgc_driver_load(char *reason, size_t size);

/* What a result means; static. */
const char *tgc_driver_error(const tgc_driver_t *driver, tgc_cu_result result);

#endif /* TGC_KERNELS_DEVICE_DRIVER_H */
