//===- Tables.h - The notation of the tables of ops --------------------------===//
//
// One row describes one op, or several that differ by name alone:
//
//   {"MatMul", "a:T b:T", "product:T", "transpose_a=false transpose_b=false"}
//
// Arguments are NAME:TYPE, where TYPE is
//   float32    a fixed type          T      the type that attribute T holds
//   N*T        as many as N says     [Tin]  one for each type in the list Tin
//   &T         by reference, a variable's buffer
// The attributes that types mention are required unless the last column gives them a default; it lists the
// others too:
//   axis=0  epsilon=0.1  name=''  flag=true  Tidx=int32  shape=unknown     kind follows from the default
//   shape:shape  strides:list(int)  f:func                                 required, of that kind
//   dims:list(int)=[]                                                      both
//   padding{SAME|VALID}  mode{a|b}=a                                       strings of a fixed choice
//
//===----------------------------------------------------------------------===//

#ifndef TGC_FRONTEND_GRAPHDEF_SIGNATURES_TABLES_H
#define TGC_FRONTEND_GRAPHDEF_SIGNATURES_TABLES_H

#include "llvm/ADT/ArrayRef.h"

namespace tgc::signatures {

struct Row {
  const char *ops; ///< names, separated by blanks
  const char *inputs;
  const char *outputs;
  const char *attrs;
};

/// Attributes that hold certain types alone, see AllowedTypes.cpp.
struct TypesRow {
  const char *types, *attrs;
};
llvm::ArrayRef<TypesRow> typesRows();
/// Names of attributes that hold int32 or int64, unless a row says otherwise.
const char *indexAttrs();

// One table per family.
llvm::ArrayRef<Row> arrayRows();
llvm::ArrayRef<Row> collectiveRows();
llvm::ArrayRef<Row> controlFlowRows();
llvm::ArrayRef<Row> convolutionRows();
llvm::ArrayRef<Row> hostRows();
llvm::ArrayRef<Row> imageRows();
llvm::ArrayRef<Row> linearAlgebraRows();
llvm::ArrayRef<Row> listRows();
llvm::ArrayRef<Row> mathRows();
llvm::ArrayRef<Row> neuralNetRows();
llvm::ArrayRef<Row> optimizerRows();
llvm::ArrayRef<Row> quantizationRows();
llvm::ArrayRef<Row> queueRows();
llvm::ArrayRef<Row> randomRows();
llvm::ArrayRef<Row> recurrentRows();
llvm::ArrayRef<Row> segmentRows();
llvm::ArrayRef<Row> sparseRows();
llvm::ArrayRef<Row> stringRows();
llvm::ArrayRef<Row> variableRows();

} // namespace tgc::signatures

#endif // TGC_FRONTEND_GRAPHDEF_SIGNATURES_TABLES_H
