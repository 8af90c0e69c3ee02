/*===- launch.c - Kernels, one by one or as graphs --------------------------===
 *
 * Launches wait until something must come after them: a copy, the end of the run. What waits then is known by
 * its contents: kernels, sizes, addresses. A sequence that comes a second time becomes a graph of the
 * driver's, which is started by one call from then on. So what has the same shapes has the same graph,
 * whichever entry or iteration it is of, and what changes with each run has none.
 *
 *===----------------------------------------------------------------------===*/
#include "runtime/kernels/device/parameters.h"
#include "runtime/kernels/device/state.h"

#include <stdlib.h>
#include <string.h>

/* A graph of fewer launches saves nothing. */
enum { FEWEST_LAUNCHES = 2 };

static uint8_t reserve(launches_t *launches, size_t count) {
  if (count <= launches->capacity)
    return 1;
  size_t capacity = count > 2 * launches->capacity ? count : 2 * launches->capacity;
  uint64_t *words = realloc(launches->words, capacity * sizeof *words);
  if (!words)
    return 0;
  launches->words = words;
  launches->capacity = capacity;
  return 1;
}

tgc_cu_result tgc_launches_start_one(tgc_device_t *device, const uint64_t *launch) {
  tgc_parameters_t parameters;
  uint64_t num_arguments = launch[LAUNCH_NUM_ARGUMENTS], blocks = launch[LAUNCH_BLOCKS];
  const kernel_t *kernel = &device->kernels[launch[LAUNCH_KERNEL]];
  tgc_cu_result result =
      tgc_parameters_fill(&parameters, device->driver, kernel->parameters,
                          (const int64_t *)(launch + LAUNCH_HEAD), (uint32_t)num_arguments);
  if (result != TGC_CU_SUCCESS)
    return result;
  /* Blocks that need a processor each stay on it and go from tile to tile, whole clusters at a time. */
  if (kernel->parameters) {
    uint64_t cluster = kernel->cluster, most = (uint64_t)device->num_processors / cluster;
    uint64_t clusters = (blocks + cluster - 1) / cluster;
    blocks = cluster * (clusters > most && most ? most : clusters);
  }
  unsigned threads = kernel->parameters ? kernel->threads : (unsigned)launch[LAUNCH_THREADS];
  return device->driver->cuLaunchKernel(kernel->function, (unsigned)blocks, 1, 1, threads, 1, 1,
                                        kernel->shared_bytes, device->stream, parameters.list, NULL);
}

static tgc_cu_result start_each(tgc_device_t *device, const launches_t *launches, const char **out_node) {
  for (size_t at = 0; at < launches->count;) {
    const uint64_t *launch = launches->words + at;
    tgc_cu_result result = tgc_launches_start_one(device, launch);
    if (result != TGC_CU_SUCCESS) {
      *out_node = device->kernels[launch[LAUNCH_KERNEL]].node;
      return result;
    }
    at += LAUNCH_HEAD + launch[LAUNCH_NUM_ARGUMENTS];
  }
  return TGC_CU_SUCCESS;
}

/* Makes a graph of launches; without one if the driver cannot. */
static void capture(tgc_device_t *device, graph_t *graph) {
  const tgc_driver_t *cu = device->driver;
  const char *node = NULL;
  void *recorded = NULL;
  if (cu->cuStreamBeginCapture_v2(device->stream, TGC_CU_CAPTURE_OF_THREAD) != TGC_CU_SUCCESS) {
    device->has_no_graphs = 1;
    return;
  }
  tgc_cu_result result = start_each(device, &graph->launches, &node);
  tgc_cu_result ended = cu->cuStreamEndCapture(device->stream, &recorded);
  if (result == TGC_CU_SUCCESS && ended == TGC_CU_SUCCESS)
    result = cu->cuGraphInstantiateWithFlags(&graph->executable, recorded, 0);
  if (recorded)
    cu->cuGraphDestroy(recorded);
  if (result != TGC_CU_SUCCESS || ended != TGC_CU_SUCCESS) {
    graph->executable = NULL;
    device->has_no_graphs = 1;
  }
}

static graph_t *find_graph(tgc_device_t *device, const launches_t *launches) {
  for (uint32_t i = 0; i < MOST_GRAPHS; ++i) {
    graph_t *graph = &device->graphs[i];
    if (graph->launches.count == launches->count &&
        !memcmp(graph->launches.words, launches->words, launches->count * sizeof *launches->words))
      return graph;
  }
  return NULL;
}

static void forget(tgc_device_t *device, graph_t *graph) {
  if (graph->executable)
    device->driver->cuGraphExecDestroy(graph->executable);
  graph->executable = NULL;
  graph->launches.count = 0;
}

/* Keeps launches in the place of those that were asked for longest ago. */
static void remember(tgc_device_t *device, const launches_t *launches) {
  graph_t *oldest = &device->graphs[0];
  for (uint32_t i = 1; i < MOST_GRAPHS; ++i)
    if (device->graphs[i].turn < oldest->turn)
      oldest = &device->graphs[i];
  forget(device, oldest);
  if (!reserve(&oldest->launches, launches->count))
    return;
  memcpy(oldest->launches.words, launches->words, launches->count * sizeof *launches->words);
  oldest->launches.count = launches->count;
  oldest->turn = ++device->num_turns;
}

static size_t count_launches(const launches_t *launches) {
  size_t count = 0;
  for (size_t at = 0; at < launches->count; at += LAUNCH_HEAD + launches->words[at + LAUNCH_NUM_ARGUMENTS])
    ++count;
  return count;
}

tgc_cu_result tgc_launches_start(tgc_device_t *device, const char **out_node) {
  launches_t *launches = &device->pending;
  tgc_cu_result result = TGC_CU_SUCCESS;
  if (!launches->count)
    return result;
  result = tgc_copies_await(device);
  if (result != TGC_CU_SUCCESS)
    return result;
  if (device->times.are_wanted) {
    result = tgc_times_start(device, launches, out_node);
    launches->count = 0;
    return result;
  }
  if (device->has_no_graphs || count_launches(launches) < FEWEST_LAUNCHES) {
    result = start_each(device, launches, out_node);
    launches->count = 0;
    return result;
  }
  graph_t *graph = find_graph(device, launches);
  if (graph && !graph->executable)
    capture(device, graph);
  if (graph) {
    graph->turn = ++device->num_turns;
    result = graph->executable ? device->driver->cuGraphLaunch(graph->executable, device->stream)
                               : start_each(device, launches, out_node);
  } else {
    result = start_each(device, launches, out_node);
    remember(device, launches);
  }
  launches->count = 0;
  return result;
}

void tgc_launches_drop(tgc_device_t *device) {
  for (uint32_t i = 0; i < MOST_GRAPHS; ++i) {
    forget(device, &device->graphs[i]);
    free(device->graphs[i].launches.words);
    device->graphs[i].launches = (launches_t){0};
  }
  free(device->pending.words);
  device->pending = (launches_t){0};
}

void tgc_device_launch(tgc_device_t *device, uint32_t kernel, uint64_t blocks, uint32_t threads,
                       const int64_t *arguments, uint32_t num_arguments) {
  launches_t *pending = &device->pending;
  if (!blocks)
    return;
  if (!reserve(pending, pending->count + LAUNCH_HEAD + num_arguments))
    tgc_device_fail(device, TGC_RESOURCE_EXHAUSTED, device->kernels[kernel].node,
                    "cannot allocate the arguments of a kernel");
  uint64_t *launch = pending->words + pending->count;
  launch[LAUNCH_KERNEL] = kernel;
  launch[LAUNCH_BLOCKS] = blocks;
  launch[LAUNCH_THREADS] = threads;
  launch[LAUNCH_NUM_ARGUMENTS] = num_arguments;
  memcpy(launch + LAUNCH_HEAD, arguments, num_arguments * sizeof *arguments);
  pending->count += LAUNCH_HEAD + num_arguments;
}

void tgc_device_flush(tgc_device_t *device) {
  const char *node = NULL;
  if (!device->pending.count)
    return;
  tgc_device_enter(device, "a kernel", NULL);
  tgc_cu_result result = tgc_launches_start(device, &node);
  tgc_device_leave(device);
  tgc_device_check(device, result, "a kernel", node);
}
