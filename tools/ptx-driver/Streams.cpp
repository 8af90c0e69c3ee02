//===- Streams.cpp - Streams and events of the interface ------------------===//
#include "tools/ptx-driver/Simulated.h"

using namespace tgc::ptx;

TGC_EXPORT cuStreamCreate(void **stream, unsigned) {
  Call call;
  return make(call, call.gpu.streams, stream);
}

TGC_EXPORT cuStreamSynchronize(void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  call.gpu.trace(call.here()) << "synchronize\n";
  return drain(call.gpu, *static_cast<Stream *>(stream));
}

TGC_EXPORT cuStreamDestroy_v2(void *stream) {
  Call call;
  return end(call.gpu, call.gpu.streams, stream);
}

TGC_EXPORT cuEventCreate(void **event, unsigned flags) {
  Call call;
  constexpr unsigned kWithoutTime = 2;
  if (Result result = make(call, call.gpu.events, event))
    return result;
  static_cast<Mark *>(*event)->hasTime = !(flags & kWithoutTime);
  return Success;
}

TGC_EXPORT cuEventDestroy_v2(void *event) {
  Call call;
  return end(call.gpu, call.gpu.events, event);
}

TGC_EXPORT cuEventRecord(void *recorded, void *stream) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  if (Result state = call.stateOf<Mark>(recorded))
    return state;
  auto *event = static_cast<Mark *>(recorded);
  event->stream = static_cast<Stream *>(stream);
  return enqueue(call.gpu, stream, [&gpu = call.gpu, event, count = ++event->numRecorded] {
    event->numDone = count;
    event->time = gpu.clock;
    return Success;
  });
}

TGC_EXPORT cuStreamWaitEvent(void *stream, void *awaited, unsigned) {
  Call call;
  if (Result state = call.stateOf<Stream>(stream))
    return state;
  auto *event = static_cast<Mark *>(awaited);
  return enqueue(call.gpu, stream,
                 [&gpu = call.gpu, event, count = event->numRecorded] { return await(gpu, *event, count); });
}

TGC_EXPORT cuEventSynchronize(void *awaited) {
  Call call;
  if (Result state = call.state())
    return state;
  auto *event = static_cast<Mark *>(awaited);
  return await(call.gpu, *event, event->numRecorded);
}

TGC_EXPORT cuEventElapsedTime(float *milliseconds, void *first, void *second) {
  Call call;
  if (Result state = call.state())
    return state;
  auto *begin = static_cast<Mark *>(first), *end = static_cast<Mark *>(second);
  for (Mark *event : {begin, end})
    if (!event->hasTime || !event->numRecorded)
      return InvalidHandle;
  for (Mark *event : {begin, end})
    if (event->numDone < event->numRecorded)
      return NotReady;
  *milliseconds = float(double(int64_t(end->time - begin->time)) / 1e6);
  return Success;
}
