//===- WeightsObject.cpp - Weights as a relocatable file ------------------===//

#include "compiler/Target/WeightsObject.h"
#include "compiler/ABI/Descriptor.h"
#include "llvm/Object/ELFTypes.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;

namespace tgc {
namespace {

using File = object::ELF64LE;

static_assert(sizeof(File::Ehdr) == kWeightsAlignment, "the weights stand right behind the header");
/// Of the tables.
constexpr uint64_t kAlignment = 8;

/// Section 0 is the one that means none.
enum Section : unsigned { kWeights = 1, kStackNote, kSymbols, kStrings, kNumSections };

/// Names behind each other, each with its zero; the first is empty.
class StringTable {
public:
  uint32_t add(StringRef name) {
    uint32_t offset = bytes.size();
    append_range(bytes, name);
    bytes.push_back(0);
    return offset;
  }
  SmallVector<char, 0> bytes = {0};
};

template <typename T> void append(SmallVectorImpl<char> &bytes, const T *values, size_t count) {
  bytes.append(reinterpret_cast<const char *>(values), reinterpret_cast<const char *>(values + count));
}

} // namespace

WeightsObject::WeightsObject(const Triple &triple, StringRef symbol, ArrayRef<char> weights)
    : weights(weights) {
  StringTable names;
  File::Sym symbols[2] = {};
  symbols[1].st_name = names.add(symbol);
  symbols[1].setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbols[1].setVisibility(ELF::STV_HIDDEN);
  symbols[1].st_shndx = kWeights;
  symbols[1].st_size = weights.size();

  File::Shdr sections[kNumSections] = {};
  bool far = isFar(triple, weights.size());
  sections[kWeights].sh_name = names.add(far ? ".lrodata.tgc_weights" : ".rodata.tgc_weights");
  sections[kWeights].sh_type = ELF::SHT_PROGBITS;
  sections[kWeights].sh_flags = ELF::SHF_ALLOC | (far ? unsigned(ELF::SHF_X86_64_LARGE) : 0);
  sections[kWeights].sh_offset = sizeof(File::Ehdr);
  sections[kWeights].sh_size = weights.size();
  sections[kWeights].sh_addralign = kWeightsAlignment;
  // Without the note some linkers make the stack executable.
  sections[kStackNote].sh_name = names.add(".note.GNU-stack");
  sections[kStackNote].sh_type = ELF::SHT_PROGBITS;
  sections[kStackNote].sh_addralign = 1;
  sections[kSymbols].sh_name = names.add(".symtab");
  sections[kSymbols].sh_type = ELF::SHT_SYMTAB;
  sections[kSymbols].sh_link = kStrings;
  sections[kSymbols].sh_info = 1; // the first symbol that is not local
  sections[kSymbols].sh_entsize = sizeof(File::Sym);
  sections[kSymbols].sh_size = sizeof(symbols);
  sections[kSymbols].sh_addralign = kAlignment;
  sections[kStrings].sh_name = names.add(".strtab");
  sections[kStrings].sh_type = ELF::SHT_STRTAB;
  sections[kStrings].sh_size = names.bytes.size();
  sections[kStrings].sh_addralign = 1;

  uint64_t end = sizeof(File::Ehdr) + weights.size(), start = alignTo(end, kAlignment);
  sections[kStackNote].sh_offset = start;
  sections[kSymbols].sh_offset = start;
  sections[kStrings].sh_offset = start + sizeof(symbols);
  uint64_t headers = alignTo(start + sizeof(symbols) + names.bytes.size(), kAlignment);
  tail.resize(start - end);
  append(tail, symbols, 2);
  append_range(tail, names.bytes);
  tail.resize(headers - end);
  append(tail, sections, kNumSections);

  File::Ehdr header = {};
  copy(StringRef(ELF::ElfMagic, 4), header.e_ident);
  header.e_ident[ELF::EI_CLASS] = ELF::ELFCLASS64;
  header.e_ident[ELF::EI_DATA] = ELF::ELFDATA2LSB;
  header.e_ident[ELF::EI_VERSION] = ELF::EV_CURRENT;
  header.e_type = ELF::ET_REL;
  header.e_machine = triple.isAArch64() ? ELF::EM_AARCH64 : ELF::EM_X86_64;
  header.e_version = ELF::EV_CURRENT;
  header.e_shoff = headers;
  header.e_ehsize = sizeof(File::Ehdr);
  header.e_shentsize = sizeof(File::Shdr);
  header.e_shnum = kNumSections;
  header.e_shstrndx = kStrings;
  append(head, &header, 1);
}

} // namespace tgc
