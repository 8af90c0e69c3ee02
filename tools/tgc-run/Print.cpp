//===- Print.cpp - Modules and arrays as text ---------------------------------===//
#include "tools/tgc-run/Print.h"
#include "tgc/runtime.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/Support/Format.h"

using namespace tgc;
using llvm::raw_ostream;

/// How many elements of an array are shown.
static constexpr int64_t kMaxElements = 32;

static void printTensorInfo(const char *what, const tgc_tensor_info_t &info, raw_ostream &out) {
  out << what << ' ' << info.name << ' ' << tgc_dtype_name(info.dtype) << ' ';
  if (info.rank < 0)
    out << "of any rank";
  else
    out << shapeText({info.dims, size_t(info.rank)});
}

void tgc::printModule(const tgc_module_info_t &module, raw_ostream &out) {
  out << "target " << module.target << '\n';
  for (uint32_t i = 0; i < module.num_entries; ++i) {
    const tgc_entry_info_t &entry = module.entries[i];
    out << "entry " << entry.name << '\n';
    for (uint32_t f = 0; f < entry.num_feeds; ++f, out << '\n')
      printTensorInfo("  feed", entry.feeds[f], out);
    for (uint32_t f = 0; f < entry.num_fetches; ++f, out << '\n')
      printTensorInfo("  fetch", entry.fetches[f], out);
    for (uint32_t t = 0; t < entry.num_targets; ++t)
      out << "  target " << entry.targets[t] << '\n';
  }
  for (uint32_t i = 0; i < module.num_variables; ++i) {
    const tgc_variable_info_t &variable = module.variables[i];
    printTensorInfo("variable", variable.tensor, out);
    out << (variable.is_trainable ? ", trainable" : "") << (variable.initial_value ? ", has a value" : "")
        << '\n';
  }
}

template <typename T> static T elementAt(const NumpyArray &array, int64_t i) {
  T value;
  std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
  return value;
}

static void printReal(double value, raw_ostream &out) { out << llvm::format("%.6g", value); }

static void printElement(const NumpyArray &array, int64_t i, raw_ostream &out) {
  switch (array.dtype) {
  case TGC_FLOAT16: {
    llvm::APFloat half(llvm::APFloat::IEEEhalf(), llvm::APInt(16, elementAt<uint16_t>(array, i)));
    return printReal(half.convertToDouble(), out);
  }
  case TGC_FLOAT32:
    return printReal(elementAt<float>(array, i), out);
  case TGC_FLOAT64:
    return printReal(elementAt<double>(array, i), out);
  case TGC_COMPLEX64:
    printReal(elementAt<float>(array, 2 * i), out);
    out << llvm::format("%+.6gj", double(elementAt<float>(array, 2 * i + 1)));
    return;
  case TGC_COMPLEX128:
    printReal(elementAt<double>(array, 2 * i), out);
    out << llvm::format("%+.6gj", elementAt<double>(array, 2 * i + 1));
    return;
  case TGC_BOOL:
    out << (elementAt<uint8_t>(array, i) ? "true" : "false");
    return;
  case TGC_INT8:
    out << int(elementAt<int8_t>(array, i));
    return;
  case TGC_INT16:
    out << elementAt<int16_t>(array, i);
    return;
  case TGC_INT32:
    out << elementAt<int32_t>(array, i);
    return;
  case TGC_INT64:
    out << elementAt<int64_t>(array, i);
    return;
  case TGC_UINT8:
    out << unsigned(elementAt<uint8_t>(array, i));
    return;
  case TGC_UINT16:
    out << elementAt<uint16_t>(array, i);
    return;
  case TGC_UINT32:
    out << elementAt<uint32_t>(array, i);
    return;
  case TGC_UINT64:
    out << elementAt<uint64_t>(array, i);
    return;
  case TGC_STRING:
    out << '"';
    out.write_escaped(array.strings[i]) << '"';
    return;
  default:
    out << '?';
  }
}

void tgc::printArrays(const NamedArrays &arrays, raw_ostream &out) {
  for (const auto &[name, array] : arrays) {
    out << name << ' ' << tgc_dtype_name(array.dtype) << ' ' << shapeText(array.shape) << ':';
    int64_t count = array.numElements();
    for (int64_t i = 0; i < std::min(count, kMaxElements); ++i)
      printElement(array, i, out << ' ');
    out << (count > kMaxElements ? " ...\n" : "\n");
  }
}
