//===- SignatureParser.cpp - Rows of the tables to signatures ----------------===//
//
// Reads the notation that Signatures/Tables.h explains. A row that cannot be read is a mistake of ours and
// stops the program at first use; a unit test reads them all.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/SignatureParser.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
using namespace tgc;

[[noreturn]] static void malformed(StringRef op, StringRef token) {
  reportFatalInternalError("signature of " + op + ": cannot read '" + token + "'");
}

/// The type of that name, or DT_INVALID.
static proto::DataType dataTypeByName(StringRef name) {
  static const StringMap<proto::DataType> byName = [] {
    StringMap<proto::DataType> types;
    for (int number = 1; isKnownDataType(static_cast<proto::DataType>(number)); ++number) {
      auto type = static_cast<proto::DataType>(number);
      types.try_emplace(dataTypeName(type), type);
    }
    return types;
  }();
  return byName.lookup(name);
}

/// The members of a group of types in AllowedTypes.cpp; the text itself if it is none.
static StringRef membersOf(StringRef group) {
  return StringSwitch<StringRef>(group)
      .Case("number", "real complex quantized")
      .Case("real", "integer float")
      .Case("integer", "int8 uint8 int16 uint16 int32 uint32 int64 uint64")
      .Case("float", "float16 bfloat16 float32 float64")
      .Case("complex", "complex64 complex128")
      .Case("quantized", "qint8 quint8 qint16 quint16 qint32")
      .Default(group);
}

std::vector<proto::DataType> tgc::parseTypes(StringRef text) {
  std::vector<proto::DataType> types;
  for (StringRef word : split(text, ' ')) {
    if (StringRef members = membersOf(word); members != word)
      append_range(types, parseTypes(members));
    else if (proto::DataType type = dataTypeByName(word); type != proto::DT_INVALID)
      types.push_back(type);
    else
      malformed("a row of types", word);
  }
  return types;
}

static OpArg parseArg(StringRef op, StringRef token) {
  auto [name, type] = token.split(':');
  if (name.empty() || type.empty())
    malformed(op, token);
  OpArg arg;
  arg.name = name.str();
  arg.isRef = type.consume_front("&");
  if (type.consume_front("[") && type.consume_back("]")) {
    arg.typeListAttr = type.str();
    return arg;
  }
  if (type.contains('*')) {
    auto [number, element] = type.split('*');
    arg.numberAttr = number.str();
    type = element;
  }
  arg.type = dataTypeByName(type);
  if (arg.type == proto::DT_INVALID)
    arg.typeAttr = type.str();
  return arg;
}

/// The kind of attribute that a default of this spelling has.
static StringRef kindOfLiteral(StringRef text) {
  if (text == "true" || text == "false")
    return "bool";
  if (text == "unknown")
    return "shape";
  if (text.starts_with("'"))
    return "string";
  if (text.starts_with("["))
    return "list(int)";
  if (dataTypeByName(text) != proto::DT_INVALID)
    return "type";
  return text.find_first_of(".e") == StringRef::npos ? "int" : "float";
}

static void setListDefault(StringRef op, StringRef kind, StringRef text, proto::AttrValue &value) {
  StringRef items = text;
  if (!items.consume_front("[") || !items.consume_back("]"))
    malformed(op, text);
  proto::AttrValue::ListValue &list = *value.mutable_list();
  SmallVector<StringRef> parts;
  items.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    int64_t number = 0;
    double real = 0;
    if (kind == "list(int)" && !part.getAsInteger(10, number))
      list.add_i(number);
    else if (kind == "list(float)" && !part.getAsDouble(real))
      list.add_f(static_cast<float>(real));
    else if (kind == "list(type)" && dataTypeByName(part) != proto::DT_INVALID)
      list.add_type(dataTypeByName(part));
    else if (kind == "list(string)")
      list.add_s(part.str());
    else
      malformed(op, text);
  }
}

static void setDefault(StringRef op, StringRef kind, StringRef text, proto::AttrValue &value) {
  int64_t number = 0;
  double real = 0;
  if (kind.starts_with("list("))
    setListDefault(op, kind, text, value);
  else if (kind == "bool" && (text == "true" || text == "false"))
    value.set_b(text == "true");
  else if (kind == "int" && !text.getAsInteger(10, number))
    value.set_i(number);
  else if (kind == "float" && !text.getAsDouble(real))
    value.set_f(static_cast<float>(real));
  else if (kind == "string")
    value.set_s(text.trim('\'').str());
  else if (kind == "type" && dataTypeByName(text) != proto::DT_INVALID)
    value.set_type(dataTypeByName(text));
  else if (kind == "shape" && text == "unknown")
    value.mutable_shape()->set_unknown_rank(true);
  else if (kind == "shape" && text == "[]")
    value.mutable_shape();
  else if (kind == "func")
    value.mutable_func()->set_name(text.trim('\'').str());
  else
    malformed(op, text);
}

static OpAttr parseAttr(StringRef op, StringRef token) {
  auto [head, text] = token.split('=');
  OpAttr attr;
  attr.isRequired = !token.contains('=');
  if (head.contains('{')) {
    auto [name, choices] = head.split('{');
    if (!choices.consume_back("}"))
      malformed(op, token);
    attr.name = name.str();
    attr.type = "string";
    SmallVector<StringRef> parts;
    choices.split(parts, '|');
    for (StringRef part : parts)
      attr.allowed.push_back(part.str());
  } else {
    auto [name, kind] = head.split(':');
    attr.name = name.str();
    attr.type = (kind.empty() ? kindOfLiteral(text) : kind).str();
    if (kind.empty() && attr.isRequired)
      malformed(op, token);
  }
  if (!attr.isRequired)
    setDefault(op, attr.type, text, attr.defaultValue);
  return attr;
}

/// Adds a required attribute that an argument mentions, if it is not there yet.
static void addMentioned(OpSignature &signature, StringRef name, StringRef kind) {
  if (name.empty() || signature.findAttr(name))
    return;
  OpAttr attr;
  attr.name = name.str();
  attr.type = kind.str();
  signature.attrs.push_back(std::move(attr));
}

static SmallVector<StringRef> words(const char *text) {
  SmallVector<StringRef> parts;
  StringRef(text).split(parts, ' ', -1, /*KeepEmpty=*/false);
  return parts;
}

std::vector<OpSignature> tgc::parseSignatureRow(const signatures::Row &row) {
  SmallVector<StringRef> names = words(row.ops);
  if (names.empty())
    malformed("a row", row.inputs);
  OpSignature signature;
  for (StringRef token : words(row.inputs))
    signature.inputs.push_back(parseArg(names.front(), token));
  for (StringRef token : words(row.outputs))
    signature.outputs.push_back(parseArg(names.front(), token));
  for (StringRef token : words(row.attrs))
    signature.attrs.push_back(parseAttr(names.front(), token));
  for (const std::vector<OpArg> *args : {&signature.inputs, &signature.outputs})
    for (const OpArg &arg : *args) {
      addMentioned(signature, arg.numberAttr, "int");
      addMentioned(signature, arg.typeAttr, "type");
      addMentioned(signature, arg.typeListAttr, "list(type)");
    }
  std::vector<OpSignature> result(names.size(), signature);
  for (size_t i = 0; i < names.size(); ++i)
    result[i].name = names[i].str();
  return result;
}
