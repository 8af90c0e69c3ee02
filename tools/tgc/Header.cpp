//===- Header.cpp - A C++ class over an object file -----------------------===//
//
// What does not depend on the model is the class template of compiler/include/tgc/compiled_model.hpp; the
// header adds names, sizes and typed access.
//
//===----------------------------------------------------------------------===//

#include "tools/tgc/Header.h"
#include "compiler/ABI/Dtypes.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "tgc/abi.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <map>

using namespace mlir;
using llvm::createStringError;

namespace tgc {
namespace {

/// Words of C++ that a class cannot be called.
constexpr StringLiteral kKeywords =
    "alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t "
    "class compl concept const consteval constexpr constinit const_cast continue co_await co_return co_yield "
    "decltype default delete do double dynamic_cast else enum explicit export extern false float for friend "
    "goto if inline int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private "
    "protected public register reinterpret_cast requires return short signed sizeof static static_assert "
    "static_cast struct switch template this thread_local throw true try typedef typeid typename union "
    "unsigned using virtual void volatile wchar_t while xor xor_eq";

bool isIdentifier(StringRef text) {
  return !text.empty() && !llvm::isDigit(text[0]) &&
         llvm::all_of(text, [](char c) { return llvm::isAlnum(c) || c == '_'; }) &&
         !llvm::is_contained(llvm::split(kKeywords, ' '), text);
}

/// The C++ type of an element.
StringRef elementTypeName(int64_t dtype) {
  switch (dtype) {
  case TGC_FLOAT32:
    return "float";
  case TGC_FLOAT64:
    return "double";
  case TGC_INT8:
    return "int8_t";
  case TGC_INT16:
    return "int16_t";
  case TGC_INT32:
    return "int32_t";
  case TGC_INT64:
    return "int64_t";
  case TGC_UINT8:
    return "uint8_t";
  case TGC_UINT32:
    return "uint32_t";
  case TGC_UINT64:
    return "uint64_t";
  case TGC_BOOL:
    return "bool";
  case TGC_COMPLEX64:
    return "std::complex<float>";
  case TGC_COMPLEX128:
    return "std::complex<double>";
  case TGC_STRING:
    return "tgc_string_t";
  default:
    return "uint16_t"; // half precision: its bits
  }
}

/// A feed or a fetch of the entry.
struct Tensor {
  std::string name;
  int64_t dtype;
  ArrayRef<int64_t> dims;

  bool isStatic() const {
    return llvm::none_of(dims, [](int64_t size) { return size < 0; });
  }
  int64_t count() const {
    int64_t count = 1;
    for (int64_t size : dims)
      count *= size;
    return count;
  }
};

SmallVector<Tensor> tensorsOf(Operation *entry, StringRef attribute) {
  SmallVector<Tensor> tensors;
  for (auto tensor : entry->getAttrOfType<ArrayAttr>(attribute).getAsRange<DictionaryAttr>())
    tensors.push_back({tensor.getAs<StringAttr>("name").str(), tensor.getAs<IntegerAttr>("dtype").getInt(),
                       tensor.getAs<DenseI64ArrayAttr>("dims").asArrayRef()});
  return tensors;
}

/// "x:0" as a part of a C++ name: "x" for the first output of a node, else "x_1".
std::string spell(StringRef tensor) {
  tensor.consume_back(":0");
  std::string text = tensor.str();
  for (char &c : text)
    if (!llvm::isAlnum(c))
      c = '_';
  return text;
}

/// The name that C++ knows a tensor by.
std::string spell(const Tensor &tensor, ArrayRef<TensorAlias> aliases) {
  auto alias = llvm::find_if(aliases, [&](const TensorAlias &a) { return a.tensor == tensor.name; });
  return spell(alias == aliases.end() ? tensor.name : alias->name);
}

/// An error if two tensors had one name.
llvm::Error checkNames(ArrayRef<Tensor> tensors, ArrayRef<TensorAlias> aliases) {
  std::map<std::string, StringRef> known;
  for (const Tensor &tensor : tensors) {
    auto [place, isNew] = known.try_emplace(spell(tensor, aliases), tensor.name);
    if (!isNew && place->second != tensor.name)
      return createStringError("'" + place->second + "' and '" + tensor.name + "' would both be called " +
                               place->first + " in C++; name one of them in a --config");
  }
  return llvm::Error::success();
}

class HeaderPrinter {
public:
  HeaderPrinter(raw_ostream &out, const ClassName &name, SmallVector<Tensor> feeds,
                SmallVector<Tensor> fetches, StringRef entry, ArrayRef<TensorAlias> aliases)
      : out(out), name(name), feeds(std::move(feeds)), fetches(std::move(fetches)), entry(entry),
        aliases(aliases) {}

  void print() {
    std::string guard = StringRef(name.querySymbol()).upper() + "_H";
    out << "// Made by tgc; belongs to the object file that was made with it. Link both with the runtime of "
           "tgc.\n"
        << "#ifndef " << guard << "\n#define " << guard << "\n\n#include \"tgc/compiled_model.hpp\"\n\n"
        << "extern \"C\" const tgc_module_info_t *" << name.querySymbol() << "(uint32_t max_version);\n\n";
    for (const std::string &part : name.namespaces)
      out << "namespace " << part << " {\n";
    printClass();
    for (const std::string &part : llvm::reverse(name.namespaces))
      out << "} // namespace " << part << "\n";
    out << "\n#endif // " << guard << "\n";
  }

private:
  void printClass() {
    out << "/// Entry '" << entry << "'.\n///   feeds:";
    for (const Tensor &feed : feeds)
      out << " " << describe(feed);
    out << "\n///   results:";
    for (const Tensor &fetch : fetches)
      out << " " << describe(fetch);
    out << "\nclass " << name.name << " : public tgc::CompiledModel {\npublic:\n"
        << "  static constexpr size_t kNumArgs = " << feeds.size() << ";\n"
        << "  static constexpr size_t kNumResults = " << fetches.size() << ";\n\n"
        << "  explicit " << name.name
        << "(AllocMode mode = AllocMode::ARGS_VARIABLES_RESULTS_PROFILES_AND_TEMPS)\n"
        << "      : CompiledModel(" << name.querySymbol() << ", \"" << entry << "\", mode) {";
    for (const TensorAlias &alias : aliases)
      out << "\n    alias(\"" << alias.name << "\", \"" << alias.tensor << "\");";
    out << (aliases.empty() ? "}\n" : "\n  }\n");
    for (auto [i, feed] : llvm::enumerate(feeds))
      printAccess(feed, "arg", i, "");
    for (auto [i, fetch] : llvm::enumerate(fetches))
      printAccess(fetch, "result", i, "const ");
    out << "};\n";
  }

  static std::string describe(const Tensor &tensor) {
    std::string text = tensor.name + " " + elementTypeName(tensor.dtype).str() + "[";
    for (auto [i, size] : llvm::enumerate(tensor.dims))
      text += (i ? "," : "") + (size < 0 ? std::string("?") : std::to_string(size));
    return text + "]";
  }

  /// argN and arg_feed_NAME, resultN and result_fetch_NAME.
  void printAccess(const Tensor &tensor, StringRef kind, size_t index, StringRef qualifier) {
    std::string number = kind.str() + std::to_string(index);
    printAccessAs(tensor, kind, index, qualifier, number);
    std::string named = kind.str() + (kind == "arg" ? "_feed_" : "_fetch_") + spell(tensor, aliases);
    if (names.insert(named).second)
      printAccessAs(tensor, kind, index, qualifier, named);
  }

  void printAccessAs(const Tensor &tensor, StringRef kind, size_t index, StringRef qualifier,
                     StringRef method) {
    StringRef type = elementTypeName(tensor.dtype);
    out << "\n";
    for (StringRef constness : {StringRef(), StringRef("const")}) {
      bool isConst = !constness.empty();
      if (!qualifier.empty() && !isConst)
        continue;
      StringRef of = isConst ? "const " : "";
      out << "  " << of << type << " *" << method << "_data() " << constness << (isConst ? " " : "")
          << "{ return static_cast<" << of << type << " *>(" << kind << "_data(" << index << ")); }\n";
      if (tensor.isStatic())
        printElementAccess(tensor, of, constness, method, type);
    }
    if (tensor.isStatic()) {
      out << "  static constexpr size_t " << method << "_count() { return " << tensor.count() << "; }\n"
          << "  static constexpr size_t " << method << "_size() { return " << method << "_count() * sizeof("
          << type << "); }\n";
      return;
    }
    out << "  /// Known at run time only: " << describe(tensor) << "\n"
        << "  const tgc_tensor_t &" << method << "_tensor() const { return " << kind << "_tensor(" << index
        << "); }\n";
    if (kind == "arg")
      out << "  void set_" << method << "(const " << type
          << " *data, std::initializer_list<int64_t> dims) { set_arg(" << index << ", data, sizeof(" << type
          << "), dims); }\n";
  }

  /// x(i, j) of a tensor whose sizes are known.
  void printElementAccess(const Tensor &tensor, StringRef of, StringRef constness, StringRef method,
                          StringRef type) {
    out << "  " << of << type << " &" << method << "(";
    std::string place = tensor.dims.empty() ? "0" : "";
    for (auto [i, size] : llvm::enumerate(tensor.dims)) {
      out << (i ? ", " : "") << "size_t d" << i;
      place = i ? "(" + place + ") * " + std::to_string(size) + " + d" + std::to_string(i) : "d0";
    }
    out << ") " << constness << (constness.empty() ? "" : " ") << "{ return " << method << "_data()[" << place
        << "]; }\n";
  }

  raw_ostream &out;
  const ClassName &name;
  SmallVector<Tensor> feeds, fetches;
  StringRef entry;
  ArrayRef<TensorAlias> aliases;
  std::set<std::string> names;
};

} // namespace

llvm::Expected<ClassName> ClassName::parse(StringRef text) {
  ClassName result;
  SmallVector<StringRef> parts;
  text.split(parts, "::");
  for (StringRef part : parts)
    if (!isIdentifier(part))
      return createStringError("'" + text + "' is no name of a C++ class; ns::Name is expected");
  for (StringRef part : ArrayRef(parts).drop_back())
    result.namespaces.push_back(part.str());
  result.name = parts.back().str();
  return result;
}

std::string ClassName::querySymbol() const {
  std::string symbol = "tgc_module_query";
  for (const std::string &part : namespaces)
    symbol += "_" + part;
  return symbol + "_" + name;
}

llvm::Expected<std::string> makeHeader(ModuleOp module, const ClassName &className,
                                       ArrayRef<TensorAlias> aliases) {
  for (auto entry : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!entry->hasAttr("tg.entry"))
      continue;
    SmallVector<Tensor> feeds = tensorsOf(entry, "rt.feeds"), fetches = tensorsOf(entry, "rt.fetches");
    for (ArrayRef<Tensor> tensors : {ArrayRef(feeds), ArrayRef(fetches)})
      if (llvm::Error error = checkNames(tensors, aliases))
        return std::move(error);
    std::string text;
    llvm::raw_string_ostream stream(text);
    HeaderPrinter(stream, className, std::move(feeds), std::move(fetches),
                  entry->getAttrOfType<StringAttr>("tg.entry").getValue(), aliases)
        .print();
    return text;
  }
  return createStringError("the module has no entry that a header could describe");
}

} // namespace tgc
