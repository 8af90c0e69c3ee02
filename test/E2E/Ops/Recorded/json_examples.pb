
;
textsPlaceholder*
dtype0*
shape:ÿÿÿÿÿÿÿÿÿ
-
DecodeJSONExampleDecodeJSONExampletexts
-
fed_0IdentityDecodeJSONExample*
T0
œ
!DecodeJSONExample_1/json_examplesConst*
dtype0*â
valueØBÕB*{"features":{"feature":{"a":{},"b":null}}}Bš{"features":{"feature":{"a":{"int64List":{"value":[1,"2",-3,300,"007","+5","-0",1e3,15.0,-9223372036854775809,9223372036854775807,9007199254740993.0]}}}}}
K
DecodeJSONExample_1DecodeJSONExample!DecodeJSONExample_1/json_examples
1
given_0IdentityDecodeJSONExample_1*
T0"Ñ