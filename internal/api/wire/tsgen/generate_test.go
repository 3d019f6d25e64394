package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCommittedTypesAreUpToDate(t *testing.T) {
	got, err := generate("..")
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../../../../web/src/api/types.ts")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("web/src/api/types.ts is old, run make gen (-file +generated):\n%s", diff)
	}
}

func TestGenerate(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{
			"fields",
			"type A struct {\n\t// B says why.\n\tB *float64 `json:\"b\"` // degrees\n\tC map[string]uint64 `json:\"c\"`\n\tD *A `json:\"d,omitempty\"`\n\tE []A `json:\"e\"`\n\tF int `json:\"-\"`\n}",
			"\nexport interface A {\n  /** B says why. */\n  /** degrees */\n  b: number | null\n  c: Record<string, number>\n  d?: A\n  e: A[]\n}\n",
		},
		{
			"generic and embedded",
			"type P[T any] struct {\n\tItems []T `json:\"items\"`\n}\ntype Q struct {\n\tR\n\tS P[R] `json:\"s\"`\n}",
			"\nexport interface P<T> {\n  items: T[]\n}\n\nexport interface Q extends R {\n  s: P<R>\n}\n",
		},
		{
			"topics",
			"const (\n\tTopicX = \"x\" // P[R], newest first\n)",
			"\n/** The topics of GET /api/ws and what their messages carry. */\nexport interface TopicPayload {\n  \"x\": P<R>\n}\n\nexport type Topic = keyof TopicPayload\n",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := generate(packageOf(t, tt.source))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(header+tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestGenerateRefuses(t *testing.T) {
	for _, tt := range []struct{ name, source, want string }{
		{"no tag", "type A struct {\n\tB int\n}", "no json tag"},
		{"function", "type A struct {\n\tB func() `json:\"b\"`\n}", "unsupported type"},
		{"not a struct", "type A int", "only structs"},
		{"topic without payload", "const TopicX = \"x\"", "payload"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := generate(packageOf(t, tt.source)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
		})
	}
	if _, err := generate(t.TempDir()); err == nil {
		t.Error("an empty folder is no error")
	}
}

func packageOf(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n\n"+source+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}
