// Package netflowmonitor_test checks the shape of the repository: who may import
// whom, what a folder may be called, how long a file may be. It reads the files
// itself, because the result of a test that asks the go command is cached and stale.
package netflowmonitor_test

import (
	"bytes"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "netflow-monitor/"

// row is one package: what of ours it may import, and why no more.
type row struct {
	may []string
	why string
}

// everything is for the two ends of the program.
var everything = []string{"*"}

// layers is the import table of the design. Tests are free: they compare and build
// what the program must not.
var layers = map[string]row{
	"internal/flow":      {nil, "the vocabulary: everyone speaks it, so it knows nobody"},
	"internal/packet":    {[]string{"internal/flow"}, "bytes to headers, in the words of flows: it must be usable and fuzzed alone"},
	"internal/capture":   {nil, "a seam: what delivers packets and what meters them meet here"},
	"internal/geo":       {nil, "a seam, and address ranges: no packets, no flows"},
	"internal/stream":    {nil, "carries values without knowing them"},
	"internal/auth":      {nil, "who may do what; it knows neither HTTP paths nor data"},
	"internal/privilege": {nil, "the rights of the process: whom it becomes and what it keeps is told by app"},
	"internal/config":    {[]string{"internal/flow", "internal/capture/filter"}, "plain settings; app maps them to each part's own Config"},

	"internal/capture/afpacket": {[]string{"internal/capture", "internal/capture/filter"}, "a source implements its seam"},
	"internal/capture/pcapfile": {[]string{"internal/capture"}, "a source implements its seam"},
	"internal/capture/filter":   {[]string{"internal/capture"}, "expressions to programs: it knows packets only by their bytes"},
	"internal/capture/netdev":   {[]string{"internal/capture"}, "knows what can be captured on; nobody else asks rtnetlink"},

	"internal/meter": {
		[]string{"internal/capture", "internal/packet", "internal/flow"},
		"packets in, records out: what becomes of records is not its concern",
	},
	"internal/offline": {
		[]string{"internal/capture", "internal/capture/filter", "internal/capture/pcapfile", "internal/meter", "internal/packet", "internal/flow"},
		"a file to a table, without statistics, database and clock",
	},

	"internal/mediator": {[]string{"internal/flow"}, "records in, records out: it knows neither packets nor interfaces"},

	"internal/geo/data": {[]string{"internal/geo"}, "the embedded database"},
	"internal/geo/mmdb": {[]string{"internal/geo", "internal/geo/data"}, "a locator implements its seam"},

	"internal/stats": {
		[]string{"internal/flow", "internal/geo"},
		"folds records: the same code for every source",
	},
	"internal/store":           {[]string{"internal/stats", "internal/flow"}, "a seam: what is kept is what stats knows"},
	"internal/store/sqlite":    {[]string{"internal/store", "internal/store/columnar", "internal/stats", "internal/flow"}, "a store implements its seam"},
	"internal/store/columnar":  {[]string{"internal/stats", "internal/flow"}, "sessions to columns and back: it knows no database"},
	"internal/store/past":      {[]string{"internal/flow"}, "traffic made from nothing, for measurements"},
	"internal/store/past/gen":  {[]string{"internal/geo", "internal/geo/mmdb", "internal/stats", "internal/store", "internal/store/past", "internal/store/sqlite"}, "writes a large database"},
	"internal/store/storetest": {[]string{"internal/store", "internal/stats", "internal/flow"}, "the suite that every store passes"},

	"internal/api/wire":       {nil, "the JSON types stand alone: TypeScript is generated from them"},
	"internal/api/wire/tsgen": {nil, "a generator reads source text"},
	"internal/api/rows":       {[]string{"internal/api/wire"}, "exports: the JSON types as CSV and lines, for whoever has them"},
	"internal/api": {
		[]string{"internal/flow", "internal/stats", "internal/geo", "internal/store", "internal/stream", "internal/auth", "internal/api/rows", "internal/api/wire"},
		"answers questions: it never sees packets, files or the wiring",
	},
	"web": {nil, "the built page as a file system"},

	"internal/demo":             {nil, "a capture file made from nothing"},
	"internal/demo/gen":         {[]string{"internal/demo"}, "writes the demo capture to standard output"},
	"internal/config/gen":       {[]string{"internal/config"}, "writes the configuration reference"},
	"internal/offline/gen":      {[]string{"internal/offline"}, "writes the session reference"},
	"internal/store/sqlite/gen": {[]string{"internal/store/sqlite"}, "writes the database reference"},
	"internal/e2e":              {everything, "tests of the whole program"},
	"internal/e2e/load":         {nil, "sends frames, for measurements by hand"},
	"internal/e2e/netns":        {nil, "network namespaces, for tests of any part"},

	"internal/app": {everything, "the wiring: the one place that knows every part"},
	"cmd/netflow-monitor": {
		[]string{"internal/app", "internal/config", "internal/offline", "internal/capture/filter", "internal/capture/netdev", "internal/flow"},
		"flags and output; whatever is more than that belongs into a package",
	},
}

// standardOnly are packages that import nothing but the standard library.
var standardOnly = []string{
	"internal/flow", "internal/packet", "internal/capture", "internal/geo", "internal/stream", "internal/stats", "internal/mediator",
	"internal/api/wire", "internal/demo",
}

// libraries is every module that the program is built from, and who may import it:
// a new one is a decision, and its reason belongs into the commit.
var libraries = map[string]row{
	"github.com/spf13/cobra":               {[]string{"cmd/netflow-monitor"}, "command line"},
	"github.com/spf13/pflag":               {[]string{"cmd/netflow-monitor"}, "command line"},
	"go.yaml.in/yaml/v3":                   {[]string{"internal/config"}, "configuration"},
	"golang.org/x/sys":                     {everything, "the kernel's interface"},
	"golang.org/x/net":                     {[]string{"internal/api", "internal/capture/afpacket", "internal/capture/filter"}, "connection limit, filter assembler and machine"},
	"golang.org/x/crypto":                  {[]string{"internal/auth"}, "password hashes"},
	"github.com/klauspost/compress":        {[]string{"internal/capture/pcapfile", "internal/api", "web"}, "zstd, and a faster gzip"},
	"github.com/coder/websocket":           {[]string{"internal/api"}, "live updates"},
	"github.com/oschwald/maxminddb-golang": {[]string{"internal/geo/mmdb"}, "mmdb files"},
	"github.com/vishvananda/netlink":       {[]string{"internal/capture/netdev"}, "the kernel's interfaces by rtnetlink"},
	"github.com/google/go-cmp":             {[]string{"internal/store/storetest"}, "comparisons; the program itself has none"},
	"modernc.org/sqlite":                   {[]string{"internal/store/sqlite"}, "the database without cgo"},
	"gopkg.in/natefinch/lumberjack.v2":     {[]string{"internal/app"}, "log rotation"},
}

// refusedNames say nothing about what a package is for.
var refusedNames = []string{
	"pkg", "utils", "helpers", "common", "types", "models", "core", "base", "manager", "service",
}

const maxLines = 500

func TestArchitecture(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range goFiles(t) {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if lines := bytes.Count(source, []byte("\n")); lines > maxLines && !isGenerated(source) {
			t.Errorf("%s has %d lines; at most %d: split it by what changes together", name, lines, maxLines)
		}
		folder := path.Dir(filepath.ToSlash(name))
		if folder == "." {
			continue
		}
		seen[folder] = true
		if !strings.HasSuffix(name, "_test.go") {
			checkImports(t, name, folder, source)
		}
	}
	for folder := range seen {
		checkFolder(t, folder)
	}
}

func checkFolder(t *testing.T, folder string) {
	t.Helper()
	if _, ok := layers[folder]; !ok {
		t.Errorf("package %s is not in the import table; add a row to layers in arch_test.go, with its reason", folder)
	}
	for part := range strings.SplitSeq(folder, "/") {
		if slices.Contains(refusedNames, part) {
			t.Errorf("package %s: %q says nothing about its contents; name it after what it does", folder, part)
		}
	}
}

func checkImports(t *testing.T, name, folder string, source []byte) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Error(err)
			continue
		}
		ours, isOurs := strings.CutPrefix(imported, module)
		first, _, _ := strings.Cut(imported, "/")
		switch {
		case imported == "C":
			t.Errorf("%s imports C: the program is built without cgo", name)
		case isOurs:
			if r := layers[folder]; !r.allows(ours) {
				t.Errorf("%s imports %s, but %s is for: %s", name, ours, folder, r.why)
			}
		case strings.Contains(first, "."):
			checkLibrary(t, name, folder, imported)
		}
	}
}

func checkLibrary(t *testing.T, name, folder, imported string) {
	t.Helper()
	if slices.Contains(standardOnly, folder) {
		t.Errorf("%s imports %s, but %s uses the standard library only", name, imported, folder)
		return
	}
	for library, r := range libraries {
		if imported == library || strings.HasPrefix(imported, library+"/") {
			if !r.allows(folder) {
				t.Errorf("%s imports %s (%s), which is for %s", name, library, r.why, strings.Join(r.may, ", "))
			}
			return
		}
	}
	t.Errorf("%s imports %s, which is not in the table of libraries in arch_test.go", name, imported)
}

func (r row) allows(name string) bool {
	return slices.Contains(r.may, name) || slices.Contains(r.may, "*")
}

func isGenerated(source []byte) bool {
	first, _, _ := bytes.Cut(source, []byte("\n"))
	return bytes.HasPrefix(first, []byte("// Code generated ")) && bytes.HasSuffix(first, []byte(" DO NOT EDIT."))
}

// goFiles are all Go files of the repository but those of test data, dependencies
// and what a build leaves behind.
func goFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			base := entry.Name()
			if base != "." && strings.HasPrefix(base, ".") || base == "node_modules" || base == "testdata" || base == "data" && name == "data" {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(names) == 0 {
		t.Fatal("no Go files found")
	}
	return names
}
