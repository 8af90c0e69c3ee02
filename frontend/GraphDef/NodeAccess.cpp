//===- NodeAccess.cpp - Tensor names and attributes of nodes -----------------===//
//
// Everyone who looks into a NodeDef does it through these functions, so that names are parsed in one place
// and a missing attribute means the same everywhere.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Graph.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace tgc::proto;

std::string tgc::TensorName::str() const {
  if (isControl)
    return ("^" + node).str();
  if (!outputArg.empty())
    return (node + ":" + outputArg + ":" + Twine(index)).str();
  return (node + ":" + Twine(index)).str();
}

std::optional<tgc::TensorName> tgc::parseTensorName(StringRef text) {
  TensorName name;
  if (text.consume_front("^")) {
    if (text.empty() || text.contains(':'))
      return std::nullopt;
    name.node = text;
    name.index = -1;
    name.isControl = true;
    return name;
  }
  auto [node, rest] = text.split(':');
  if (node.empty() || (rest.empty() && text.ends_with(":")))
    return std::nullopt;
  name.node = node;
  if (rest.empty())
    return name;
  auto [first, second] = rest.rsplit(':');
  StringRef number = first;
  if (rest.contains(':')) {
    if (first.empty() || first.contains(':'))
      return std::nullopt;
    name.outputArg = first;
    number = second;
  }
  if (number.getAsInteger(10, name.index) || name.index < 0)
    return std::nullopt;
  return name;
}

std::string tgc::printableName(StringRef name) {
  std::string text;
  raw_string_ostream stream(text);
  for (char c : name)
    if (isPrint(c))
      stream << c;
    else
      stream << "\\x" << hexdigit(static_cast<uint8_t>(c) >> 4, /*LowerCase=*/true)
             << hexdigit(c & 15, /*LowerCase=*/true);
  return text;
}

std::string tgc::describeNode(const NodeDef &node) {
  return printableName(node.name()) + " (" + printableName(node.op()) + ")";
}

const AttrValue *tgc::findAttr(const NodeDef &node, StringRef name) {
  auto it = node.attr().find(name.str());
  return it == node.attr().end() ? nullptr : &it->second;
}

/// The attribute if it exists and is of the wanted kind, else null.
static const AttrValue *findAttrOfKind(const NodeDef &node, StringRef name, AttrValue::ValueCase kind) {
  const AttrValue *attr = tgc::findAttr(node, name);
  return attr && attr->value_case() == kind ? attr : nullptr;
}

int64_t tgc::getIntAttr(const NodeDef &node, StringRef name, int64_t otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kI);
  return attr ? attr->i() : otherwise;
}

float tgc::getFloatAttr(const NodeDef &node, StringRef name, float otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kF);
  return attr ? attr->f() : otherwise;
}

bool tgc::getBoolAttr(const NodeDef &node, StringRef name, bool otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kB);
  return attr ? attr->b() : otherwise;
}

StringRef tgc::getStringAttr(const NodeDef &node, StringRef name, StringRef otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kS);
  return attr ? StringRef(attr->s()) : otherwise;
}

DataType tgc::getTypeAttr(const NodeDef &node, StringRef name, DataType otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kType);
  return attr ? attr->type() : otherwise;
}

std::vector<int64_t> tgc::getIntListAttr(const NodeDef &node, StringRef name,
                                         std::vector<int64_t> otherwise) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kList);
  if (!attr)
    return otherwise;
  return {attr->list().i().begin(), attr->list().i().end()};
}

std::vector<std::string> tgc::getStringListAttr(const NodeDef &node, StringRef name) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kList);
  if (!attr)
    return {};
  return {attr->list().s().begin(), attr->list().s().end()};
}

std::vector<DataType> tgc::getTypeListAttr(const NodeDef &node, StringRef name) {
  std::vector<DataType> types;
  if (const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kList))
    for (int type : attr->list().type())
      types.push_back(static_cast<DataType>(type));
  return types;
}

StringRef tgc::getFunctionAttr(const NodeDef &node, StringRef name) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kFunc);
  return attr ? StringRef(attr->func().name()) : StringRef();
}

std::optional<std::vector<int64_t>> tgc::getShapeAttr(const NodeDef &node, StringRef name) {
  const AttrValue *attr = findAttrOfKind(node, name, AttrValue::kShape);
  return attr ? shapeFromProto(attr->shape()) : std::nullopt;
}
