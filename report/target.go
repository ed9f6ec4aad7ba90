package report

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goheap/gocore"
	"goheap/heap"
)

// ErrTarget is wrapped by the errors of Find and Resolve that are about the target.
var ErrTarget = errors.New("no such target")

// targetError is an ErrTarget that says what is wrong in words of its own.
type targetError struct{ error }

func (targetError) Is(target error) bool { return target == ErrTarget }

func (e targetError) Unwrap() error { return e.error }

// Find resolves a TARGET to a node of the graph, as Resolve does. Data of the program
// that holds nothing on the heap is none.
func (s *Snapshot) Find(ctx context.Context, target string) (heap.Node, error) {
	place, err := s.Resolve(ctx, target)
	if err == nil && place.Node == heap.None {
		err = targetError{fmt.Errorf("%s is data of the program that holds nothing on the heap%s; goheap show FILE TARGET shows its value", target, s.dataBehind(place))}
	}
	return place.Node, err
}

// dataBehind names the data that a variable leads to and that does hold something on the
// heap: composite literals of its own, what retains most first.
func (s *Snapshot) dataBehind(place gocore.Place) string {
	if place.Variable == "" {
		return ""
	}
	var behind []gocore.Root
	for _, r := range s.Heap.Roots() {
		rest, ok := strings.CutPrefix(r.Name, place.Variable)
		if ok && rest != "" && strings.ContainsRune(".[", rune(rest[0])) && s.Dominators.Retained(r.Node) > 0 {
			behind = append(behind, r)
		}
	}
	slices.SortStableFunc(behind, func(a, b gocore.Root) int {
		return cmp.Compare(s.Dominators.Retained(b.Node), s.Dominators.Retained(a.Node))
	})
	if len(behind) == 0 {
		return ""
	}
	const most = 3
	var names []string
	for _, r := range head(behind, most) {
		names = append(names, fmt.Sprintf("%s (%s)", r.Name, HumanBytes(s.Dominators.Retained(r.Node))))
	}
	text := " itself, but what it leads to does: " + strings.Join(names, ", ")
	if len(behind) > most {
		text += ", …"
	}
	return text
}

// Resolve finds what a TARGET names: an address ("0xc000123000", inner addresses
// included), a Go expression from a global ("main.cache.byID"), a goroutine ("g:17") or a
// variable in one, all else that is printed as a name, or a type ("type:main.Session",
// "type:Session"), which stands for its object that retains most. The name of a group of
// objects or goroutines stands for the member that retains most.
func (s *Snapshot) Resolve(ctx context.Context, target string) (gocore.Place, error) {
	none := gocore.Place{Node: heap.None}
	if name, ok := strings.CutPrefix(target, "type:"); ok {
		n, err := s.largestOf(ctx, name)
		return gocore.Place{Node: n}, err
	}
	one := target // of an object that several roots hold, lists say which
	if strings.HasPrefix(one, "0x") {
		one, _, _ = strings.Cut(one, heldJointly)
	}
	place, err := s.Heap.Resolve(one)
	if err == nil {
		return place, nil
	}
	n, found, failed := s.group(ctx, target)
	switch {
	case failed != nil:
		return none, failed
	case found:
		return gocore.Place{Node: n}, nil
	}
	var shown interface{ WithoutValues() string }
	if s.Disclosure == Hidden && errors.As(err, &shown) {
		err = errors.New(shown.WithoutValues())
	}
	return none, targetError{err}
}

// heldJointly stands between an object or group and the roots that hold it.
const heldJointly = ", held jointly by "

// group finds a row of several objects or goroutines by its name: "50000 × main.Session",
// "50,000 × main.Session, held jointly by main.byID and main.byToken", "200 goroutines in
// main.worker, created by main.main". It is the member that retains most.
func (s *Snapshot) group(ctx context.Context, name string) (n heap.Node, found bool, err error) {
	if first, _, ok := strings.Cut(name, " "); !ok || strings.Trim(first, "0123456789,") != "" {
		return heap.None, false, nil
	}
	for _, rows := range []func(context.Context) ([]Holder, error){s.Holders, s.unfoldedHolders} {
		all, err := rows(ctx)
		if err != nil {
			return heap.None, false, err
		}
		for i := range all {
			h := &all[i]
			if h.Members == nil && h.Timers == 0 {
				continue
			}
			plain := strings.ReplaceAll(name, ",", "")
			if h.Name == name || strings.ReplaceAll(h.Name, ",", "") == plain || s.HeldBy(h) == name {
				return h.Node, true, nil
			}
		}
	}
	return heap.None, false, nil
}

func (s *Snapshot) unfoldedHolders(ctx context.Context) ([]Holder, error) {
	all, err := s.Retainers(ctx)
	return unfolded(all), err
}

// largestOf returns the object of a type that retains most. The path of a package may be
// left out but for its last element, or all of it, where only one type has that name.
func (s *Snapshot) largestOf(ctx context.Context, name string) (heap.Node, error) {
	types, err := s.Types(ctx)
	if err != nil {
		return heap.None, err
	}
	name, err = typeName(types, name)
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

// typeName returns the name of the type that name means: itself, or the only one that it
// is short for.
func typeName(types []TypeRow, name string) (string, error) {
	var like []string
	for _, short := range []func(t *TypeRow) string{
		func(t *TypeRow) string { return t.Name },
		func(t *TypeRow) string { return gocore.ShortType(t.Name) },
		lastOfType,
		func(t *TypeRow) string { return gocore.BareType(t.Name) },
	} {
		seen := map[string]bool{}
		for i := range types {
			if t := &types[i]; !seen[t.Name] && (short(t) == name || short(t) == gocore.ShortType(name)) {
				seen[t.Name] = true
				like = append(like, t.Name)
			}
		}
		switch len(like) {
		case 0:
			continue
		case 1:
			return like[0], nil
		}
		return "", targetError{fmt.Errorf("several types are called %s: %s", name, strings.Join(head(like, 5), ", "))}
	}
	return name, nil
}

// lastOfType is the name of a type that a package declares, without the package.
func lastOfType(t *TypeRow) string {
	if t.Package == "" {
		return t.Name
	}
	return strings.TrimPrefix(t.Name, t.Package+".")
}

// suggest names a few types that are most like name.
func suggest(types []TypeRow, name string) string {
	const most = 3
	all := make([]string, len(types))
	for i := range types {
		all[i] = types[i].Name
	}
	like := gocore.NearestTypes(name, all, most)
	if like == nil {
		return ""
	}
	return "; there are " + strings.Join(like, ", ")
}
