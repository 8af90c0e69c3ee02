//===- TgOps.td - All ops of the dialect, by family --------*- tablegen -*-===//
#ifndef TGC_DIALECTS_TG_IR_TGOPS_TD
#define TGC_DIALECTS_TG_IR_TGOPS_TD

include "dialects/Tg/IR/TgConstantOps.td"
include "dialects/Tg/IR/TgElementwiseOps.td"
include "dialects/Tg/IR/TgReductionOps.td"
include "dialects/Tg/IR/TgContractionOps.td"
include "dialects/Tg/IR/TgShapeOps.td"
include "dialects/Tg/IR/TgIndexingOps.td"
include "dialects/Tg/IR/TgHostOps.td"
include "dialects/Tg/IR/TgStateOps.td"
include "dialects/Tg/IR/TgControlFlowOps.td"
include "dialects/Tg/IR/TgGradientOps.td"

#endif // TGC_DIALECTS_TG_IR_TGOPS_TD
