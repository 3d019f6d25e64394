package filter_test

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/net/bpf"

	"netflow-monitor/internal/capture/filter"
)

// linkTypes are those that programs are made for.
var linkTypes = []uint16{1, 0, 9, 50, 101, 104, 105, 108, 113, 228, 229, 276}

// Whatever is written, it must compile to a program that the assembler of x/net takes
// and that its machine runs to the same result, or fail with a position.
func FuzzCompile(f *testing.F) {
	frame := []byte("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00\x45\x00\x00\x28\x00\x01\x00\x00\x40\x06\x00\x00" +
		"\x0a\x00\x00\x01\x0a\x00\x00\x02\x00\x50\x04\x00\x00\x00\x00\x01\x00\x00\x00\x02\x50\x12\x20\x00\x00\x00\x00\x00")
	for _, list := range [][]string{onAny, onEthernet, tags, arithmetic, logic, refusedByBoth} {
		for i, expr := range list {
			f.Add(expr, frame, uint8(i))
		}
	}
	for expr := range refusedHere {
		f.Add(expr, frame, uint8(0))
	}
	f.Add(strings.Repeat("(", 5000), frame, uint8(0))
	f.Add(strings.Repeat("not ", 5000)+"ip", frame, uint8(0))
	f.Add("len = "+strings.Repeat("1%", 5000)+"1", frame, uint8(0))
	f.Add("len = "+strings.Repeat("len+", 5000)+"1", frame, uint8(0))
	f.Add("host ::1"+strings.Repeat(" or ::1", 5000), frame, uint8(0))
	f.Fuzz(func(t *testing.T, expr string, data []byte, choice uint8) {
		linkType := linkTypes[int(choice)%len(linkTypes)]
		for _, kernel := range []bool{false, true} {
			p, err := filter.Compile(expr, linkType, filter.Options{Kernel: kernel})
			if err != nil {
				checkFault(t, expr, err)
				continue
			}
			raw := p.Raw()
			if len(raw) == 0 || len(raw) > 4096 {
				t.Fatalf("%d instructions", len(raw))
			}
			checkProgram(t, raw)
			got := p.Match(data, uint32(len(data)))
			if !kernel {
				checkMachine(t, raw, data, got)
			}
		}
	})
}

func checkFault(t *testing.T, expr string, err error) {
	t.Helper()
	var fault *filter.Error
	if !errors.As(err, &fault) || fault.Offset < 0 || fault.Offset > len(expr) || fault.Reason == "" || fault.Remedy == "" ||
		!strings.HasPrefix(expr[fault.Offset:], fault.Found) {
		t.Fatalf("%#v", err)
	}
}

// checkProgram wants what the kernel wants: jumps forward and within the program, and an
// end behind every way.
func checkProgram(t *testing.T, raw []bpf.RawInstruction) {
	t.Helper()
	for i, in := range raw {
		switch {
		case in.Op == 0x05:
			if i+1+int(in.K) >= len(raw) {
				t.Fatalf("instruction %d jumps out of the program", i)
			}
		case in.Op&0x07 == 0x05:
			if i+1+int(max(in.Jt, in.Jf)) >= len(raw) {
				t.Fatalf("instruction %d jumps out of the program", i)
			}
		}
	}
	if raw[len(raw)-1].Op&0x07 != 0x06 {
		t.Fatal("the program does not end")
	}
}

// checkMachine compares with the machine of x/net, which knows no length on the wire.
func checkMachine(t *testing.T, raw []bpf.RawInstruction, data []byte, got bool) {
	t.Helper()
	list, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("an instruction is unknown")
	}
	vm, err := bpf.NewVM(list)
	if err != nil {
		t.Fatal(err)
	}
	n, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	if got != (n > 0) {
		t.Fatalf("matches %v, x/net says %d", got, n)
	}
}
