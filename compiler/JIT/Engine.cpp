//===- Engine.cpp - Objects as code of this process -----------------------===//

#include "compiler/JIT/Engine.h"
#include "compiler/ABI/RtToLLVM.h"
#include "compiler/Target/RuntimeArchives.h"
#include "tgc/checkpoint.h"
#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/ExecutionEngine/Orc/MapperJITLinkMemoryManager.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/Support/TargetSelect.h"

using namespace llvm;

namespace tgc {

struct Engine::State {
  std::unique_ptr<orc::LLJIT> jit;
};

Engine::Engine(std::unique_ptr<State> state) : state(std::move(state)) {}
Engine::~Engine() = default;

namespace {

/// The functions that generated code calls, by name: the tools that link them need not export them.
struct RuntimeSymbol {
  StringLiteral name;
  void *address;
};

const RuntimeSymbol kRuntimeSymbols[] = {
    {"tgc_rt_workspace", reinterpret_cast<void *>(&tgc_rt_workspace)},
    {"tgc_rt_buffer", reinterpret_cast<void *>(&tgc_rt_buffer)},
    {"tgc_rt_fetch", reinterpret_cast<void *>(&tgc_rt_fetch)},
    {"tgc_rt_variable_read", reinterpret_cast<void *>(&tgc_rt_variable_read)},
    {"tgc_rt_variable_write", reinterpret_cast<void *>(&tgc_rt_variable_write)},
    {"tgc_rt_fail", reinterpret_cast<void *>(&tgc_rt_fail)},
    {"tgc_rt_parallel_for", reinterpret_cast<void *>(&tgc_rt_parallel_for)},
    {"tgc_rt_host_output", reinterpret_cast<void *>(&tgc_rt_host_output)},
    {"tgc_rt_counter", reinterpret_cast<void *>(&tgc_rt_counter)},
    {"tgc_rt_seed", reinterpret_cast<void *>(&tgc_rt_seed)},
    {"tgc_rt_scratch", reinterpret_cast<void *>(&tgc_rt_scratch)},
    {"tgc_rt_object", reinterpret_cast<void *>(&tgc_rt_object)},
    {"tgc_rt_variable_peek", reinterpret_cast<void *>(&tgc_rt_variable_peek)},
    {"tgc_rt_variable_is_initialized", reinterpret_cast<void *>(&tgc_rt_variable_is_initialized)},
    {"tgc_rt_variable_destroy", reinterpret_cast<void *>(&tgc_rt_variable_destroy)},
    {"tgc_rt_variable_residence", reinterpret_cast<void *>(&tgc_rt_variable_residence)},
    {"tgc_rt_guests", reinterpret_cast<void *>(&tgc_rt_guests)},
    {"tgc_rt_profile", reinterpret_cast<void *>(&tgc_rt_profile)},
    {"tgc_rt_profile_device", reinterpret_cast<void *>(&tgc_rt_profile_device)},
    {"tgc_dtype_size", reinterpret_cast<void *>(&tgc_dtype_size)},
    {"tgc_checkpoint_open", reinterpret_cast<void *>(&tgc_checkpoint_open)},
    {"tgc_checkpoint_close", reinterpret_cast<void *>(&tgc_checkpoint_close)},
    {"tgc_checkpoint_lookup", reinterpret_cast<void *>(&tgc_checkpoint_lookup)},
    {"tgc_checkpoint_lookup_slice", reinterpret_cast<void *>(&tgc_checkpoint_lookup_slice)},
    {"tgc_checkpoint_read", reinterpret_cast<void *>(&tgc_checkpoint_read)},
    {"tgc_checkpoint_read_slice", reinterpret_cast<void *>(&tgc_checkpoint_read_slice)},
    {"tgc_checkpoint_parse_slice", reinterpret_cast<void *>(&tgc_checkpoint_parse_slice)},
    {"tgc_checkpoint_num_tensors", reinterpret_cast<void *>(&tgc_checkpoint_num_tensors)},
    {"tgc_checkpoint_name", reinterpret_cast<void *>(&tgc_checkpoint_name)},
    {"tgc_checkpoint_writer_create", reinterpret_cast<void *>(&tgc_checkpoint_writer_create)},
    {"tgc_checkpoint_writer_release", reinterpret_cast<void *>(&tgc_checkpoint_writer_release)},
    {"tgc_checkpoint_write", reinterpret_cast<void *>(&tgc_checkpoint_write)},
    {"tgc_checkpoint_copy", reinterpret_cast<void *>(&tgc_checkpoint_copy)},
    {"tgc_checkpoint_write_slice", reinterpret_cast<void *>(&tgc_checkpoint_write_slice)},
    {"tgc_checkpoint_write_first_version", reinterpret_cast<void *>(&tgc_checkpoint_write_first_version)},
    {"tgc_checkpoint_commit", reinterpret_cast<void *>(&tgc_checkpoint_commit)},
};

/// Code and kernels refer to each other over at most 2 GiB, so their memory comes from one reserved range;
/// maps of their own may lie anywhere.
constexpr size_t kReservedBytes = size_t(256) << 20;

Expected<std::unique_ptr<orc::ObjectLayer>> createObjectLayer(orc::ExecutionSession &session) {
  auto memory = orc::MapperJITLinkMemoryManager::CreateWithMapper<orc::InProcessMemoryMapper>(kReservedBytes);
  if (!memory)
    return memory.takeError();
  return std::make_unique<orc::ObjectLinkingLayer>(session, std::move(*memory));
}

/// The kernels written by hand. Their archive is read when code asks for the first one.
class KernelGenerator : public orc::DefinitionGenerator {
public:
  explicit KernelGenerator(orc::ObjectLayer &layer) : layer(layer) {}

  Error tryToGenerate(orc::LookupState &state, orc::LookupKind kind, orc::JITDylib &library,
                      orc::JITDylibLookupFlags flags, const orc::SymbolLookupSet &symbols) override {
    // Conversions of half floats are there as the compiler's library has them.
    auto isThere = [](const auto &symbol) {
      StringRef name = *symbol.first;
      return name.starts_with("tgc_") || name.starts_with("__");
    };
    if (!archive) {
      if (none_of(symbols, isThere))
        return Error::success();
      auto bytes =
          MemoryBuffer::getMemBuffer(kernelArchive(), "tgc_kernels.a", /*RequiresNullTerminator=*/false);
      auto opened = orc::StaticLibraryDefinitionGenerator::Create(layer, std::move(bytes));
      if (!opened)
        return opened.takeError();
      archive = std::move(*opened);
    }
    // What kernels need of each other has other names too.
    return archive->tryToGenerate(state, kind, library, flags, symbols);
  }

private:
  orc::ObjectLayer &layer;
  std::unique_ptr<orc::StaticLibraryDefinitionGenerator> archive;
};

} // namespace

Expected<std::unique_ptr<Engine>> Engine::create(ArrayRef<char> object, ArrayRef<char> weights) {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  auto state = std::make_unique<State>();
  Expected<std::unique_ptr<orc::LLJIT>> jit =
      orc::LLJITBuilder().setObjectLinkingLayerCreator(createObjectLayer).create();
  if (!jit)
    return jit.takeError();
  state->jit = std::move(*jit);

  orc::JITDylib &library = state->jit->getMainJITDylib();
  orc::SymbolMap symbols;
  auto define = [&](StringRef name, const void *address) {
    symbols[state->jit->mangleAndIntern(name)] = {orc::ExecutorAddr::fromPtr(address),
                                                  JITSymbolFlags::Exported};
  };
  for (const RuntimeSymbol &symbol : kRuntimeSymbols)
    define(symbol.name, symbol.address);
  define(kWeightsSymbol, weights.data());
  if (Error error = library.define(orc::absoluteSymbols(std::move(symbols))))
    return std::move(error);
  library.addGenerator(std::make_unique<KernelGenerator>(state->jit->getObjLinkingLayer()));
  // libm and libc.
  auto process =
      orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(state->jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));

  auto buffer = MemoryBuffer::getMemBufferCopy(StringRef(object.data(), object.size()), "tgc");
  if (Error error = state->jit->addObjectFile(std::move(buffer)))
    return std::move(error);
  Expected<orc::ExecutorAddr> query = state->jit->lookup(TGC_MODULE_QUERY_SYMBOL);
  if (!query)
    return query.takeError();
  std::unique_ptr<Engine> engine(new Engine(std::move(state)));
  engine->moduleInfo = query->toPtr<tgc_module_query_fn>()(TGC_ABI_VERSION);
  return engine;
}

} // namespace tgc
