/*===- async.c - Runs that the caller does not wait for ---------------------===
 *
 * A session that is asked for such a run has a thread of its own from then on. It belongs to that run from
 * tgc_session_run_async until tgc_session_wait.
 *
 *===----------------------------------------------------------------------===*/
#include "session.h"

#include <pthread.h>
#include <signal.h>

struct tgc_async {
  pthread_t thread;
  pthread_mutex_t mutex;
  pthread_cond_t has_changed;
  enum { IDLE, ASKED, DONE, ENDING } state;
  tgc_run_request_t request;
  tgc_error_t error; /* of the run that is done */
};

static void *work(void *argument) {
  tgc_session_t *session = argument;
  tgc_async_t *async = session->async;
  pthread_mutex_lock(&async->mutex);
  while (async->state != ENDING) {
    if (async->state != ASKED) {
      pthread_cond_wait(&async->has_changed, &async->mutex);
      continue;
    }
    pthread_mutex_unlock(&async->mutex);
    tgc_run_entered(session, &async->request, &async->error);
    pthread_mutex_lock(&async->mutex);
    async->state = DONE;
    pthread_cond_broadcast(&async->has_changed);
  }
  pthread_mutex_unlock(&async->mutex);
  return NULL;
}

/* Signals are for the threads of the host. */
static uint8_t start_thread(tgc_session_t *session) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  int result = pthread_create(&session->async->thread, NULL, work, session);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return result == 0;
}

static tgc_status_t prepare(tgc_session_t *session, tgc_error_t *error) {
  const tgc_services_t *services = &session->module->services;
  if (session->async)
    return TGC_OK;
  tgc_async_t *async = session->async = tgc_allocate_zeroed(services, 1, sizeof *async);
  if (!async)
    return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot allocate a run");
  pthread_mutex_init(&async->mutex, NULL);
  pthread_cond_init(&async->has_changed, NULL);
  if (start_thread(session))
    return TGC_OK;
  session->async = NULL;
  tgc_release_memory(services, async);
  return tgc_error_set(error, TGC_RESOURCE_EXHAUSTED, "cannot start a thread for a run");
}

static void change(tgc_async_t *async, int state) {
  pthread_mutex_lock(&async->mutex);
  async->state = state;
  pthread_cond_broadcast(&async->has_changed);
  pthread_mutex_unlock(&async->mutex);
}

tgc_status_t tgc_session_run_async(tgc_session_t *session, const tgc_run_request_t *request,
                                   tgc_error_t *error) {
  tgc_run_request_t complete;
  tgc_status_t status = tgc_request_check(session, request, &complete, error);
  if (status != TGC_OK)
    return status;
  status = tgc_session_enter(session, error);
  if (status != TGC_OK)
    return status;
  status = prepare(session, error);
  if (status != TGC_OK) {
    tgc_session_leave(session);
    return status;
  }
  session->async->request = complete;
  change(session->async, ASKED);
  return tgc_error_clear(error);
}

tgc_status_t tgc_session_wait(tgc_session_t *session, tgc_error_t *error) {
  tgc_async_t *async = session->async;
  uint8_t has_run = 0;
  if (async) {
    pthread_mutex_lock(&async->mutex);
    while (async->state == ASKED)
      pthread_cond_wait(&async->has_changed, &async->mutex);
    has_run = async->state == DONE;
    async->state = IDLE;
    pthread_mutex_unlock(&async->mutex);
  }
  if (!has_run)
    return tgc_error_set(error, TGC_FAILED_PRECONDITION, "no run was started that could be waited for");
  tgc_status_t status = (tgc_status_t)async->error.code;
  if (error)
    *error = async->error;
  tgc_session_leave(session);
  return status;
}

void tgc_async_release(tgc_session_t *session) {
  tgc_async_t *async = session->async;
  if (!async)
    return;
  tgc_session_wait(session, NULL);
  change(async, ENDING);
  pthread_join(async->thread, NULL);
  pthread_mutex_destroy(&async->mutex);
  pthread_cond_destroy(&async->has_changed);
  tgc_release_memory(&session->module->services, async);
}
