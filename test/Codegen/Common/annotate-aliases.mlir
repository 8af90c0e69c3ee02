// RUN: tgc-opt %s -tgc-annotate-aliases | FileCheck %s

// CHECK-DAG: #[[FEED:.+]] = #llvm.alias_scope<id = "f.feed0"
// CHECK-DAG: #[[FETCH:.+]] = #llvm.alias_scope<id = "f.fetch0"
// CHECK: llvm.load %{{.+}} {alias_scopes = [#[[FEED]]], alignment = 4 : i64, noalias_scopes = [#[[FETCH]]]}
// CHECK: llvm.store {{.*}} {alias_scopes = [#[[FETCH]]], alignment = 4 : i64, noalias_scopes = [#[[FEED]]]}
llvm.func @f(%frame: !llvm.ptr) attributes {rt.feeds = []} {
  %x = llvm.load %frame {rt.memory = "feed0"} : !llvm.ptr -> !llvm.ptr
  %at = llvm.getelementptr %frame[8] : (!llvm.ptr) -> !llvm.ptr, i8
  %y = llvm.load %at {rt.memory = "fetch0"} : !llvm.ptr -> !llvm.ptr
  %element = llvm.getelementptr %x[1] : (!llvm.ptr) -> !llvm.ptr, f32
  %0 = llvm.load %element {alignment = 4 : i64} : !llvm.ptr -> f32
  llvm.store %0, %y {alignment = 4 : i64} : f32, !llvm.ptr
  llvm.return
}
