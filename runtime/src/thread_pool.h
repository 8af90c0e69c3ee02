/*===- thread_pool.h - The process's threads --------------------------------===*/
#ifndef TGC_SRC_THREAD_POOL_H
#define TGC_SRC_THREAD_POOL_H

#include <stdint.h>

/* Called with each number of [0, count) once. */
typedef void (*tgc_pool_task_fn)(void *context, int64_t piece);

/* Keeps the pool until the matching release; the last release ends its threads. Threads start with the first
 * region that wants them. */
void tgc_thread_pool_acquire(void);
void tgc_thread_pool_release(void);

/* Runs the task on this thread and at most `num_threads` - 1 others and returns when all is done. 0 (false):
 * the pool is at work for another session, nothing was run. */
uint8_t tgc_thread_pool_run(uint32_t num_threads, tgc_pool_task_fn task, void *context, int64_t count);

#endif /* TGC_SRC_THREAD_POOL_H */
