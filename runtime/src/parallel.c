/*===- parallel.c - Parallel regions of a run -------------------------------===
 *
 * A region is cut into pieces of `grain` whatever the number of threads, so that a body that sums over its
 * piece gives the same bits everywhere. A body that fails leaves to the thread's place, a jmp_buf outside of
 * the bodies; no thread jumps over the frames of the pool or of a host's parallel_for.
 *
 *===----------------------------------------------------------------------===*/
#include "float_environment.h"
#include "session.h"
#include "thread_pool.h"

#include <pthread.h>
#include <stddef.h>

typedef struct region {
  tgc_session_t *session;
  tgc_loop_body_fn body;
  void *context;
  int64_t count;
  int64_t grain;
  atomic_llong num_visited; /* pieces that the host's threads came to */
} region_t;

/* Where this thread stands in a region; NULL outside of regions. A body may run another session: the place
 * then still belongs to the first. */
typedef struct place {
  const tgc_session_t *session;
  jmp_buf leave;
} place_t;

/* Not _Thread_local: that would make every module depend on the dynamic linker's library by name. */
static pthread_key_t place_key;
static uint8_t has_place_key;
static pthread_once_t place_key_once = PTHREAD_ONCE_INIT;

static void make_place_key(void) { has_place_key = pthread_key_create(&place_key, NULL) == 0; }

__attribute__((destructor)) static void delete_place_key(void) {
  if (has_place_key)
    pthread_key_delete(place_key);
}

jmp_buf *tgc_parallel_leave_point(const tgc_session_t *session) {
  place_t *place = session->may_be_parallel ? pthread_getspecific(place_key) : NULL;
  return place && place->session == session ? &place->leave : NULL;
}

uint8_t tgc_parallel_prepare(void) {
  pthread_once(&place_key_once, make_place_key);
  return has_place_key;
}

static void call_body(const region_t *region, int64_t piece) {
  int64_t begin = piece * region->grain;
  int64_t end = region->count - begin < region->grain ? region->count : begin + region->grain;
  region->body(region->context, begin, end);
}

static void run_pieces(void *context, int64_t begin, int64_t end) {
  region_t *region = context;
  atomic_fetch_add_explicit(&region->num_visited, end - begin, memory_order_relaxed);
  void *outer = pthread_getspecific(place_key);
  place_t place;
  place.session = region->session;
  if (pthread_setspecific(place_key, &place) != 0) {
    tgc_session_record(region->session, TGC_RESOURCE_EXHAUSTED, "a thread has no memory for its state");
    return;
  }
  tgc_float_mode_t mode = tgc_float_mode_enter();
  if (!_setjmp(place.leave))
    for (int64_t i = begin; i < end; ++i)
      if (!atomic_load_explicit(&region->session->has_failed, memory_order_relaxed))
        call_body(region, i);
  tgc_float_mode_leave(mode);
  pthread_setspecific(place_key, outer);
}

static void run_piece(void *context, int64_t piece) { run_pieces(context, piece, piece + 1); }

void tgc_frame_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                            int64_t grain) {
  tgc_session_t *session = frame->session;
  const tgc_services_t *services = &session->module->services;
  if (count <= 0)
    return;
  grain = grain > 0 ? grain : 1;
  region_t region = {session, body, context, count, grain, 0};
  int64_t num_pieces = count / grain + (count % grain != 0);
  uint8_t is_done = 0;
  if (num_pieces > 1 && session->may_be_parallel && !pthread_getspecific(place_key)) {
    if (services->parallel_for) {
      services->parallel_for(services->user, run_pieces, &region, num_pieces);
      if (atomic_load_explicit(&region.num_visited, memory_order_relaxed) != num_pieces)
        tgc_session_record(session, TGC_INTERNAL,
                           "the host's parallel_for did not visit each of %lld pieces once",
                           (long long)num_pieces);
      is_done = 1;
    } else {
      is_done = tgc_thread_pool_run(session->num_threads, run_piece, &region, num_pieces);
    }
  }
  if (!is_done)
    for (int64_t i = 0; i < num_pieces; ++i)
      call_body(&region, i);
  else if (atomic_load_explicit(&session->has_failed, memory_order_relaxed))
    tgc_session_unwind(session);
}
