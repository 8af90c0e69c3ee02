//===- Collectives.cpp - NCCL over the simulator --------------------------===//
//
// The library runs in libnccl's place, too (TGC_NCCL). Members of a call are in one group; each comes to it
// on its stream, and the last one there computes for all. That a stream which others wait for waits for one
// of them, a deadlock on devices, is an error.
//
//===----------------------------------------------------------------------===//
#include "tools/ptx-driver/Simulated.h"
#include <cstring>

using namespace tgc::ptx;

namespace {

enum NcclResult { NcclSuccess = 0, NcclUnhandled = 1, NcclInvalidArgument = 4, NcclInvalidUsage = 5 };

struct Team;
/// A communicator.
struct Member {
  Team *team;
  int rank;
  Gpu *gpu;
};
struct Team {
  std::vector<std::unique_ptr<Member>> members;
};

/// What a member asked for in a group of calls.
struct Part {
  Member *member;
  Stream *stream;
  const uint8_t *from;
  uint8_t *to;
  size_t count;
  int type, reduction, root;
};

/// A reduction under way.
struct Reduction {
  std::vector<Part> parts;
  std::vector<bool> isThere;
};

std::vector<std::unique_ptr<Team>> teams;
/// Of this thread's group.
thread_local std::vector<Part> asked;

template <typename T> void combine(const Reduction &all) {
  const Part &first = all.parts.front();
  for (size_t i = 0; i < first.count; ++i) {
    T result{};
    for (size_t rank = 0; rank < all.parts.size(); ++rank) {
      T value;
      std::memcpy(&value, all.parts[rank].from + i * sizeof(T), sizeof(T));
      result = !rank                  ? value
               : first.reduction == 0 ? T(result + value)
               : first.reduction == 1 ? T(result * value)
               : first.reduction == 2 ? std::max(result, value)
                                      : std::min(result, value);
    }
    for (const Part &part : all.parts)
      if (first.root < 0 || part.member->rank == first.root)
        std::memcpy(part.to + i * sizeof(T), &result, sizeof(T));
  }
}

/// Beside the numbers of NCCL's reductions: what the root gives.
constexpr int kBroadcast = 100;

Result broadcast(const Reduction &all) {
  const Part &root = all.parts[all.parts.front().root];
  for (const Part &part : all.parts)
    if (part.to != root.from)
      std::memcpy(part.to, root.from, root.count);
  return Success;
}

size_t sizeOf(int type) {
  return type <= 1 ? 1 : type == 2 || type == 7 ? 4 : type == 4 || type == 8 ? 8 : type == 6 ? 2 : 0;
}

Result compute(const Reduction &all) {
  if (all.parts.front().reduction == kBroadcast)
    return broadcast(all);
  // Results may lie where operands do, so these are read before: by place of the element, as NCCL allows.
  switch (all.parts.front().type) {
  case 2:
    return combine<int32_t>(all), Success;
  case 4:
    return combine<int64_t>(all), Success;
  case 6:
    return combine<_Float16>(all), Success;
  case 7:
    return combine<float>(all), Success;
  default:
    return combine<double>(all), Success;
  }
}

/// A stream has come to the reduction: waits for the others.
Result arrive(Simulated &gpu, const std::shared_ptr<Reduction> &all, size_t rank) {
  all->isThere[rank] = true;
  for (size_t other = 0; other < all->parts.size(); ++other) {
    if (all->isThere[other])
      continue;
    Stream &stream = *all->parts[other].stream;
    if (Result result = drain(gpu, stream, [&] { return bool(all->isThere[other]); }))
      return result;
    if (!all->isThere[other]) {
      llvm::errs() << "ptx-driver: members of a reduction wait for each other\n";
      return Unknown;
    }
    return Success; // the last that came has computed
  }
  return compute(*all);
}

/// Whether the memory is the device's.
bool isOn(Gpu &gpu, const void *memory, size_t bytes) {
  return gpu.device.bytes(reinterpret_cast<uintptr_t>(memory)).size() >= bytes;
}

NcclResult ask(const void *from, void *to, size_t count, int type, int reduction, int root, void *member,
               void *stream) {
  Call call;
  auto *who = static_cast<Member *>(member);
  auto *where = static_cast<Stream *>(stream);
  size_t bytes = count * sizeOf(type);
  bool isBroadcast = reduction == kBroadcast;
  if (!bytes || reduction < 0 || (reduction > 3 && !isBroadcast) || where->gpu != who->gpu ||
      root >= int(who->team->members.size()))
    return NcclInvalidArgument;
  bool writes = isBroadcast || root < 0 || root == who->rank, reads = !isBroadcast || root == who->rank;
  if ((reads && !isOn(*who->gpu, from, bytes)) || (writes && !isOn(*who->gpu, to, bytes)))
    return NcclInvalidArgument;
  // The simulator's memory, which addresses of the device stand for.
  auto *source = reads ? who->gpu->device.bytes(reinterpret_cast<uintptr_t>(from)).data() : nullptr;
  auto *target = writes ? who->gpu->device.bytes(reinterpret_cast<uintptr_t>(to)).data() : nullptr;
  asked.push_back({who, where, source, target, isBroadcast ? bytes : count, type, reduction, root});
  return NcclSuccess;
}

} // namespace

#define TGC_NCCL_EXPORT extern "C" __attribute__((visibility("default")))

TGC_NCCL_EXPORT const char *ncclGetErrorString(int result) {
  return result == NcclSuccess           ? "no error"
         : result == NcclUnhandled       ? "unhandled cuda error"
         : result == NcclInvalidArgument ? "invalid argument"
                                         : "invalid usage";
}

TGC_NCCL_EXPORT int ncclCommInitAll(void **communicators, int count, const int *devices) {
  Call call;
  if (call.gpu.wishes.ncclFault == "init")
    return NcclUnhandled;
  auto team = std::make_unique<Team>();
  for (int rank = 0; rank < count; ++rank) {
    if (size_t(devices[rank]) >= call.gpu.gpus.size() ||
        llvm::is_contained(llvm::ArrayRef(devices, rank), devices[rank]))
      return NcclInvalidArgument;
    team->members.push_back(
        std::make_unique<Member>(Member{team.get(), rank, call.gpu.gpus[devices[rank]].get()}));
    communicators[rank] = team->members.back().get();
  }
  call.gpu.trace() << "a team of " << count << " devices\n";
  teams.push_back(std::move(team));
  return NcclSuccess;
}

TGC_NCCL_EXPORT int ncclCommDestroy(void *communicator) {
  Call call;
  if (Result result = drainAll(call.gpu); result)
    return NcclUnhandled;
  auto *member = static_cast<Member *>(communicator);
  if (member->rank == 0)
    call.gpu.trace() << "the team is given back\n";
  return NcclSuccess;
}

TGC_NCCL_EXPORT int ncclCommAbort(void *communicator) {
  Call call;
  if (static_cast<Member *>(communicator)->rank == 0)
    call.gpu.trace() << "the team is given up\n";
  return NcclSuccess;
}

TGC_NCCL_EXPORT int ncclGroupStart() {
  asked.clear();
  return NcclSuccess;
}

TGC_NCCL_EXPORT int ncclGroupEnd() {
  Call call;
  if (asked.empty() || call.gpu.wishes.ncclFault == "call")
    return NcclUnhandled;
  auto all = std::make_shared<Reduction>();
  all->parts = std::exchange(asked, {});
  llvm::sort(all->parts, [](const Part &a, const Part &b) { return a.member->rank < b.member->rank; });
  const Part &first = all->parts.front();
  if (all->parts.size() != first.member->team->members.size())
    return NcclInvalidUsage;
  for (auto [rank, part] : llvm::enumerate(all->parts))
    if (part.member->rank != int(rank) || part.member->team != first.member->team ||
        part.count != first.count || part.type != first.type || part.reduction != first.reduction ||
        part.root != first.root)
      return NcclInvalidUsage;
  all->isThere.assign(all->parts.size(), false);
  if (first.reduction == kBroadcast)
    call.gpu.trace() << "broadcast " << first.count << " bytes of GPU "
                     << all->parts[first.root].member->gpu->number << " to " << all->parts.size() - 1
                     << " others\n";
  else
    call.gpu.trace() << (first.root < 0 ? "reduce " : "reduce to one ") << first.count << " elements of "
                     << all->parts.size() << " devices\n";
  if (!call.gpu.wishes.isLate)
    return compute(*all) ? NcclUnhandled : NcclSuccess;
  for (size_t rank = 0; rank < all->parts.size(); ++rank)
    if (enqueue(call.gpu, all->parts[rank].stream,
                [&gpu = call.gpu, all, rank] { return arrive(gpu, all, rank); }))
      return NcclUnhandled;
  return NcclSuccess;
}

TGC_NCCL_EXPORT int ncclAllReduce(const void *from, void *to, size_t count, int type, int reduction,
                                  void *member, void *stream) {
  return ask(from, to, count, type, reduction, /*root=*/-1, member, stream);
}

TGC_NCCL_EXPORT int ncclReduce(const void *from, void *to, size_t count, int type, int reduction, int root,
                               void *member, void *stream) {
  return ask(from, to, count, type, reduction, root, member, stream);
}

TGC_NCCL_EXPORT int ncclBroadcast(const void *from, void *to, size_t count, int type, int root, void *member,
                                  void *stream) {
  return ask(from, to, count, type, kBroadcast, root, member, stream);
}
