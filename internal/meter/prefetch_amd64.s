#include "textflag.h"

// func prefetch(addresses []unsafe.Pointer)
TEXT ·prefetch(SB), NOSPLIT, $0-24
	MOVQ addresses_base+0(FP), AX
	MOVQ addresses_len+8(FP), CX
	LEAQ (AX)(CX*8), CX
	JMP  test

next:
	MOVQ       (AX), DX
	PREFETCHT0 (DX)
	ADDQ       $8, AX

test:
	CMPQ AX, CX
	JB   next
	RET
