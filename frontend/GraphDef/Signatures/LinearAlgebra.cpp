//===- LinearAlgebra.cpp - Signatures of matrix products, factorisations and transforms ===//
//
// Contractions, solvers, eigenvalues, Fourier transforms.
// Tables.h explains the notation.
//
//===----------------------------------------------------------------------===//

#include "frontend/GraphDef/Signatures/Tables.h"

static constexpr tgc::signatures::Row kRows[] = {
    {"MatMul", "a:T b:T", "product:T", "transpose_a=false transpose_b=false grad_a=false grad_b=false"},
    {"SparseMatMul", "a:Ta b:Tb", "product:float32",
     "transpose_a=false transpose_b=false a_is_sparse=false b_is_sparse=false Ta=float32 Tb=float32"},
    {"BatchMatMul BatchMatMulV2", "x:T y:T", "output:T", "adj_x=false adj_y=false grad_x=false grad_y=false"},
    {"BatchMatMulV3", "x:Ta y:Tb", "output:Tout", "adj_x=false adj_y=false grad_x=false grad_y=false"},
    {"Einsum", "inputs:N*T", "output:T", "equation:string"},
    // Factorisations and solvers. The names with Batch are the older ones.
    {"Cholesky BatchCholesky", "input:T", "output:T", ""},
    {"CholeskyGrad", "l:T grad:T", "output:T", ""},
    {"MatrixInverse BatchMatrixInverse", "input:T", "output:T", "adjoint=false"},
    {"MatrixSolve BatchMatrixSolve", "matrix:T rhs:T", "output:T", "adjoint=false"},
    {"MatrixTriangularSolve BatchMatrixTriangularSolve BandedTriangularSolve", "matrix:T rhs:T", "output:T",
     "lower=true adjoint=false"},
    {"MatrixSolveLs BatchMatrixSolveLs", "matrix:T rhs:T l2_regularizer:float64", "output:T", "fast=true"},
    {"MatrixDeterminant BatchMatrixDeterminant MatrixExponential MatrixLogarithm MatrixSquareRoot", "input:T",
     "output:T", ""},
    {"LogMatrixDeterminant", "input:T", "sign:T log_abs_determinant:T", ""},
    {"Lu", "input:T", "lu:T p:output_idx_type", "output_idx_type=int32"},
    {"Qr", "input:T", "q:T r:T", "full_matrices=false"},
    {"Svd BatchSvd", "input:T", "s:T u:T v:T", "compute_uv=true full_matrices=false"},
    {"SelfAdjointEig BatchSelfAdjointEig", "input:T", "output:T", ""},
    {"SelfAdjointEigV2 BatchSelfAdjointEigV2", "input:T", "e:T v:T", "compute_v=true"},
    {"Eig", "input:T", "e:Tout v:Tout", "compute_v=true"},
    {"TridiagonalMatMul", "superdiag:T maindiag:T subdiag:T rhs:T", "output:T", ""},
    {"TridiagonalSolve", "diagonals:T rhs:T", "output:T", "partial_pivoting=true perturb_singular=false"},
    // Fourier transforms.
    {"FFT IFFT FFT2D IFFT2D FFT3D IFFT3D", "input:Tcomplex", "output:Tcomplex", "Tcomplex=complex64"},
    {"RFFT RFFT2D RFFT3D", "input:Treal fft_length:int32", "output:Tcomplex",
     "Treal=float32 Tcomplex=complex64"},
    {"IRFFT IRFFT2D IRFFT3D", "input:Tcomplex fft_length:int32", "output:Treal",
     "Treal=float32 Tcomplex=complex64"},
};

llvm::ArrayRef<tgc::signatures::Row> tgc::signatures::linearAlgebraRows() { return kRows; }
