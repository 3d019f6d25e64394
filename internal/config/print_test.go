package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestYAMLReadsBack(t *testing.T) {
	want, err := Load(writeFile(t, contract+"  # end"), true, nil,
		Override{"geolocation.home_latitude", "-1.5", "test"},
		Override{"geolocation.home_longitude", "180", "test"},
		Override{"network.interface", "eth0,wg0", "--interface"},
		Override{"logging.file", "a \"quoted\" näme: #1", "test"},
		Override{"logging.max_size", "1234567", "test"},
		Override{"monitor.capture_timeout", "1h0m1s", "test"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(writeFile(t, string(want.YAML())), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, ignoreOrigins); diff != "" {
		t.Error(diff)
	}
}

func TestExampleIsTheDefault(t *testing.T) {
	got, err := Load(writeFile(t, string(Example())), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(Default(), got, ignoreOrigins); diff != "" {
		t.Error(diff)
	}
}

func TestDefaultsAreAllowed(t *testing.T) {
	names := map[string]bool{}
	for _, s := range settings {
		c := Default()
		text := s.value.format(&c)
		if !s.value.parse(&c, text) {
			t.Errorf("%s refuses its own default %q", s.key, text)
		}
		if names[s.env()] {
			t.Errorf("%s has the variable of another key", s.key)
		}
		names[s.env()] = true
		if !strings.HasSuffix(s.doc, ".") {
			t.Errorf("%s: the meaning is no sentence", s.key)
		}
	}
}

func TestGeneratedFilesAreCurrent(t *testing.T) {
	for path, want := range map[string][]byte{
		"docs/reference/configuration.md": Reference(),
		"config/config.example.yaml":      Example(),
	} {
		got, err := os.ReadFile(filepath.Join("..", "..", path))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not current; run make gen\n%s", path, diff)
		}
	}
}
