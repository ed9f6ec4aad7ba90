package report

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"goheap/heap"
)

// ErrTarget is wrapped by the errors of Find that are about the target.
var ErrTarget = errors.New("no such target")

// targetError is an ErrTarget that says what is wrong in words of its own.
type targetError struct{ error }

func (targetError) Is(target error) bool { return target == ErrTarget }

func (e targetError) Unwrap() error { return e.error }

// Find resolves a TARGET: an address ("0xc000123000", inner addresses included),
// a Go expression from a global ("main.cache.byID"), a goroutine ("g:17"), or a
// type ("type:main.Session"), which stands for its object that retains most.
func (s *Snapshot) Find(ctx context.Context, target string) (heap.Node, error) {
	name, isType := strings.CutPrefix(target, "type:")
	if !isType {
		n, err := s.Heap.Lookup(target)
		if err != nil {
			return heap.None, targetError{err}
		}
		return n, nil
	}
	types, err := s.Types(ctx)
	if err != nil {
		return heap.None, err
	}
	best := heap.None
	for _, t := range types {
		if t.Name != name {
			continue
		}
		nodes, err := s.Instances(ctx, t.IDs)
		if err != nil {
			return heap.None, err
		}
		if len(nodes) > 0 && (best == heap.None || s.Dominators.Retained(nodes[0]) > s.Dominators.Retained(best)) {
			best = nodes[0]
		}
	}
	if best == heap.None {
		return heap.None, targetError{fmt.Errorf("no live object has the type %s%s", name, suggest(types, name))}
	}
	return best, nil
}

// suggest names a few types whose names contain name, ignoring case.
func suggest(types []TypeRow, name string) string {
	const most = 3
	var like []string
	for _, t := range types {
		if len(like) < most && name != "" && strings.Contains(strings.ToLower(t.Name), strings.ToLower(name)) {
			like = append(like, t.Name)
		}
	}
	if like == nil {
		return ""
	}
	return "; there are " + strings.Join(like, ", ")
}
