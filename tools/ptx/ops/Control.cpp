//===- Control.cpp - Branches, ends, and what does nothing here ---------------===//
#include "tools/ptx/ops/Families.h"
#include "tools/ptx/ops/Lanes.h"

using namespace tgc::ptx;
using llvm::StringRef;

static Step runBranch(Warp &warp, const Instr &in, uint32_t mask) {
  warp.branch(mask, in.target, in.join);
  return Step::Jumped;
}

/// bra.uni: the lanes must go one way.
static Step runUniformBranch(Warp &warp, const Instr &in, uint32_t mask) {
  if (mask != warp.fragment().mask)
    return warp.fail(in, -1, "bra.uni, but lanes part here");
  return runBranch(warp, in, mask);
}

static void decodeBranch(Decode &d) {
  bool isUniform = d.take("uni");
  if (!d.expectOperands(1))
    return;
  d.in.target = d.operand(0).number;
  d.in.run = isUniform ? &runUniformBranch : &runBranch;
}

static Step runExit(Warp &warp, const Instr &, uint32_t mask) {
  Fragment &at = warp.fragment();
  at.mask &= ~mask;
  ++at.pc;
  at.waitState = 0;
  warp.exit(mask);
  return Step::Jumped;
}

static void decodeExit(Decode &d) {
  d.take("uni");
  if (d.expectOperands(0))
    d.in.run = &runExit;
}

static Step runTrap(Warp &warp, const Instr &in, uint32_t mask) {
  return warp.fail(in, llvm::countr_zero(mask), "trap");
}

static void decodeTrap(Decode &d) {
  if (d.expectOperands(0))
    d.in.run = &runTrap;
}

static Step runNothing(Warp &, const Instr &, uint32_t) { return Step::Next; }

static void decodeNothing(Decode &d) {
  while (!d.peekModifier().empty())
    d.dropModifier();
  d.in.run = &runNothing;
}

/// The count must be one that the device takes; registers are not counted here.
static void decodeSetMaxRegisters(Decode &d) {
  if (d.takeOneOf({"inc", "dec"}) < 0 || !d.take("sync") || !d.take("aligned"))
    return d.fail("'setmaxnreg' needs .inc or .dec, .sync and .aligned");
  d.takeType();
  if (!d.expectOperands(1))
    return;
  int64_t count = d.needInteger(0);
  if (count < 24 || count > 256 || count % 8)
    return d.fail("'setmaxnreg' takes a multiple of 8 from 24 to 256, not " + llvm::Twine(count));
  d.in.run = [](Warp &warp, const Instr &in, uint32_t mask) {
    return mask == warp.initial ? Step::Next : warp.fail(in, -1, "setmaxnreg in divergent code");
  };
}

static void decodeCall(Decode &d) { d.fail("device functions are not run; inline what a kernel calls"); }

DecodeFunction tgc::ptx::controlDecoderOf(StringRef opcode) {
  return llvm::StringSwitch<DecodeFunction>(opcode)
      .Case("bra", decodeBranch)
      .Cases({"ret", "exit"}, decodeExit)
      .Case("trap", decodeTrap)
      .Cases({"nanosleep", "pmevent", "griddepcontrol", "brkpt"}, decodeNothing)
      .Case("setmaxnreg", decodeSetMaxRegisters)
      .Case("call", decodeCall)
      .Default(nullptr);
}

DecodeFunction tgc::ptx::decoderOf(StringRef opcode) {
  // Opcodes that integers and floats share: the type decides.
  DecodeFunction integer = integerDecoderOf(opcode), floating = floatDecoderOf(opcode);
  if (integer || floating)
    return [](Decode &d) {
      StringRef type = d.statement.opcode;
      while (!type.empty() && !typeOf(type.rsplit('.').second))
        type = type.contains('.') ? type.rsplit('.').first : "";
      std::optional<Type> last = typeOf(type.rsplit('.').second);
      bool isFloating = last && isFloat(*last);
      DecodeFunction chosen = !isFloating                                ? integerDecoderOf(d.in.opcode)
                              : sizeOf(*last) == 8 || *last == Type::F32 ? floatDecoderOf(d.in.opcode)
                                                                         : halfDecoderOf(d.in.opcode);
      if (!chosen)
        return d.fail("'" + d.statement.opcode + "' is not an instruction");
      chosen(d);
    };
  for (auto family : {bitDecoderOf, moveDecoderOf, compareDecoderOf, convertDecoderOf, memoryDecoderOf,
                      atomicDecoderOf, controlDecoderOf, warpDecoderOf, barrierDecoderOf, mbarrierDecoderOf,
                      copyDecoderOf, matrixDecoderOf, wgmmaDecoderOf})
    if (DecodeFunction found = family(opcode))
      return found;
  return nullptr;
}
