//go:build matrix

package gocore_test

import (
	"slices"
	"testing"

	"goheap/gocore"
	"goheap/heap"
	"goheap/internal/testcore"
)

// versionBuilds are the versions that keep the pointers of objects by arena, each
// plain and position independent, by the kernel and by gdb, and those after them.
func versionBuilds() []build {
	return []build{
		{"go1.18", testcore.Options{Go: "go1.18.10"}, testcore.Kernel},
		{"go1.18-pie-gcore", testcore.Options{Go: "go1.18.10", PIE: true}, testcore.Gcore},
		{"go1.19", testcore.Options{Go: "go1.19.13"}, testcore.Gcore},
		{"go1.19-pie", testcore.Options{Go: "go1.19.13", PIE: true}, testcore.Kernel},
		{"go1.20", testcore.Options{Go: "go1.20.14"}, testcore.Kernel},
		{"go1.20-pie-gcore", testcore.Options{Go: "go1.20.14", PIE: true}, testcore.Gcore},
		{"go1.21", testcore.Options{Go: "go1.21.13"}, testcore.Gcore},
		{"go1.21-pie", testcore.Options{Go: "go1.21.13", PIE: true}, testcore.Kernel},
		{"go1.22", testcore.Options{Go: "go1.22.12"}, testcore.Kernel},
		{"go1.23", testcore.Options{Go: "go1.23.12"}, testcore.Kernel},
		{"go1.24", testcore.Options{Go: "go1.24.6"}, testcore.Gcore},
		{"go1.25", testcore.Options{Go: "go1.25.0"}, testcore.Kernel},
		newestBuild,
	}
}

// newestBuild is what builds for other processors are compared with.
var newestBuild = build{"go1.27", testcore.Options{Go: "go1.27.0"}, testcore.Kernel}

// ownTypes counts the live objects of the types that the program declares, and of
// the arrays behind slices of them.
func (p process) ownTypes() map[string]int { return p.asSaid().OwnTypes() }

// Goroutines have frames with names, and what waits says for what.
func TestVersions(t *testing.T) {
	t.Parallel()
	for _, b := range versionBuilds() {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			p := open(t, "sessions", b.opt, b.kind, "2000")
			workers := 0
			for _, r := range p.Roots() {
				if r.Goroutine < 0 {
					continue
				}
				g := p.Goroutines()[r.Goroutine]
				frames := p.Frames(r.Goroutine)
				for i, f := range frames {
					if f.Func == "" || f.File == "" || f.Line <= 0 {
						t.Errorf("goroutine %d, frame %d: %+v", g.ID, i, f)
					}
				}
				if len(frames) == 0 || g.ID == 0 || g.StackBytes == 0 {
					t.Errorf("%+v has %d frames", g, len(frames))
					continue
				}
				if g.Func != "main.worker" {
					continue
				}
				workers++
				if g.Status != "waiting" || g.WaitReason != "chan receive" || g.CreatedBy != "main.main" {
					t.Errorf("%+v", g)
				}
				if !slices.ContainsFunc(frames, func(f gocore.Frame) bool {
					return f.Func == "main.worker" && slices.ContainsFunc(f.Vars, func(v gocore.Var) bool {
						return v.Name == "users" && v.Type == "[100]*main.User" && v.Target != heap.None
					})
				}) {
					t.Errorf("goroutine %d has no variable users: %+v", g.ID, frames)
				}
			}
			if workers != 20 {
				t.Errorf("%d workers, want 20", workers)
			}
			for _, expr := range []string{`main.cache.byID["sess77"].User.Tags[1]`, "main.listHead.next.next", `main.cache.order[1999].Attrs["u"].(*main.User)`} {
				n, err := p.Lookup(expr)
				if err != nil || !p.doms.Live(n) {
					t.Errorf("%s: %v", expr, err)
				}
			}
		})
	}
}
