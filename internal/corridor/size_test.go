package corridor

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A room that gets crowded is rebuilt: no package below gocore has more lines, and no
// type more methods, unexported ones counted.
const (
	maxLines   = 6000
	maxMethods = 60
)

func TestSizes(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles", module+"/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	types := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath, Dir string
			GoFiles         []string
		}
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if strings.HasPrefix(name, "testdata/") {
			continue
		}
		lines, methods := 0, map[string]int{}
		for _, file := range p.GoFiles {
			src, err := os.ReadFile(filepath.Join(p.Dir, file))
			if err != nil {
				t.Fatal(err)
			}
			lines += bytes.Count(src, []byte("\n"))
			f, err := parser.ParseFile(token.NewFileSet(), file, src, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && fn.Recv != nil {
					methods[receiver(fn.Recv.List[0].Type)]++
				}
			}
		}
		if covers("gocore/...", name) && lines > maxLines {
			t.Errorf("%s has %d lines, at most %d", name, lines, maxLines)
		}
		for typ, n := range methods {
			types++
			if n > maxMethods {
				t.Errorf("%s.%s has %d methods, at most %d", name, typ, n, maxMethods)
			}
		}
	}
	if types < 100 {
		t.Errorf("only %d types with methods were found", types)
	}
}

// receiver is the name of the type in a receiver.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}
