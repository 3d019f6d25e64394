package afpacket

import (
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	good := Default()
	good.Interfaces = []string{"eth0"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	bad := Config{SnapLen: 1, RingBytes: 1}
	err := bad.Validate()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, text := range []string{"interface", "snap length 1", "ring size 1", "number of workers 0"} {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error does not mention %q: %v", text, err)
		}
	}
}
