
?
	y_float32Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
@

dy_float32Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
4
SqrtGradSqrtGrad	y_float32
dy_float32*
T0
6
	RsqrtGrad	RsqrtGrad	y_float32
dy_float32*
T0
2
InvGradInvGrad	y_float32
dy_float32*
T0
@
ReciprocalGradReciprocalGrad	y_float32
dy_float32*
T0
2
gradients_float32_0IdentitySqrtGrad*
T0
3
gradients_float32_1Identity	RsqrtGrad*
T0
1
gradients_float32_2IdentityInvGrad*
T0
8
gradients_float32_3IdentityReciprocalGrad*
T0
?
	y_float64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
@

dy_float64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
6

SqrtGrad_1SqrtGrad	y_float64
dy_float64*
T0
8
RsqrtGrad_1	RsqrtGrad	y_float64
dy_float64*
T0
4
	InvGrad_1InvGrad	y_float64
dy_float64*
T0
B
ReciprocalGrad_1ReciprocalGrad	y_float64
dy_float64*
T0
4
gradients_float64_0Identity
SqrtGrad_1*
T0
5
gradients_float64_1IdentityRsqrtGrad_1*
T0
3
gradients_float64_2Identity	InvGrad_1*
T0
:
gradients_float64_3IdentityReciprocalGrad_1*
T0
?
	y_float16Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
@

dy_float16Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
6

SqrtGrad_2SqrtGrad	y_float16
dy_float16*
T0
8
RsqrtGrad_2	RsqrtGrad	y_float16
dy_float16*
T0
4
	InvGrad_2InvGrad	y_float16
dy_float16*
T0
B
ReciprocalGrad_2ReciprocalGrad	y_float16
dy_float16*
T0
4
gradients_float16_0Identity
SqrtGrad_2*
T0
5
gradients_float16_1IdentityRsqrtGrad_2*
T0
3
gradients_float16_2Identity	InvGrad_2*
T0
:
gradients_float16_3IdentityReciprocalGrad_2*
T0
@

y_bfloat16Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
A
dy_bfloat16Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
8

SqrtGrad_3SqrtGrad
y_bfloat16dy_bfloat16*
T0
:
RsqrtGrad_3	RsqrtGrad
y_bfloat16dy_bfloat16*
T0
6
	InvGrad_3InvGrad
y_bfloat16dy_bfloat16*
T0
D
ReciprocalGrad_3ReciprocalGrad
y_bfloat16dy_bfloat16*
T0
5
gradients_bfloat16_0Identity
SqrtGrad_3*
T0
6
gradients_bfloat16_1IdentityRsqrtGrad_3*
T0
4
gradients_bfloat16_2Identity	InvGrad_3*
T0
;
gradients_bfloat16_3IdentityReciprocalGrad_3*
T0
A
y_complex64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
B
dy_complex64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
:

SqrtGrad_4SqrtGrady_complex64dy_complex64*
T0
<
RsqrtGrad_4	RsqrtGrady_complex64dy_complex64*
T0
8
	InvGrad_4InvGrady_complex64dy_complex64*
T0
F
ReciprocalGrad_4ReciprocalGrady_complex64dy_complex64*
T0
6
gradients_complex64_0Identity
SqrtGrad_4*
T0
7
gradients_complex64_1IdentityRsqrtGrad_4*
T0
5
gradients_complex64_2Identity	InvGrad_4*
T0
<
gradients_complex64_3IdentityReciprocalGrad_4*
T0
?
	a_float32Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
?
	x_float32Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
/
IgammaIgamma	a_float32	x_float32*
T0
1
IgammacIgammac	a_float32	x_float32*
T0
9
IgammaGradAIgammaGradA	a_float32	x_float32*
T0
+
ZetaZeta	a_float32	x_float32*
T0
.
special_float32_0IdentityIgamma*
T0
/
special_float32_1IdentityIgammac*
T0
3
special_float32_2IdentityIgammaGradA*
T0
,
special_float32_3IdentityZeta*
T0
?
	a_float64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
?
	x_float64Placeholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
1
Igamma_1Igamma	a_float64	x_float64*
T0
3
	Igammac_1Igammac	a_float64	x_float64*
T0
;
IgammaGradA_1IgammaGradA	a_float64	x_float64*
T0
-
Zeta_1Zeta	a_float64	x_float64*
T0
0
special_float64_0IdentityIgamma_1*
T0
1
special_float64_1Identity	Igammac_1*
T0
5
special_float64_2IdentityIgammaGradA_1*
T0
.
special_float64_3IdentityZeta_1*
T0"Ñ