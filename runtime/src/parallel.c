/*===- parallel.c - Parallel regions of a run -------------------------------===
 *
 * A region is cut into pieces of `grain` whatever the number of threads, so that a body that sums over its
 * piece gives the same bits everywhere. A body that fails leaves to the thread's place, a jmp_buf outside of
 * the bodies; no thread jumps over the frames of the pool or of a host's parallel_for.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"
#include "thread_pool.h"

#include <stddef.h>

typedef struct region {
  tgc_session_t *session;
  tgc_loop_body_fn body;
  void *context;
  int64_t count;
  int64_t grain;
} region_t;

/* Where this thread stands in a region; NULL outside of regions. A body may run another session: the place
 * then still belongs to the first. */
typedef struct place {
  const tgc_session_t *session;
  jmp_buf leave;
} place_t;

static _Thread_local place_t *current_place;

jmp_buf *tgc_parallel_leave_point(const tgc_session_t *session) {
  return current_place && current_place->session == session ? &current_place->leave : NULL;
}

static void call_body(const region_t *region, int64_t piece) {
  int64_t begin = piece * region->grain;
  int64_t end = region->count - begin < region->grain ? region->count : begin + region->grain;
  region->body(region->context, begin, end);
}

static void run_pieces(void *context, int64_t begin, int64_t end) {
  region_t *region = context;
  place_t *outer = current_place;
  place_t place;
  place.session = region->session;
  current_place = &place;
  if (!_setjmp(place.leave))
    for (int64_t i = begin; i < end; ++i)
      if (!atomic_load_explicit(&region->session->has_failed, memory_order_relaxed))
        call_body(region, i);
  current_place = outer;
}

static void run_piece(void *context, int64_t piece) { run_pieces(context, piece, piece + 1); }

void tgc_frame_parallel_for(tgc_frame_t *frame, tgc_loop_body_fn body, void *context, int64_t count,
                            int64_t grain) {
  tgc_session_t *session = frame->session;
  const tgc_services_t *services = &session->module->services;
  if (count <= 0)
    return;
  grain = grain > 0 ? grain : 1;
  region_t region = {session, body, context, count, grain};
  int64_t num_pieces = count / grain + (count % grain != 0);
  uint8_t is_done = 0;
  if (num_pieces > 1 && session->num_threads > 1 && !current_place) {
    if (services->parallel_for) {
      services->parallel_for(services->user, run_pieces, &region, num_pieces);
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
