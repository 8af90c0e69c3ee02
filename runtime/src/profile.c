/*===- profile.c - How long kernels take ------------------------------------===*/
#include "session.h"

#include <time.h>

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

void tgc_frame_profile(tgc_frame_t *frame, const char *kernel, const char *nodes) {
  tgc_session_t *session = frame->session;
  if (!session->profile)
    return;
  uint64_t end = now();
  session->profile(session->profile_user, kernel, nodes, kernel ? session->last_mark : end, end);
  session->last_mark = now(); /* what the host does with it does not count */
}

uint8_t tgc_frame_profile_device(tgc_frame_t *frame, const tgc_device_work_t *work) {
  tgc_session_t *session = frame->session;
  if (!session->profile_device)
    return 0;
  if (work) {
    session->profile_device(session->profile_user, work);
    session->last_mark = now();
  }
  return 1;
}
