/*===- thread_pool.c - Fork and join in about a microsecond -----------------===
 *
 * A region is published by raising a generation number. Workers spin on it for a while, then sleep in a
 * futex. The caller works too and waits at the end only for the workers that entered: one that still wakes up
 * delays nobody. Entering is a Dekker handshake: a worker counts itself active, then looks for a free seat;
 * the caller takes all seats away, then looks whether someone is active. Both are sequentially consistent, so
 * either the worker sees no seat or the caller sees the worker.
 *
 * One region at a time: a second session that wants one meanwhile does its pieces alone.
 *
 *===----------------------------------------------------------------------===*/
#include "thread_pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define MAX_WORKERS 255

/* How long a thread waits before it gives its CPU away. What a turn of the waiting loop costs differs by a
 * factor of a hundred between machines, so the clock is asked, once in a number of turns. */
static const int64_t spin_nanoseconds = 150000;
static const uint32_t turns_per_look = 64;

static struct {
  _Alignas(64) atomic_uint generation; /* of regions; what sleepers wait on */
  atomic_uint num_sleepers;
  atomic_uint is_stopping;
  atomic_int num_seats; /* how many more workers may enter the region */
  _Alignas(64) atomic_llong next_piece;
  _Alignas(64) atomic_uint num_active; /* workers that may be looking at the region */
  _Alignas(64) atomic_uint is_taken;   /* by the caller of a region; guards all below but num_references */
  tgc_pool_task_fn task;
  void *context;
  int64_t count;
  uint32_t num_workers;
  pthread_t workers[MAX_WORKERS];
  _Atomic(atomic_uint *) fork_mark; /* NULL before the first worker; points to a fork_state */
  atomic_uint num_references;
} pool;

static inline void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

typedef struct spin {
  uint32_t turns;
  int64_t since; /* nanoseconds of CLOCK_MONOTONIC at the first look */
} spin_t;

/* One turn of a waiting loop; 0 once it has waited long enough. */
static uint8_t spin_on(spin_t *spin) {
  relax();
  if (++spin->turns % turns_per_look != 0)
    return 1;
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  int64_t now = (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
  if (spin->turns == turns_per_look)
    spin->since = now;
  return now - spin->since < spin_nanoseconds;
}

static void futex_wait(unsigned seen) {
  syscall(SYS_futex, &pool.generation, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(int count) {
  syscall(SYS_futex, &pool.generation, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/*===----------------------------------------------------------------------===*
 * Workers.
 *===----------------------------------------------------------------------===*/

static void do_pieces(void) {
  for (;;) {
    long long piece = atomic_fetch_add_explicit(&pool.next_piece, 1, memory_order_relaxed);
    if (piece >= pool.count)
      return;
    pool.task(pool.context, piece);
  }
}

static uint8_t take_seat(void) {
  int seats = atomic_load(&pool.num_seats);
  while (seats > 0)
    if (atomic_compare_exchange_weak(&pool.num_seats, &seats, seats - 1))
      return 1;
  return 0;
}

static void *work(void *argument) {
  unsigned seen = (unsigned)(uintptr_t)argument;
  for (;;) {
    unsigned generation;
    spin_t spin = {0, 0};
    while ((generation = atomic_load_explicit(&pool.generation, memory_order_acquire)) == seen) {
      if (spin_on(&spin))
        continue;
      spin = (spin_t){0, 0};
      atomic_fetch_add(&pool.num_sleepers, 1);
      futex_wait(seen);
      atomic_fetch_sub(&pool.num_sleepers, 1);
    }
    if (atomic_load_explicit(&pool.is_stopping, memory_order_relaxed))
      return NULL;
    seen = generation;
    atomic_fetch_add(&pool.num_active, 1);
    if (take_seat())
      do_pieces();
    atomic_fetch_sub_explicit(&pool.num_active, 1, memory_order_release);
  }
}

/*===----------------------------------------------------------------------===*
 * Life. The caller of start and stop has taken the pool.
 *===----------------------------------------------------------------------===*/

enum fork_state { FORKED = 0, READY = 1, BEING_RESET = 2 };

/* A page that the kernel clears in forked children. Handlers of pthread_atfork would be more code in every
 * module, and the C library links them statically. */
static uint8_t make_fork_mark(void) {
  if (atomic_load(&pool.fork_mark))
    return 1;
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return 0;
  if (madvise(page, size, MADV_WIPEONFORK) != 0) {
    munmap(page, size);
    return 0;
  }
  atomic_init((atomic_uint *)page, READY);
  atomic_store(&pool.fork_mark, (atomic_uint *)page);
  return 1;
}

/* A forked child has none of the workers, and the pool is in whatever state it was: the first to come resets
 * it. Cheap enough for every call. 0 (false): another thread is at that, the pool cannot be used. */
static uint8_t notice_fork(void) {
  atomic_uint *mark = atomic_load_explicit(&pool.fork_mark, memory_order_acquire);
  if (!mark || atomic_load_explicit(mark, memory_order_acquire) == READY)
    return 1;
  unsigned state = FORKED;
  if (!atomic_compare_exchange_strong(mark, &state, BEING_RESET))
    return state == READY;
  pool.num_workers = 0;
  atomic_store(&pool.num_sleepers, 0);
  atomic_store(&pool.num_active, 0);
  atomic_store(&pool.num_seats, 0);
  atomic_store(&pool.is_stopping, 0);
  atomic_store(&pool.is_taken, 0);
  atomic_store(mark, READY);
  return 1;
}

/* As many workers as wanted, or as the system allows. */
static void start_workers(uint32_t wanted) {
  if (!make_fork_mark())
    return;
  /* Signals are the host's: they go to its own threads. */
  sigset_t all, before;
  sigfillset(&all);
  if (pthread_sigmask(SIG_SETMASK, &all, &before) != 0)
    return;
  void *seen = (void *)(uintptr_t)atomic_load(&pool.generation);
  while (pool.num_workers < wanted && pthread_create(&pool.workers[pool.num_workers], NULL, work, seen) == 0)
    pool.num_workers++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void stop_workers(void) {
  atomic_store(&pool.is_stopping, 1);
  atomic_fetch_add(&pool.generation, 1);
  futex_wake(MAX_WORKERS);
  for (uint32_t i = 0; i < pool.num_workers; ++i)
    pthread_join(pool.workers[i], NULL);
  pool.num_workers = 0;
  atomic_store(&pool.is_stopping, 0);
}

void tgc_thread_pool_acquire(void) { atomic_fetch_add(&pool.num_references, 1); }

void tgc_thread_pool_release(void) {
  if (atomic_fetch_sub(&pool.num_references, 1) != 1 || !notice_fork())
    return;
  /* Taken already: by a session that was made meanwhile, which will come here too. */
  if (atomic_exchange_explicit(&pool.is_taken, 1, memory_order_acquire))
    return;
  stop_workers();
  atomic_store_explicit(&pool.is_taken, 0, memory_order_release);
}

/* The library goes, or the process: no thread may be left in this code. Who exits from inside a region keeps
 * it. */
__attribute__((destructor)) static void stop_at_unload(void) {
  if (!notice_fork() || atomic_exchange_explicit(&pool.is_taken, 1, memory_order_acquire))
    return;
  stop_workers();
  atomic_uint *mark = atomic_exchange(&pool.fork_mark, NULL);
  if (mark)
    munmap((void *)mark, (size_t)sysconf(_SC_PAGESIZE));
}

/*===----------------------------------------------------------------------===*
 * Regions.
 *===----------------------------------------------------------------------===*/

static void open_region(uint32_t num_seats) {
  atomic_store_explicit(&pool.next_piece, 0, memory_order_relaxed);
  atomic_store(&pool.num_seats, (int)num_seats);
  atomic_fetch_add(&pool.generation, 1);
  if (atomic_load(&pool.num_sleepers))
    futex_wake((int)num_seats);
}

static void close_region(void) {
  atomic_store(&pool.num_seats, 0);
  spin_t spin = {0, 0};
  while (atomic_load(&pool.num_active))
    if (!spin_on(&spin))
      sched_yield();
}

uint8_t tgc_thread_pool_run(uint32_t num_threads, tgc_pool_task_fn task, void *context, int64_t count) {
  uint32_t wanted = num_threads - 1;
  wanted = wanted < MAX_WORKERS ? wanted : MAX_WORKERS;
  wanted = (int64_t)wanted < count ? wanted : (uint32_t)(count - 1);
  if (!notice_fork() || atomic_exchange_explicit(&pool.is_taken, 1, memory_order_acquire))
    return 0;
  if (pool.num_workers < wanted)
    start_workers(wanted);
  pool.task = task;
  pool.context = context;
  pool.count = count;
  open_region(wanted);
  do_pieces();
  close_region();
  atomic_store_explicit(&pool.is_taken, 0, memory_order_release);
  return 1;
}
