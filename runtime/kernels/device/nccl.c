/*===- nccl.c - Reductions and broadcasts that devices share ----------------===
 *
 * NCCL, loaded when a program that can use it first runs on several GPUs: no header, no library of a toolkit.
 * Names, numbers and signatures are those of its documentation. Its kernels go by the streams of the devices'
 * own, so all that comes before or after them there does. Linked into modules with such work.
 *
 *===----------------------------------------------------------------------===*/
#define _GNU_SOURCE
#include "runtime/kernels/device/state.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define NCCL_FUNCTIONS(X)                                                                                    \
  X(int, ncclCommInitAll, (void **communicators, int count, const int *devices))                             \
  X(int, ncclCommDestroy, (void *communicator))                                                              \
  X(int, ncclCommAbort, (void *communicator))                                                                \
  X(int, ncclGroupStart, (void))                                                                             \
  X(int, ncclGroupEnd, (void))                                                                               \
  X(int, ncclAllReduce,                                                                                      \
    (const void *from, void *to, size_t count, int type, int reduction, void *communicator, void *stream))   \
  X(int, ncclReduce,                                                                                         \
    (const void *from, void *to, size_t count, int type, int reduction, int root, void *communicator,        \
     void *stream))                                                                                          \
  X(int, ncclBroadcast,                                                                                      \
    (const void *from, void *to, size_t count, int type, int root, void *communicator, void *stream))        \
  X(const char *, ncclGetErrorString, (int result))

static struct {
#define FIELD(type, name, signature) type(*name) signature;
  NCCL_FUNCTIONS(FIELD)
#undef FIELD
} nccl;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static enum { UNKNOWN, LOADED, MISSING } state;

/* libnccl.so.2, or what TGC_NCCL names; none if that is empty, nor beside another driver than the system's,
 * whose devices it does not know. */
static int load(void) {
  const char *path = getenv("TGC_NCCL"), *driver = getenv("TGC_CUDA_DRIVER");
  if (!path)
    path = driver && *driver ? "" : "libnccl.so.2";
  void *library = *path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (!library)
    return 0;
#define FIND(type, name, signature)                                                                          \
  if (!(*(void **)&nccl.name = dlsym(library, #name)))                                                       \
    return 0;
  NCCL_FUNCTIONS(FIND)
#undef FIND
  return 1;
}

static int is_loaded(void) {
  pthread_mutex_lock(&mutex);
  if (state == UNKNOWN)
    state = load() ? LOADED : MISSING;
  int result = state == LOADED;
  pthread_mutex_unlock(&mutex);
  return result;
}

uint32_t tgc_device_can_share(tgc_device_t *device, uint32_t places) {
  tgc_device_t *first = device->first;
  first->shares.count = 0;
  for (uint32_t i = 0; i < TGC_MOST_DEVICES; ++i)
    if (places >> i & 1 && (!first->places[i] || first->places[i]->state != OPEN))
      return 0; /* another GPU stands in for it */
  return is_loaded();
}

void tgc_device_share(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                      uint64_t bytes) {
  shares_t *shares = &device->first->shares;
  share_t *share = &shares->all[shares->count];
  shares->node = node;
  share->device = device;
  share->source = host + (uint64_t)distance;
  share->bytes = bytes;
}

void tgc_device_share_into(tgc_device_t *device, const char *node, uint64_t host, int64_t distance,
                           uint64_t bytes) {
  (void)node;
  (void)bytes;
  shares_t *shares = &device->first->shares;
  shares->all[shares->count++].target = host + (uint64_t)distance;
}

static void close_teams(shares_t *shares, int is_broken) {
  for (uint32_t i = 0; i < shares->num_teams; ++i)
    for (uint32_t place = 0; place < TGC_MOST_DEVICES; ++place)
      if (shares->teams[i].members[place])
        (is_broken ? nccl.ncclCommAbort : nccl.ncclCommDestroy)(shares->teams[i].members[place]);
  free(shares->teams);
  shares->teams = NULL;
  shares->num_teams = 0;
}

/* Ends the run after an error; teams of which a member failed are of no use. */
static void check(tgc_device_t *first, int result, const char *what) {
  char text[512];
  if (!result)
    return;
  snprintf(text, sizeof text, "NCCL failed at %s: %s", what, nccl.ncclGetErrorString(result));
  close_teams(&first->shares, /*is_broken=*/1);
  tgc_device_fail(first, TGC_INTERNAL, first->shares.node, text);
}

static team_t *find_team(tgc_device_t *first, uint32_t places) {
  shares_t *shares = &first->shares;
  for (uint32_t i = 0; i < shares->num_teams; ++i)
    if (shares->teams[i].places == places)
      return &shares->teams[i];
  team_t *teams = realloc(shares->teams, (shares->num_teams + 1) * sizeof *teams);
  if (!teams)
    tgc_device_fail(first, TGC_RESOURCE_EXHAUSTED, shares->node, "cannot allocate a communicator");
  shares->teams = teams;
  shares->close = close_teams;
  team_t *team = &teams[shares->num_teams];
  *team = (team_t){.places = places};
  int devices[TGC_MOST_DEVICES], count = 0;
  void *members[TGC_MOST_DEVICES] = {NULL};
  for (uint32_t i = 0; i < TGC_MOST_DEVICES; ++i)
    if (places >> i & 1)
      devices[count++] = (int)first->places[i]->ordinal;
  tgc_device_enter(first, "a communicator", shares->node); /* NCCL leaves the thread in whichever it likes */
  int result = nccl.ncclCommInitAll(members, count, devices);
  tgc_device_leave(first);
  check(first, result, "ncclCommInitAll");
  for (uint32_t i = 0, next = 0; i < TGC_MOST_DEVICES; ++i)
    if (places >> i & 1)
      team->members[i] = members[next++];
  ++shares->num_teams;
  return team;
}

/* By NCCL's numbers of types. */
static uint64_t size_of(uint32_t type) {
  static const uint8_t sizes[] = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2};
  return sizes[type];
}

/* Lets a device come to the reduction. */
static void arrive(tgc_device_t *device, const char *node) {
  tgc_device_flush(device);
  tgc_device_enter(device, "a shared reduction", node);
  tgc_cu_result result = tgc_copies_await(device);
  tgc_device_leave(device);
  tgc_device_check(device, result, "a shared reduction", node);
}

/* Calls a function of times.c for each of the devices, if somebody wants to know. */
static void time_all(shares_t *shares, tgc_cu_result (*function)(tgc_device_t *device)) {
  for (uint32_t i = 0; i < shares->count; ++i) {
    tgc_device_t *device = shares->all[i].device;
    if (!device->times.are_wanted)
      continue;
    tgc_device_enter(device, "a shared reduction", shares->node);
    tgc_cu_result result = function(device);
    tgc_device_leave(device);
    tgc_device_check(device, result, "a shared reduction", shares->node);
  }
}

static uint32_t place_of(const share_t *share) {
  uint32_t place = 0;
  while (share->device->first->places[place] != share->device)
    ++place;
  return place;
}

/* Of work for all, of work for or of one. */
static const char *name_of(uint32_t reduction, int32_t root) {
  return reduction == TGC_DEVICE_BROADCAST ? "ncclBroadcast" : root < 0 ? "ncclAllReduce" : "ncclReduce";
}

static int start(const team_t *team, const share_t *share, uint32_t type, uint32_t reduction, int32_t root) {
  const void *from = (const void *)(uintptr_t)share->source;
  void *to = (void *)(uintptr_t)share->target, *member = team->members[place_of(share)];
  size_t count = (size_t)(share->bytes / size_of(type));
  if (root < 0)
    return nccl.ncclAllReduce(from, to, count, (int)type, (int)reduction, member, share->device->stream);
  int rank = 0; /* places of a team are in the order of its ranks */
  for (int32_t i = 0; i < root; ++i)
    rank += team->places >> i & 1;
  if (reduction == TGC_DEVICE_BROADCAST)
    return nccl.ncclBroadcast(from, to, count, (int)type, rank, member, share->device->stream);
  return nccl.ncclReduce(from, to, count, (int)type, (int)reduction, rank, member, share->device->stream);
}

/* Bytes are what each device gives, and what it gets. */
static void report(shares_t *shares, uint32_t reduction, int32_t root) {
  int is_broadcast = reduction == TGC_DEVICE_BROADCAST;
  for (uint32_t i = 0; i < shares->count; ++i) {
    const share_t *share = &shares->all[i];
    tgc_device_t *device = share->device;
    if (!device->times.are_wanted)
      continue;
    const char *name = name_of(reduction, root);
    char *label = device->times.shares[is_broadcast ? 2 : root >= 0];
    if (device->ordinal)
      snprintf(label, sizeof device->times.shares[0], "%u:%s", device->ordinal, name);
    else
      snprintf(label, sizeof device->times.shares[0], "%s", name);
    /* Of a broadcast each has one part: it gives or it gets. */
    uint64_t gets = !is_broadcast && (root < 0 || (uint32_t)root == place_of(share)) ? share->bytes : 0;
    tgc_device_enter(device, "a shared reduction", shares->node);
    tgc_cu_result result = tgc_times_report(device, label, shares->node, share->bytes + gets);
    tgc_device_leave(device);
    tgc_device_check(device, result, "a shared reduction", shares->node);
  }
}

void tgc_device_share_all(tgc_device_t *device, uint32_t places, uint32_t type, uint32_t reduction,
                          int32_t root) {
  tgc_device_t *first = device->first;
  shares_t *shares = &first->shares;
  if (!shares->all[0].bytes)
    return;
  const team_t *team = find_team(first, places);
  for (uint32_t i = 0; i < shares->count; ++i)
    arrive(shares->all[i].device, shares->node);
  time_all(shares, tgc_times_begin);
  tgc_device_enter(first, "a shared reduction", shares->node);
  /* All devices have the reductions of several sessions in one order, or each might wait for another one's.
   */
  pthread_mutex_lock(&mutex);
  int result = nccl.ncclGroupStart();
  for (uint32_t i = 0; i < shares->count && !result; ++i)
    result = start(team, &shares->all[i], type, reduction, root);
  int ended = nccl.ncclGroupEnd();
  pthread_mutex_unlock(&mutex);
  tgc_device_leave(first);
  check(first, result ? result : ended, name_of(reduction, root));
  time_all(shares, tgc_times_end);
  report(shares, reduction, root);
}
